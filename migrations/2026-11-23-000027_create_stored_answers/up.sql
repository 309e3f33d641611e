-- What requests with an Idempotency-Key were answered, so that a repeat gets the same answer.
-- Nothing here can be read without the key that the client sent: the look-up is a hash, the
-- fingerprint is keyed, and the answer is sealed.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE stored_answers (
        org_id uuid NOT NULL,
        key bytea NOT NULL,
        fingerprint bytea NOT NULL,
        claimed_by uuid NOT NULL,
        is_running boolean NOT NULL,
        is_erased boolean NOT NULL,
        answer bytea,
        expires_at timestamptz NOT NULL,
        CONSTRAINT stored_answers_pkey PRIMARY KEY (org_id, key)
    );
    COMMENT ON COLUMN stored_answers.is_erased IS
        'its answer is not to be kept, or is not any more';
    COMMENT ON COLUMN stored_answers.expires_at IS
        'when the row counts for nothing: a claim after a minute of silence, an answer after a day';
    PERFORM app_distribute('stored_answers');
    CREATE INDEX stored_answers_org_id_expires_at_idx ON stored_answers (org_id, expires_at);
END $migration$;
