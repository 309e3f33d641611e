-- Connected sources, their runs, and by what they know contacts. A source's state changes in the
-- transaction that takes the records which it covers.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE connected_sources (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL,
        name_key text NOT NULL,
        connector text NOT NULL,
        settings jsonb NOT NULL,
        secrets jsonb NOT NULL,
        stream text NOT NULL,
        mode jsonb NOT NULL,
        mapping jsonb NOT NULL,
        schedule jsonb,
        vanish jsonb NOT NULL,
        paused boolean NOT NULL,
        state bytea,
        failures integer NOT NULL,
        problem text,
        next_run_at timestamptz,
        created_at timestamptz NOT NULL,
        CONSTRAINT connected_sources_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT connected_sources_org_id_name_key_key UNIQUE (org_id, name_key)
    );
    COMMENT ON COLUMN connected_sources.secrets IS
        'secret settings by their paths, each sealed for its place';
    PERFORM app_distribute('connected_sources');

    CREATE TABLE sync_runs (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        source_id uuid NOT NULL,
        state text NOT NULL,
        asked_kind text,
        asked_id uuid,
        tally jsonb NOT NULL,
        vanished bigint NOT NULL,
        attempt integer NOT NULL,
        stalled integer NOT NULL,
        problem text,
        log text[] NOT NULL,
        created_at timestamptz NOT NULL,
        started_at timestamptz,
        ended_at timestamptz,
        CONSTRAINT sync_runs_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT sync_runs_state_check
            CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
        CONSTRAINT sync_runs_source_id_fkey FOREIGN KEY (org_id, source_id)
            REFERENCES connected_sources (org_id, id) ON DELETE CASCADE
    );
    COMMENT ON COLUMN sync_runs.attempt IS
        'counts who has taken the run up: only the last one may commit';
    PERFORM app_distribute('sync_runs');
    CREATE INDEX sync_runs_org_id_source_id_id_idx ON sync_runs (org_id, source_id, id);
    CREATE UNIQUE INDEX sync_runs_org_id_source_id_open_idx ON sync_runs (org_id, source_id)
        WHERE state IN ('queued', 'running');

    CREATE TABLE source_links (
        org_id uuid NOT NULL,
        source_id uuid NOT NULL,
        external_id text COLLATE "C" NOT NULL,
        contact_id uuid NOT NULL,
        said bytea NOT NULL,
        vanished boolean NOT NULL,
        seen_run_id uuid NOT NULL,
        CONSTRAINT source_links_pkey PRIMARY KEY (org_id, source_id, external_id),
        CONSTRAINT source_links_source_id_fkey FOREIGN KEY (org_id, source_id)
            REFERENCES connected_sources (org_id, id) ON DELETE CASCADE,
        CONSTRAINT source_links_contact_id_fkey FOREIGN KEY (org_id, contact_id)
            REFERENCES contacts (org_id, id) ON DELETE CASCADE
    );
    COMMENT ON COLUMN source_links.said IS
        'fingerprints of the values that the source wrote, to tell what somebody changed since';
    PERFORM app_distribute('source_links');
    CREATE INDEX source_links_org_id_contact_id_idx ON source_links (org_id, contact_id);
END $migration$;
