-- The list of all possible duplicates reads the recorded pairs in order. Dismissed pairs stay in the
-- table for good, so that a page must not read past them.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    CREATE INDEX possible_duplicates_org_id_open_idx
        ON possible_duplicates (org_id, contact_id, other_id) WHERE NOT dismissed;
END $migration$;
