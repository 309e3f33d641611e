-- The choices of an import are offered again for the next file with the same headers (R58). The
-- last started import with these headers is found by an index, not by reading all imports. Imports
-- from before this migration have no fingerprint and are not offered.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    ALTER TABLE imports ADD COLUMN header_fingerprint bigint;
    ALTER TABLE imports ADD COLUMN confirmed_at timestamptz;
    COMMENT ON COLUMN imports.header_fingerprint IS
        'a hash of the normalised headers of the analysed file; null without a header row';
    COMMENT ON COLUMN imports.confirmed_at IS 'when a user started the import';
    CREATE INDEX imports_org_id_header_fingerprint_idx
        ON imports (org_id, header_fingerprint, confirmed_at)
        WHERE confirmed_at IS NOT NULL;
END $migration$;
