-- An upload whose server is killed must end, since an erasure waits for it: each stored chunk leaves
-- a sign of life.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    ALTER TABLE imports ADD COLUMN touched_at timestamptz;
    COMMENT ON COLUMN imports.touched_at IS
        'time at which a chunk of the file was last stored; null in rows of older versions';
END $migration$;
