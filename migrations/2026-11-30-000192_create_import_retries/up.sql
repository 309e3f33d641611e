-- Skipped rows that were corrected after the end of their import come back into it (R58). They wait
-- in a table, and a row leaves it in the transaction that applies it: so the rows that are left are
-- also the position of the run that imports them.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE import_retries (
        org_id uuid NOT NULL,
        import_id uuid NOT NULL,
        row_number bigint NOT NULL,
        CONSTRAINT import_retries_pkey PRIMARY KEY (org_id, import_id, row_number)
    );
    COMMENT ON COLUMN import_retries.row_number IS 'counted from 1 below the header';
    PERFORM app_distribute('import_retries');
    ALTER TABLE import_retries ADD CONSTRAINT import_retries_import_id_fkey
        FOREIGN KEY (org_id, import_id) REFERENCES imports (org_id, id) ON DELETE CASCADE;

    ALTER TABLE imports ADD COLUMN corrected_rows bigint NOT NULL DEFAULT 0;
    ALTER TABLE imports ADD COLUMN retried_rows bigint;
    COMMENT ON COLUMN imports.corrected_rows IS 'the number of rows in import_retries';
    COMMENT ON COLUMN imports.retried_rows IS
        'the number of corrected rows at the start of their last run; null before the first one';
END $migration$;
