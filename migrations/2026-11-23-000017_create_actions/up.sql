-- Bulk actions. What came of each person is kept by the piece, so that a million people need no
-- million rows, and nobody is done twice: who does a piece moves pieces_done with it.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE actions (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        kind text NOT NULL,
        detail jsonb NOT NULL,
        selection_id uuid NOT NULL,
        state text NOT NULL,
        problem text,
        people bigint NOT NULL,
        pieces integer NOT NULL,
        pieces_done integer NOT NULL,
        tally jsonb NOT NULL,
        file_id uuid,
        actor_kind text NOT NULL,
        actor_id uuid,
        created_at timestamptz NOT NULL,
        started_at timestamptz,
        finished_at timestamptz,
        CONSTRAINT actions_pkey PRIMARY KEY (org_id, id)
    );
    PERFORM app_distribute('actions');

    CREATE TABLE action_pieces (
        org_id uuid NOT NULL,
        action_id uuid NOT NULL,
        piece integer NOT NULL,
        first_id uuid NOT NULL,
        last_id uuid NOT NULL,
        at timestamptz NOT NULL,
        changed uuid[] NOT NULL,
        unchanged uuid[] NOT NULL,
        skipped jsonb NOT NULL,
        CONSTRAINT action_pieces_pkey PRIMARY KEY (org_id, action_id, piece),
        CONSTRAINT action_pieces_action_id_fkey FOREIGN KEY (org_id, action_id)
            REFERENCES actions (org_id, id) ON DELETE CASCADE
    );
    COMMENT ON COLUMN action_pieces.skipped IS 'ids by the reason for which they were skipped';
    ALTER TABLE action_pieces ALTER COLUMN changed SET STORAGE EXTERNAL;
    ALTER TABLE action_pieces ALTER COLUMN unchanged SET STORAGE EXTERNAL;
    PERFORM app_distribute('action_pieces');
    CREATE INDEX action_pieces_org_id_action_id_first_id_idx
        ON action_pieces (org_id, action_id, first_id);
END $migration$;
