-- A contact has up to twenty addresses, and an address belongs to one contact. The primary key of
-- this table is the only unique index of addresses, so that every look-up goes through it. The
-- primary address stays a column of the contact, for the list, its order and its search; the other
-- ones are repeated there, so that reading a contact needs no join.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE addresses (
        org_id uuid NOT NULL,
        email_key text COLLATE "C" NOT NULL,
        contact_id uuid NOT NULL,
        email text NOT NULL,
        is_primary boolean NOT NULL,
        added_at timestamptz NOT NULL,
        source text NOT NULL,
        CONSTRAINT addresses_pkey PRIMARY KEY (org_id, email_key)
    );
    COMMENT ON COLUMN addresses.email_key IS 'what all spellings of the address have in common';
    COMMENT ON COLUMN addresses.email IS 'the address as it was typed';
    COMMENT ON COLUMN addresses.source IS
        'how the contact got the address: manual, csv_import, chat, connected, merge';
    PERFORM app_distribute('addresses');

    -- The only statement about all organisations: connections refuse such statements otherwise.
    PERFORM set_config('citus.multi_task_query_log_level', 'off', true);
    INSERT INTO addresses (org_id, email_key, contact_id, email, is_primary, added_at, source)
        SELECT c.org_id, c.email_key, c.id, c.email, true, c.created_at, coalesce(s.kind, 'manual')
        FROM contacts c LEFT JOIN contact_sources s
            ON s.org_id = c.org_id AND s.contact_id = c.id AND s.is_first
        WHERE c.email_key <> '' ORDER BY c.org_id, c.email_key;

    CREATE INDEX addresses_org_id_contact_id_idx ON addresses (org_id, contact_id);
    ALTER TABLE addresses ADD CONSTRAINT addresses_contact_id_fkey
        FOREIGN KEY (org_id, contact_id) REFERENCES contacts (org_id, id) ON DELETE CASCADE;

    ALTER TABLE contacts ADD COLUMN other_emails text[] NOT NULL DEFAULT '{}';
    COMMENT ON COLUMN contacts.other_emails IS
        'the addresses that are not primary, in the order of their keys';
    DROP INDEX contacts_org_id_email_key_key;
END $migration$;
