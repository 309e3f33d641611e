-- The last message of all conversations of each contact, for the list in its order. A column of
-- contacts would enter a contact into all its indexes again with each message; an aggregate would
-- read every conversation of the organisation for each page.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);
    PERFORM set_config('citus.multi_task_query_log_level', 'off', true);

    CREATE TABLE last_conversations (
        org_id uuid NOT NULL,
        contact_id uuid NOT NULL,
        last_message_at timestamptz NOT NULL,
        CONSTRAINT last_conversations_pkey PRIMARY KEY (org_id, contact_id)
    );
    PERFORM app_distribute('last_conversations');
    CREATE INDEX last_conversations_last_message_at_idx
        ON last_conversations (org_id, last_message_at, contact_id);
    ALTER TABLE last_conversations ADD CONSTRAINT last_conversations_contact_id_fkey
        FOREIGN KEY (org_id, contact_id) REFERENCES contacts (org_id, id) ON DELETE CASCADE;

    INSERT INTO last_conversations (org_id, contact_id, last_message_at)
        SELECT l.org_id, l.contact_id, max(v.last_message_at)
        FROM contact_conversations l
        JOIN conversations v ON v.org_id = l.org_id AND v.id = l.conversation_id
        GROUP BY l.org_id, l.contact_id;
END $migration$;
