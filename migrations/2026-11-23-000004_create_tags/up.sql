-- Tags, and who carries them. Tagging touches the link only: a contact's own row would enter
-- all its search entries again.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE tags (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL,
        key text COLLATE "C" NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT tags_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT tags_org_id_key_key UNIQUE (org_id, key)
    );
    COMMENT ON COLUMN tags.key IS 'what all spellings of the name have in common';
    PERFORM app_distribute('tags');

    CREATE TABLE contact_tags (
        org_id uuid NOT NULL,
        contact_id uuid NOT NULL,
        tag_id uuid NOT NULL,
        CONSTRAINT contact_tags_pkey PRIMARY KEY (org_id, contact_id, tag_id),
        CONSTRAINT contact_tags_contact_id_fkey FOREIGN KEY (org_id, contact_id)
            REFERENCES contacts (org_id, id) ON DELETE CASCADE,
        CONSTRAINT contact_tags_tag_id_fkey FOREIGN KEY (org_id, tag_id)
            REFERENCES tags (org_id, id) ON DELETE CASCADE
    );
    PERFORM app_distribute('contact_tags');
    CREATE INDEX contact_tags_org_id_tag_id_contact_id_idx
        ON contact_tags (org_id, tag_id, contact_id);
END $migration$;
