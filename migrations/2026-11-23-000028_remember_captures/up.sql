-- What captures remember: what a visitor said in a conversation, so that the same said again
-- changes nothing (R17), and which conversations had a contact who was deleted, so that they are
-- not given to the visitor's next one (R14).
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    ALTER TABLE contact_sources ADD COLUMN said text[] NOT NULL DEFAULT '{}';
    COMMENT ON COLUMN contact_sources.said IS 'chat: what the visitor said there, part by part';

    ALTER TABLE conversations ADD COLUMN is_released boolean NOT NULL DEFAULT false;
    COMMENT ON COLUMN conversations.is_released IS
        'its contact was deleted: it is nobody''s until it is captured again';
END $migration$;
