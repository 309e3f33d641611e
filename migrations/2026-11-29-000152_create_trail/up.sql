-- The audit trail: who did what, and when (R61). Rows are written in the transaction of what they
-- record, never changed, and deleted after 400 days.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE trail (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        at timestamptz NOT NULL,
        actor_kind text NOT NULL,
        actor_id uuid,
        kind text NOT NULL,
        subject_id uuid,
        contacts bigint,
        details text[] NOT NULL,
        CONSTRAINT trail_pkey PRIMARY KEY (org_id, id)
    );
    PERFORM app_distribute('trail');
    CREATE INDEX trail_org_id_at_id_idx ON trail (org_id, at, id);
END $migration$;
