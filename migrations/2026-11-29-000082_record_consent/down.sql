ALTER TABLE suppressions DROP COLUMN actor_id, DROP COLUMN actor_kind, DROP COLUMN reason;
ALTER TABLE unsubscribes
    DROP COLUMN note, DROP COLUMN actor_id, DROP COLUMN actor_kind, DROP COLUMN reason;
