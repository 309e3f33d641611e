DO $migration$
BEGIN
    DROP TABLE fields;
END $migration$;
