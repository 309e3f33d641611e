DO $migration$
BEGIN
    ALTER TABLE imports DROP COLUMN file_state;
    DROP TABLE erasures;
END $migration$;
