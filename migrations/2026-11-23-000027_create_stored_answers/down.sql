DO $migration$
BEGIN
    DROP TABLE stored_answers;
END $migration$;
