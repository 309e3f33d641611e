-- What the organisation writes about a contact, for itself.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE notes (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        contact_id uuid NOT NULL,
        author_kind text NOT NULL,
        author_id uuid,
        text text NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT notes_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT notes_contact_id_fkey FOREIGN KEY (org_id, contact_id)
            REFERENCES contacts (org_id, id) ON DELETE CASCADE
    );
    PERFORM app_distribute('notes');
    CREATE INDEX notes_org_id_contact_id_created_at_idx
        ON notes (org_id, contact_id, created_at, id);
END $migration$;
