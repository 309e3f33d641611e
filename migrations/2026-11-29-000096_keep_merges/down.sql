DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    DROP INDEX merged_contacts_org_id_at_idx;
    ALTER TABLE merged_contacts DROP COLUMN trace;
END $migration$;
