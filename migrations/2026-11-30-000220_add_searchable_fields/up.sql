-- Whether search finds contacts by the values of a custom field (R59).
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    ALTER TABLE fields ADD COLUMN searchable boolean NOT NULL DEFAULT false;
END $migration$;
