DO $migration$
BEGIN
    DROP TABLE organisations;
END $migration$;
