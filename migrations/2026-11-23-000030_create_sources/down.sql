-- Jobs of connected sources mean nothing without them.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    DROP TABLE source_links;
    DROP TABLE sync_runs;
    DROP TABLE connected_sources;
    -- The only statement about all organisations: connections refuse such statements otherwise.
    PERFORM set_config('citus.multi_task_query_log_level', 'off', true);
    DELETE FROM jobs WHERE kind = 'sync';
END $migration$;
