DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    ALTER TABLE dry_runs DROP COLUMN is_outdated;
    DROP TABLE import_corrections;
END $migration$;
