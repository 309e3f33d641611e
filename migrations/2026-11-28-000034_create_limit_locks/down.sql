DO $migration$
BEGIN
    DROP TABLE limit_locks;
END $migration$;
