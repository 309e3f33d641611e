-- A user can choose encoding, delimiter, quoting and header row, and not only the sheet: the choice
-- is one value, by which the file is analysed and imported.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.multi_task_query_log_level', 'off', true);

    ALTER TABLE imports ADD COLUMN layout jsonb;
    COMMENT ON COLUMN imports.layout IS
        'the parts of the layout that a user chose; null where all of them are detected';
    -- Not jsonb_build_object: a cluster updates rows by immutable functions only.
    UPDATE imports SET layout = jsonb_object(ARRAY['sheet', sheet]) WHERE sheet IS NOT NULL;
    ALTER TABLE imports DROP COLUMN sheet;
END $migration$;
