-- A contact gets the organisation's own id. Ids are compared byte by byte, so that each is found
-- exactly as it is written. Rows of an import can change addresses, so the planned contacts of a
-- dry run are found by their own ids. A dry run in progress is discarded: it can be requested again.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    ALTER TABLE contacts ADD COLUMN external_id text COLLATE "C";
    COMMENT ON COLUMN contacts.external_id IS
        'the organisation''s own id for the contact, 1 to 500 characters; null without one';
    CREATE UNIQUE INDEX contacts_org_id_external_id_key ON contacts (org_id, external_id)
        WHERE external_id IS NOT NULL;

    -- The only statement about all organisations: connections refuse such statements otherwise.
    PERFORM set_config('citus.multi_task_query_log_level', 'off', true);
    DELETE FROM dry_runs WHERE finished_at IS NULL;
    DROP TABLE dry_run_contacts;
    CREATE TABLE dry_run_contacts (
        org_id uuid NOT NULL,
        dry_run_id uuid NOT NULL,
        contact_id uuid NOT NULL,
        is_stored boolean NOT NULL,
        email_key text COLLATE "C" NOT NULL,
        other_keys text[] COLLATE "C" NOT NULL,
        external_id text COLLATE "C",
        person jsonb NOT NULL,
        CONSTRAINT dry_run_contacts_pkey PRIMARY KEY (org_id, dry_run_id, contact_id),
        CONSTRAINT dry_run_contacts_dry_run_id_fkey FOREIGN KEY (org_id, dry_run_id)
            REFERENCES dry_runs (org_id, id) ON DELETE CASCADE
    );
    COMMENT ON TABLE dry_run_contacts IS
        'contacts as the rows so far would have left them; deleted when the dry run ends';
    COMMENT ON COLUMN dry_run_contacts.is_stored IS
        'whether the contact exists; otherwise a row would have added it, with this id';
    PERFORM app_distribute('dry_run_contacts');
    CREATE INDEX dry_run_contacts_org_id_dry_run_id_email_key_idx
        ON dry_run_contacts (org_id, dry_run_id, email_key) WHERE email_key <> '';
    -- Few contacts have further addresses.
    CREATE INDEX dry_run_contacts_org_id_other_keys_idx
        ON dry_run_contacts USING gin (org_id, other_keys) WHERE other_keys <> '{}';
    CREATE INDEX dry_run_contacts_org_id_dry_run_id_external_id_idx
        ON dry_run_contacts (org_id, dry_run_id, external_id) WHERE external_id IS NOT NULL;
END $migration$;
