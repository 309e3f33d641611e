-- Where tables live. On plain Postgres the two functions do nothing; on Citus they place a
-- table by its organisation, or copy it to every node. Every migration is one DO block,
-- because Citus refuses several definitions in one query string.
DO $migration$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE EXTENSION IF NOT EXISTS btree_gin;

    CREATE FUNCTION app_distribute(placed text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
            EXECUTE format(
                'SELECT create_distributed_table(%L, ''org_id'', colocate_with => %L)',
                placed, CASE WHEN placed = 'contacts' THEN 'default' ELSE 'contacts' END);
        END IF;
    END $$;

    CREATE FUNCTION app_reference(placed text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
            EXECUTE format('SELECT create_reference_table(%L)', placed);
        END IF;
    END $$;
END $migration$;
