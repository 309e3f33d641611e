-- Invitations of users, and what the list of users shows (R60). A used invitation is deleted: the
-- user has its address and role. Of its link only the hash is here.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    ALTER TABLE users ADD COLUMN email text;
    ALTER TABLE users ADD COLUMN email_key text;
    ALTER TABLE users ADD COLUMN last_seen_at timestamptz;
    ALTER TABLE users ADD COLUMN deactivated_at timestamptz;
    CREATE UNIQUE INDEX users_org_id_email_key_key ON users (org_id, email_key);

    CREATE TABLE invitations (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        email text NOT NULL,
        email_key text NOT NULL,
        role text NOT NULL,
        hash bytea NOT NULL,
        actor_kind text NOT NULL,
        actor_id uuid,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT invitations_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT invitations_org_id_email_key_key UNIQUE (org_id, email_key),
        CONSTRAINT invitations_org_id_hash_key UNIQUE (org_id, hash),
        CONSTRAINT invitations_role_check
            CHECK (role IN ('viewer', 'editor', 'manager', 'administrator'))
    );
    PERFORM app_distribute('invitations');
END $migration$;
