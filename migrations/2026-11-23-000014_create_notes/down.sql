DO $migration$
BEGIN
    DROP TABLE notes;
END $migration$;
