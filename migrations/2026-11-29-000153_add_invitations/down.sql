DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    DROP TABLE invitations;
    DROP INDEX users_org_id_email_key_key;
    ALTER TABLE users DROP COLUMN deactivated_at;
    ALTER TABLE users DROP COLUMN last_seen_at;
    ALTER TABLE users DROP COLUMN email_key;
    ALTER TABLE users DROP COLUMN email;
END $migration$;
