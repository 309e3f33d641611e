DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    DROP INDEX erasures_org_id_id_open_idx;
    DROP INDEX actions_org_id_id_open_idx;
    DROP INDEX import_undos_org_id_id_open_idx;
    DROP INDEX dry_runs_org_id_id_open_idx;
    DROP INDEX imports_org_id_id_open_idx;
END $migration$;
