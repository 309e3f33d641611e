-- The status of an answer outlives the answer: after an erasure, a repeat learns whether its request
-- was carried out or refused.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    ALTER TABLE stored_answers ADD COLUMN status smallint;
    COMMENT ON COLUMN stored_answers.status IS
        'HTTP status of the answer; null while the request runs, and in rows of older versions';
END $migration$;
