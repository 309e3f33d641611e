-- The number of contacts as of an event of the feed, so that it need not be counted.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    ALTER TABLE event_counters
        ADD COLUMN contacts bigint NOT NULL DEFAULT 0,
        ADD COLUMN counted_number bigint NOT NULL DEFAULT 0;
END $migration$;
