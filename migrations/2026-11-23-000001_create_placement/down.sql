DO $migration$
BEGIN
    DROP FUNCTION app_reference(text);
    DROP FUNCTION app_distribute(text);
    DROP EXTENSION btree_gin;
    DROP EXTENSION pg_trgm;
END $migration$;
