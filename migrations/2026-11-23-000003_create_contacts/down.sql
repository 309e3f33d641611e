DO $migration$
BEGIN
    DROP TABLE contacts;
END $migration$;
