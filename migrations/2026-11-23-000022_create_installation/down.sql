DO $migration$
BEGIN
    DROP TABLE installation;
END $migration$;
