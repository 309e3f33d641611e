-- Work that goes on after its request. A job is written in the transaction that asks for it,
-- held by a lease, and deleted when it is done.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE jobs (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        kind text NOT NULL,
        subject_id uuid NOT NULL,
        due_at timestamptz NOT NULL,
        failures integer NOT NULL,
        worker_id uuid,
        leased_until timestamptz,
        given_up_at timestamptz,
        CONSTRAINT jobs_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT jobs_org_id_kind_subject_id_key UNIQUE (org_id, kind, subject_id)
    );
    PERFORM app_distribute('jobs');
    CREATE INDEX jobs_org_id_due_at_idx ON jobs (org_id, due_at);
END $migration$;
