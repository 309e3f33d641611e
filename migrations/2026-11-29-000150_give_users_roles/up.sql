-- What a user may do (R60). So far everybody could do everything: those who exist are administrators.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    ALTER TABLE users ADD COLUMN role text NOT NULL DEFAULT 'administrator'
        CONSTRAINT users_role_check
        CHECK (role IN ('viewer', 'editor', 'manager', 'administrator'));
END $migration$;
