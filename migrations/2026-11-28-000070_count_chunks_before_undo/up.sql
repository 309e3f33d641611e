-- An undo that is requested again continues after the chunks that are undone, but its clock starts
-- again. Its speed is computed from the chunks that it has undone since.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    ALTER TABLE import_undos ADD COLUMN chunks_done_before bigint NOT NULL DEFAULT 0;
    COMMENT ON COLUMN import_undos.chunks_done_before IS
        'number of chunks that were undone before the undo was requested again';
END $migration$;
