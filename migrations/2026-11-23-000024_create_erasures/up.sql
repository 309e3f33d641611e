-- The erasure of people. What a person is found by in files is kept while it is needed, and
-- blanked in the end. An import says whether its file is still there.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE erasures (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        contact_id uuid NOT NULL,
        forget_unsubscribe boolean NOT NULL,
        state text NOT NULL,
        sought jsonb,
        reached uuid,
        waits_for uuid[] NOT NULL,
        files bigint NOT NULL,
        actor_kind text NOT NULL,
        actor_id uuid,
        created_at timestamptz NOT NULL,
        finished_at timestamptz,
        CONSTRAINT erasures_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT erasures_sought_check CHECK ((sought IS NULL) = (finished_at IS NOT NULL))
    );
    COMMENT ON COLUMN erasures.contact_id IS 'the id that the person had; no contact has it';
    PERFORM app_distribute('erasures');

    ALTER TABLE imports ADD COLUMN file_state text NOT NULL DEFAULT 'kept';
    COMMENT ON COLUMN imports.file_state IS 'kept, erased with somebody in it, or expired';
END $migration$;
