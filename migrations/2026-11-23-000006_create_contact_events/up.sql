-- What happened to a contact. An import's part is told by contact_sources: a million rows need
-- no million events.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE contact_events (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        contact_id uuid NOT NULL,
        at timestamptz NOT NULL,
        actor_kind text NOT NULL,
        actor_id uuid,
        kind text NOT NULL,
        detail jsonb NOT NULL,
        CONSTRAINT contact_events_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT contact_events_contact_id_fkey FOREIGN KEY (org_id, contact_id)
            REFERENCES contacts (org_id, id) ON DELETE CASCADE
    );
    PERFORM app_distribute('contact_events');
    CREATE INDEX contact_events_org_id_contact_id_at_idx
        ON contact_events (org_id, contact_id, at, id);
END $migration$;
