-- What each part of a bulk action did to its contacts: a row for thousands of contacts, written with
-- their changes, so that the action can be undone for 30 days.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE journal (
        org_id uuid NOT NULL,
        subject_id uuid NOT NULL,
        chunk integer NOT NULL,
        kind text NOT NULL,
        at timestamptz NOT NULL,
        contacts bigint NOT NULL,
        first_id uuid NOT NULL,
        last_id uuid NOT NULL,
        changes bytea NOT NULL,
        CONSTRAINT journal_pkey PRIMARY KEY (org_id, subject_id, chunk)
    );
    COMMENT ON COLUMN journal.subject_id IS 'the action';
    COMMENT ON COLUMN journal.chunk IS 'number of the part of the action';
    COMMENT ON COLUMN journal.contacts IS
        'number of contacts that the part changed, also of those that were erased since';
    COMMENT ON COLUMN journal.first_id IS 'the contact with the lowest id';
    COMMENT ON COLUMN journal.last_id IS 'the contact with the highest id';
    -- Compressing would cost an action more time than it saves of a disk that is read seldom.
    ALTER TABLE journal ALTER COLUMN changes SET STORAGE EXTERNAL;
    PERFORM app_distribute('journal');
    -- Later removals of the same tag or subscription, and what has expired.
    CREATE INDEX journal_org_id_at_idx ON journal (org_id, at);
END $migration$;
