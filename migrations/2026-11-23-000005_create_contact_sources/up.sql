-- Every way a contact came. One row a contact and way: an import that meets somebody in ten
-- rows has met them once.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE contact_sources (
        org_id uuid NOT NULL,
        contact_id uuid NOT NULL,
        kind text NOT NULL,
        origin_id uuid NOT NULL,
        reference text NOT NULL,
        visitor text,
        row_number bigint,
        at timestamptz NOT NULL,
        is_first boolean NOT NULL,
        CONSTRAINT contact_sources_pkey
            PRIMARY KEY (org_id, contact_id, kind, origin_id, reference),
        CONSTRAINT contact_sources_kind_check
            CHECK (kind IN ('chat', 'csv_import', 'manual', 'connected')),
        CONSTRAINT contact_sources_contact_id_fkey FOREIGN KEY (org_id, contact_id)
            REFERENCES contacts (org_id, id) ON DELETE CASCADE
    );
    COMMENT ON COLUMN contact_sources.origin_id IS
        'the widget, the import, the user or key, or the connected source; zero for the system';
    COMMENT ON COLUMN contact_sources.reference IS
        'chat: the conversation; connected: the external id; manual: the kind of actor';
    PERFORM app_distribute('contact_sources');
    CREATE INDEX contact_sources_org_id_kind_origin_id_at_idx
        ON contact_sources (org_id, kind, origin_id, at, contact_id);
END $migration$;
