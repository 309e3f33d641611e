DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    ALTER TABLE tags DROP COLUMN version;
    ALTER TABLE connected_sources DROP COLUMN version;
    ALTER TABLE fields DROP COLUMN version;
    ALTER TABLE segments DROP COLUMN version;
    ALTER TABLE webhooks DROP COLUMN version;
END $migration$;
