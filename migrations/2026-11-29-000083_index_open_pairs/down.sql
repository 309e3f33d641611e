DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    DROP INDEX possible_duplicates_org_id_open_idx;
END $migration$;
