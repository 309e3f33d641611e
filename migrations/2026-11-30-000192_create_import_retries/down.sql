DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    ALTER TABLE imports DROP COLUMN retried_rows;
    ALTER TABLE imports DROP COLUMN corrected_rows;
    DROP TABLE import_retries;
END $migration$;
