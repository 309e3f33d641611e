-- A dismissal can be taken back, so a pair remembers whether a capture recorded it. The default is
-- for programs that do not know the column.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    ALTER TABLE possible_duplicates ADD COLUMN captured boolean NOT NULL DEFAULT true;
    COMMENT ON COLUMN possible_duplicates.captured IS 'a capture found that they may be one person';
    -- The only statement about all organisations: connections refuse such statements otherwise.
    PERFORM set_config('citus.multi_task_query_log_level', 'off', true);
    UPDATE possible_duplicates SET captured = false WHERE dismissed;
END $migration$;
