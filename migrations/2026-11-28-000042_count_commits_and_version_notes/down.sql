ALTER TABLE notes DROP COLUMN version;
ALTER TABLE stored_answers DROP COLUMN commits;
COMMENT ON COLUMN stored_answers.expires_at IS
    'when the row counts for nothing: a claim after a minute of silence, an answer after a day';
