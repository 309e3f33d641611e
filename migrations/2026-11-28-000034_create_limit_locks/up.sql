-- A limit on the number of rows of an organisation holds only if of two transactions that insert
-- at once one waits for the other. Each locks the row of the organisation and the resource before
-- it counts. The organisation's own row is no such lock: it lies in a reference table, and every
-- foreign key check takes a share of it.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE limit_locks (
        org_id uuid NOT NULL,
        resource text NOT NULL,
        CONSTRAINT limit_locks_pkey PRIMARY KEY (org_id, resource)
    );
    COMMENT ON COLUMN limit_locks.resource IS 'name of the table whose rows are counted';
    PERFORM app_distribute('limit_locks');
END $migration$;
