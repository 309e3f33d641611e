-- Who a widget's visitor is, which contacts may be one person, and who became whom.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE visitors (
        org_id uuid NOT NULL,
        widget_id uuid NOT NULL,
        visitor text COLLATE "C" NOT NULL,
        contact_id uuid NOT NULL,
        CONSTRAINT visitors_pkey PRIMARY KEY (org_id, widget_id, visitor),
        CONSTRAINT visitors_contact_id_fkey FOREIGN KEY (org_id, contact_id)
            REFERENCES contacts (org_id, id) ON DELETE CASCADE
    );
    PERFORM app_distribute('visitors');
    CREATE INDEX visitors_org_id_contact_id_idx ON visitors (org_id, contact_id);

    CREATE TABLE possible_duplicates (
        org_id uuid NOT NULL,
        contact_id uuid NOT NULL,
        other_id uuid NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT possible_duplicates_pkey PRIMARY KEY (org_id, contact_id, other_id),
        CONSTRAINT possible_duplicates_contact_id_fkey FOREIGN KEY (org_id, contact_id)
            REFERENCES contacts (org_id, id) ON DELETE CASCADE,
        CONSTRAINT possible_duplicates_other_id_fkey FOREIGN KEY (org_id, other_id)
            REFERENCES contacts (org_id, id) ON DELETE CASCADE,
        CONSTRAINT possible_duplicates_order_check CHECK (contact_id < other_id)
    );
    COMMENT ON TABLE possible_duplicates IS
        'pairs that a capture met; those with one phone number or one name are found by query';
    PERFORM app_distribute('possible_duplicates');
    CREATE INDEX possible_duplicates_org_id_other_id_idx
        ON possible_duplicates (org_id, other_id);

    CREATE TABLE merged_contacts (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        survivor_id uuid NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT merged_contacts_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT merged_contacts_survivor_id_fkey FOREIGN KEY (org_id, survivor_id)
            REFERENCES contacts (org_id, id) ON DELETE CASCADE
    );
    COMMENT ON TABLE merged_contacts IS 'old ids; survivor_id is never one itself';
    PERFORM app_distribute('merged_contacts');
    CREATE INDEX merged_contacts_org_id_survivor_id_idx
        ON merged_contacts (org_id, survivor_id);

    CREATE INDEX contacts_org_id_phone_e164_idx ON contacts (org_id, phone_e164)
        WHERE phone_e164 IS NOT NULL;
END $migration$;
