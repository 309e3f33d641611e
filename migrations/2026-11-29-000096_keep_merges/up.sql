-- What a merge did, so that it can be undone for 30 days: both contacts, and which rows moved. It
-- belongs to the old id, so it is deleted with the survivor, and moves with it.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    ALTER TABLE merged_contacts ADD COLUMN trace jsonb;
    COMMENT ON COLUMN merged_contacts.trace IS
        'what the merge did; NULL when it can no longer be undone';
    CREATE INDEX merged_contacts_org_id_at_idx ON merged_contacts (org_id, at)
        WHERE trace IS NOT NULL;
END $migration$;
