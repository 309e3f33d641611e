DO $migration$
BEGIN
    DROP TABLE api_keys;
END $migration$;
