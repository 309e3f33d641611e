DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    ALTER TABLE segments DROP COLUMN owner_id;
    ALTER TABLE segments DROP COLUMN layout;
    ALTER TABLE segments DROP COLUMN sort;
END $migration$;
