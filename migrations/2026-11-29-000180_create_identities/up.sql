-- Who signs in at an issuer of OpenID Connect (R60): a person there is a user here. A person is
-- known by the issuer and its id for the person, never by an address, which can be given to another.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE identities (
        org_id uuid NOT NULL,
        issuer text NOT NULL,
        subject text NOT NULL,
        user_id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT identities_pkey PRIMARY KEY (org_id, issuer, subject),
        CONSTRAINT identities_org_id_user_id_fkey
            FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id) ON DELETE CASCADE
    );
    PERFORM app_distribute('identities');
    CREATE INDEX identities_org_id_user_id_idx ON identities (org_id, user_id);
END $migration$;
