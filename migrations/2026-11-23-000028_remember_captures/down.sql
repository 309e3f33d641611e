DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    ALTER TABLE conversations DROP COLUMN is_released;
    ALTER TABLE contact_sources DROP COLUMN said;
END $migration$;
