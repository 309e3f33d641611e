DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    DROP INDEX sync_runs_org_id_id_open_idx;
    DROP INDEX actions_org_id_id_open_idx;
    DROP INDEX import_undos_org_id_id_open_idx;
    DROP INDEX dry_runs_org_id_id_open_idx;
    DROP INDEX imports_org_id_id_open_idx;
    CREATE INDEX imports_org_id_id_open_idx ON imports (org_id, id)
        WHERE state IN ('analysing', 'running');
    CREATE INDEX dry_runs_org_id_id_open_idx ON dry_runs (org_id, id) WHERE state = 'running';
    CREATE INDEX import_undos_org_id_id_open_idx ON import_undos (org_id, id)
        WHERE state = 'running';
    CREATE INDEX actions_org_id_id_open_idx ON actions (org_id, id) WHERE state = 'running';

    ALTER TABLE erasures DROP COLUMN started_at;

    ALTER TABLE sync_runs RENAME COLUMN finished_at TO ended_at;
    ALTER TABLE sync_runs RENAME COLUMN actor_id TO asked_id;
    ALTER TABLE sync_runs RENAME COLUMN actor_kind TO asked_kind;

    ALTER TABLE dry_runs DROP COLUMN actor_id;
    ALTER TABLE dry_runs DROP COLUMN actor_kind;
    ALTER TABLE dry_runs DROP COLUMN total;
    ALTER TABLE dry_runs DROP COLUMN started_at;
    ALTER TABLE dry_runs RENAME COLUMN created_at TO asked_at;

    ALTER TABLE import_undos DROP COLUMN started_at;
    ALTER TABLE import_undos RENAME COLUMN created_at TO asked_at;
END $migration$;
