DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    DROP INDEX imports_org_id_header_fingerprint_idx;
    ALTER TABLE imports DROP COLUMN confirmed_at;
    ALTER TABLE imports DROP COLUMN header_fingerprint;
END $migration$;
