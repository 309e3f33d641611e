-- Who signs in on the web page, and who is signed in. Of links and sessions only the hash of the
-- secret is here. A link that was used is gone.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE users (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT users_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT users_org_id_name_key UNIQUE (org_id, name)
    );
    PERFORM app_distribute('users');

    CREATE TABLE sign_in_links (
        org_id uuid NOT NULL,
        hash bytea NOT NULL,
        user_id uuid NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT sign_in_links_pkey PRIMARY KEY (org_id, hash),
        CONSTRAINT sign_in_links_org_id_user_id_fkey
            FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id) ON DELETE CASCADE
    );
    PERFORM app_distribute('sign_in_links');
    CREATE INDEX sign_in_links_org_id_user_id_idx ON sign_in_links (org_id, user_id);

    CREATE TABLE sessions (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        hash bytea NOT NULL,
        agent text NOT NULL,
        created_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        CONSTRAINT sessions_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT sessions_org_id_hash_key UNIQUE (org_id, hash),
        CONSTRAINT sessions_org_id_user_id_fkey
            FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id) ON DELETE CASCADE
    );
    PERFORM app_distribute('sessions');
    CREATE INDEX sessions_org_id_user_id_idx ON sessions (org_id, user_id);
END $migration$;
