-- A workbook has several sheets: the one that a user chose is analysed and imported.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    ALTER TABLE imports ADD COLUMN sheet text;
    COMMENT ON COLUMN imports.sheet IS
        'the sheet of a workbook that a user chose; null for the suggested one';
END $migration$;
