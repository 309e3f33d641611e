-- Bulk actions are undone by the engine that undoes imports, so an undo and what it kept belong to a
-- subject: an import or an action. Neither is ever deleted, so no foreign key is needed. `kind` is
-- the kind of the run. Constraints keep their names: a cluster cannot rename them.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    ALTER TABLE import_undos DROP CONSTRAINT import_undos_import_id_fkey;
    ALTER TABLE import_undos RENAME TO undos;
    ALTER TABLE undos RENAME COLUMN import_id TO subject_id;
    ALTER TABLE undos ADD COLUMN kind text NOT NULL DEFAULT 'undo';
    ALTER TABLE undos ALTER COLUMN was DROP NOT NULL;
    ALTER INDEX import_undos_org_id_id_open_idx RENAME TO undos_org_id_id_open_idx;
    COMMENT ON COLUMN undos.was IS 'the state of the import before';

    ALTER TABLE import_kept DROP CONSTRAINT import_kept_import_id_fkey;
    ALTER TABLE import_kept RENAME TO kept_items;
    ALTER TABLE kept_items RENAME COLUMN import_id TO subject_id;

    -- The only statement about all organisations: connections refuse such statements otherwise.
    PERFORM set_config('citus.multi_task_query_log_level', 'off', true);
    UPDATE jobs SET kind = 'undo' WHERE kind = 'undo_import';
END $migration$;
