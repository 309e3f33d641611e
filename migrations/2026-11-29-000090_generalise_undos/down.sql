DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    -- The statements about all organisations: connections refuse them otherwise.
    PERFORM set_config('citus.multi_task_query_log_level', 'off', true);
    DELETE FROM jobs j USING undos u
        WHERE j.org_id = u.org_id AND j.subject_id = u.id AND j.kind = 'undo' AND u.kind <> 'undo';
    UPDATE jobs SET kind = 'undo_import' WHERE kind = 'undo';

    DELETE FROM kept_items k USING undos u
        WHERE k.org_id = u.org_id AND k.subject_id = u.subject_id AND u.kind <> 'undo';
    ALTER TABLE kept_items RENAME COLUMN subject_id TO import_id;
    ALTER TABLE kept_items RENAME TO import_kept;
    ALTER TABLE import_kept ADD CONSTRAINT import_kept_import_id_fkey
        FOREIGN KEY (org_id, import_id) REFERENCES imports (org_id, id) ON DELETE CASCADE;

    DELETE FROM undos WHERE kind <> 'undo';
    ALTER INDEX undos_org_id_id_open_idx RENAME TO import_undos_org_id_id_open_idx;
    ALTER TABLE undos ALTER COLUMN was SET NOT NULL;
    ALTER TABLE undos DROP COLUMN kind;
    ALTER TABLE undos RENAME COLUMN subject_id TO import_id;
    ALTER TABLE undos RENAME TO import_undos;
    ALTER TABLE import_undos ADD CONSTRAINT import_undos_import_id_fkey
        FOREIGN KEY (org_id, import_id) REFERENCES imports (org_id, id) ON DELETE CASCADE;
END $migration$;
