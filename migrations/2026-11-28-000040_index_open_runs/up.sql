-- Every server looks twice a minute for runs that are open and have no job. Few runs are open, and
-- many have ended.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    CREATE INDEX imports_org_id_id_open_idx ON imports (org_id, id)
        WHERE state IN ('analysing', 'running');
    CREATE INDEX dry_runs_org_id_id_open_idx ON dry_runs (org_id, id) WHERE state = 'running';
    CREATE INDEX import_undos_org_id_id_open_idx ON import_undos (org_id, id)
        WHERE state = 'running';
    CREATE INDEX actions_org_id_id_open_idx ON actions (org_id, id) WHERE state = 'running';
    CREATE INDEX erasures_org_id_id_open_idx ON erasures (org_id, id) WHERE finished_at IS NULL;
END $migration$;
