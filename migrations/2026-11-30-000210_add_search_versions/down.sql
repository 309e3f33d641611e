DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    DROP TABLE search_rebuilds;
    ALTER TABLE organisations DROP COLUMN search_version;
END $migration$;
