-- Cells that a user corrected during the review of an import (R58). The file stays as it came, so
-- the corrections are stored beside it, and are deleted with it. A correction makes the results of a
-- dry run outdated; they stay readable until the next one.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE import_corrections (
        org_id uuid NOT NULL,
        import_id uuid NOT NULL,
        row_number bigint NOT NULL,
        column_number integer NOT NULL,
        cell text NOT NULL,
        CONSTRAINT import_corrections_pkey
            PRIMARY KEY (org_id, import_id, row_number, column_number)
    );
    COMMENT ON COLUMN import_corrections.row_number IS 'counted from 1 below the header';
    COMMENT ON COLUMN import_corrections.column_number IS 'counted from 0';
    PERFORM app_distribute('import_corrections');
    ALTER TABLE import_corrections ADD CONSTRAINT import_corrections_import_id_fkey
        FOREIGN KEY (org_id, import_id) REFERENCES imports (org_id, id) ON DELETE CASCADE;

    ALTER TABLE dry_runs ADD COLUMN is_outdated boolean NOT NULL DEFAULT false;
END $migration$;
