-- Conversations as the chat service reports them. They stay when their contact goes, so the link
-- is a table of its own that goes with the contact.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE conversations (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        widget_id uuid NOT NULL,
        visitor text NOT NULL,
        started_at timestamptz NOT NULL,
        last_message_at timestamptz NOT NULL,
        messages integer NOT NULL,
        preview text NOT NULL,
        link text NOT NULL,
        CONSTRAINT conversations_pkey PRIMARY KEY (org_id, id)
    );
    PERFORM app_distribute('conversations');

    CREATE TABLE contact_conversations (
        org_id uuid NOT NULL,
        contact_id uuid NOT NULL,
        conversation_id uuid NOT NULL,
        CONSTRAINT contact_conversations_pkey PRIMARY KEY (org_id, contact_id, conversation_id),
        CONSTRAINT contact_conversations_contact_id_fkey FOREIGN KEY (org_id, contact_id)
            REFERENCES contacts (org_id, id) ON DELETE CASCADE,
        CONSTRAINT contact_conversations_conversation_id_fkey
            FOREIGN KEY (org_id, conversation_id)
            REFERENCES conversations (org_id, id) ON DELETE CASCADE,
        CONSTRAINT contact_conversations_org_id_conversation_id_key
            UNIQUE (org_id, conversation_id)
    );
    PERFORM app_distribute('contact_conversations');
END $migration$;
