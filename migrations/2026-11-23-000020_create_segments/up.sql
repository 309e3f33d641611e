-- Filters that were saved under a name. They are kept as they were asked for, so that the last
-- seven days stay the last ones.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE segments (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL,
        key text COLLATE "C" NOT NULL,
        filter jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT segments_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT segments_org_id_key_key UNIQUE (org_id, key)
    );
    COMMENT ON COLUMN segments.key IS 'what all spellings of the name have in common';
    PERFORM app_distribute('segments');
END $migration$;
