-- Why and by whom a contact was unsubscribed (R51). Until now only deliveries of campaigns did so.
-- The note is free text and may contain personal data: it is deleted with its contact, so the hashes
-- of addresses have none.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    ALTER TABLE unsubscribes
        ADD COLUMN reason text NOT NULL DEFAULT 'campaign',
        ADD COLUMN actor_kind text NOT NULL DEFAULT 'system',
        ADD COLUMN actor_id uuid,
        ADD COLUMN note text;
    ALTER TABLE suppressions
        ADD COLUMN reason text NOT NULL DEFAULT 'campaign',
        ADD COLUMN actor_kind text NOT NULL DEFAULT 'system',
        ADD COLUMN actor_id uuid;
    COMMENT ON COLUMN unsubscribes.note IS 'free text of the person who unsubscribed the contact';
END $migration$;
