DO $migration$
BEGIN
    DROP TABLE segments;
END $migration$;
