DO $migration$
BEGIN
    DROP TABLE jobs;
END $migration$;
