-- Imports. What an import has counted changes in the transaction that takes the rows.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE imports (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        file_id uuid NOT NULL,
        file_name text NOT NULL,
        bytes bigint NOT NULL,
        actor_kind text NOT NULL,
        actor_id uuid,
        state text NOT NULL,
        problem text,
        analysis jsonb,
        plan jsonb,
        rows_read bigint NOT NULL,
        tally jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        started_at timestamptz,
        finished_at timestamptz,
        CONSTRAINT imports_pkey PRIMARY KEY (org_id, id)
    );
    COMMENT ON COLUMN imports.rows_read IS
        'how many rows were taken or skipped; whoever takes the next ones must find it so';
    PERFORM app_distribute('imports');

    CREATE TABLE import_issues (
        org_id uuid NOT NULL,
        import_id uuid NOT NULL,
        row_number bigint NOT NULL,
        ordinal integer NOT NULL,
        line bigint NOT NULL,
        code text NOT NULL,
        reason text NOT NULL,
        CONSTRAINT import_issues_pkey PRIMARY KEY (org_id, import_id, row_number, ordinal),
        CONSTRAINT import_issues_import_id_fkey FOREIGN KEY (org_id, import_id)
            REFERENCES imports (org_id, id) ON DELETE CASCADE
    );
    PERFORM app_distribute('import_issues');
END $migration$;
