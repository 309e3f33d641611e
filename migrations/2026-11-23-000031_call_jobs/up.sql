-- Whether somebody called a job while a worker held it. The worker may have looked a moment before
-- and found nothing to do; without this it would rest, and the call would be lost.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    ALTER TABLE jobs ADD COLUMN called boolean NOT NULL DEFAULT false;
END $migration$;
