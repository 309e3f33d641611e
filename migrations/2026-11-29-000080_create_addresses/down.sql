-- Contacts keep their primary address only.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    CREATE UNIQUE INDEX contacts_org_id_email_key_key ON contacts (org_id, email_key)
        WHERE email_key <> '';
    ALTER TABLE contacts DROP COLUMN other_emails;
    DROP TABLE addresses;
END $migration$;
