-- When a contact's tags or consent last changed, which `contacts.updated_at` does not count: an
-- update of the contact would enter it into all its indexes again. A renamed tag stores the time
-- itself, so that renaming needs no write for each of its contacts.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE contact_changes (
        org_id uuid NOT NULL,
        contact_id uuid NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT contact_changes_pkey PRIMARY KEY (org_id, contact_id)
    );
    PERFORM app_distribute('contact_changes');
    CREATE INDEX contact_changes_org_id_changed_at_contact_id_idx
        ON contact_changes (org_id, changed_at, contact_id);
    ALTER TABLE contact_changes ADD CONSTRAINT contact_changes_contact_id_fkey
        FOREIGN KEY (org_id, contact_id) REFERENCES contacts (org_id, id) ON DELETE CASCADE;

    ALTER TABLE tags ADD COLUMN renamed_at timestamptz;
    CREATE INDEX tags_org_id_renamed_at_idx ON tags (org_id, renamed_at)
        WHERE renamed_at IS NOT NULL;
END $migration$;
