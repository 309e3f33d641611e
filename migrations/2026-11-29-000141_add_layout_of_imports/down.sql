DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.multi_task_query_log_level', 'off', true);

    ALTER TABLE imports ADD COLUMN sheet text;
    COMMENT ON COLUMN imports.sheet IS
        'the sheet of a workbook that a user chose; null for the suggested one';
    UPDATE imports SET sheet = layout ->> 'sheet' WHERE layout IS NOT NULL;
    ALTER TABLE imports DROP COLUMN layout;
END $migration$;
