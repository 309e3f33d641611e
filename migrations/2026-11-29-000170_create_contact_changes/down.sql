DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    DROP INDEX tags_org_id_renamed_at_idx;
    ALTER TABLE tags DROP COLUMN renamed_at;
    DROP TABLE contact_changes;
END $migration$;
