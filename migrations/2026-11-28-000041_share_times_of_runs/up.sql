-- Runs of every kind share the names of their times and of their actor, so that they can be read as
-- one list. Each run says when a worker began it. What has not ended is found by one condition,
-- `finished_at IS NULL`, in every table.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    ALTER TABLE import_undos RENAME COLUMN asked_at TO created_at;
    ALTER TABLE import_undos ADD COLUMN started_at timestamptz;

    ALTER TABLE dry_runs RENAME COLUMN asked_at TO created_at;
    ALTER TABLE dry_runs ADD COLUMN started_at timestamptz;
    ALTER TABLE dry_runs ADD COLUMN total bigint;
    ALTER TABLE dry_runs ADD COLUMN actor_kind text;
    ALTER TABLE dry_runs ADD COLUMN actor_id uuid;
    COMMENT ON COLUMN dry_runs.total IS 'number of rows of the file';

    ALTER TABLE sync_runs RENAME COLUMN asked_kind TO actor_kind;
    ALTER TABLE sync_runs RENAME COLUMN asked_id TO actor_id;
    ALTER TABLE sync_runs RENAME COLUMN ended_at TO finished_at;

    ALTER TABLE erasures ADD COLUMN started_at timestamptz;

    DROP INDEX imports_org_id_id_open_idx;
    DROP INDEX dry_runs_org_id_id_open_idx;
    DROP INDEX import_undos_org_id_id_open_idx;
    DROP INDEX actions_org_id_id_open_idx;
    CREATE INDEX imports_org_id_id_open_idx ON imports (org_id, id) WHERE finished_at IS NULL;
    CREATE INDEX dry_runs_org_id_id_open_idx ON dry_runs (org_id, id) WHERE finished_at IS NULL;
    CREATE INDEX import_undos_org_id_id_open_idx ON import_undos (org_id, id)
        WHERE finished_at IS NULL;
    CREATE INDEX actions_org_id_id_open_idx ON actions (org_id, id) WHERE finished_at IS NULL;
    CREATE INDEX sync_runs_org_id_id_open_idx ON sync_runs (org_id, id) WHERE finished_at IS NULL;
END $migration$;
