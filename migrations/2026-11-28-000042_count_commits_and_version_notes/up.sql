-- Every transaction of a keyed request counts itself on the request's claim, so that a request that
-- was carried out is not carried out again when its answer is lost. Notes get a version, as tags have
-- one, so that of two edits at once the second can be refused.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    ALTER TABLE stored_answers ADD COLUMN commits integer NOT NULL DEFAULT 0;
    COMMENT ON COLUMN stored_answers.commits IS
        'number of transactions of the request that were committed';
    COMMENT ON COLUMN stored_answers.expires_at IS
        'when the row counts for nothing: a claim after a minute of silence, an answer after a day; a claim with commits a day later';

    ALTER TABLE notes ADD COLUMN version bigint NOT NULL DEFAULT 1;
END $migration$;
