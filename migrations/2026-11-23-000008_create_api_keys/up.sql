-- How programs prove who they are. The secret is not here, only its hash.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE api_keys (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL,
        scopes text[] NOT NULL,
        hash bytea NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        revoked_at timestamptz,
        CONSTRAINT api_keys_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT api_keys_org_id_hash_key UNIQUE (org_id, hash)
    );
    PERFORM app_distribute('api_keys');
END $migration$;
