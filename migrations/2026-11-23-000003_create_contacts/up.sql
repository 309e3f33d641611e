-- The list itself. No foreign key to organisations: it would be checked for each of a million
-- imported rows, and an organisation is never deleted. Keys compare by bytes, as Rust compares them,
-- in a database of any locale.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE contacts (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        name text,
        name_key text COLLATE "C" NOT NULL,
        email text,
        email_key text COLLATE "C" NOT NULL,
        phone text,
        phone_e164 text,
        search text NOT NULL,
        custom jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        version bigint NOT NULL,
        CONSTRAINT contacts_pkey PRIMARY KEY (org_id, id)
    );
    COMMENT ON COLUMN contacts.name_key IS 'the folded name, for sorting; empty without one';
    COMMENT ON COLUMN contacts.email_key IS
        'what all spellings of the address have in common; empty without one';
    COMMENT ON COLUMN contacts.search IS
        'folded name, address and phone digits, with a space before every word';
    PERFORM app_distribute('contacts');

    CREATE UNIQUE INDEX contacts_org_id_email_key_key ON contacts (org_id, email_key)
        WHERE email_key <> '';
    CREATE INDEX contacts_org_id_email_key_id_idx ON contacts (org_id, email_key, id);
    CREATE INDEX contacts_org_id_name_key_id_idx ON contacts (org_id, name_key, id);
    CREATE INDEX contacts_org_id_created_at_id_idx ON contacts (org_id, created_at, id);
    CREATE INDEX contacts_org_id_updated_at_id_idx ON contacts (org_id, updated_at, id);
    CREATE INDEX contacts_org_id_search_idx ON contacts USING gin (org_id, search gin_trgm_ops)
        WITH (fastupdate = on, gin_pending_list_limit = 16384);
END $migration$;
