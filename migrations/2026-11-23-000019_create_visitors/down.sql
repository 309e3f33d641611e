DO $migration$
BEGIN
    DROP INDEX contacts_org_id_phone_e164_idx;
    DROP TABLE merged_contacts, possible_duplicates, visitors;
END $migration$;
