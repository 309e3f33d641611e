-- What captures need: which key sent one, which pairs were said to be two people, a visitor's
-- conversations, and the contacts without an address that go by a name.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    ALTER TABLE contact_sources ADD COLUMN key_id uuid;
    COMMENT ON COLUMN contact_sources.key_id IS 'the key with which a chat''s capture was sent';

    ALTER TABLE possible_duplicates ADD COLUMN dismissed boolean NOT NULL DEFAULT false;
    COMMENT ON COLUMN possible_duplicates.dismissed IS
        'somebody said that they are two people, whatever they have in common';

    CREATE INDEX conversations_org_id_widget_id_visitor_idx
        ON conversations (org_id, widget_id, visitor);
    CREATE INDEX contacts_org_id_name_key_no_email_idx ON contacts (org_id, name_key, id)
        WHERE email_key = '' AND name_key <> '';
END $migration$;
