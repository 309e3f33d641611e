-- Whom a bulk action applies to, frozen when it was chosen: the ids in pieces, in their order,
-- a row for thousands of people.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE selections (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        filter jsonb,
        people bigint NOT NULL,
        pieces integer NOT NULL,
        actor_kind text NOT NULL,
        actor_id uuid,
        created_at timestamptz NOT NULL,
        CONSTRAINT selections_pkey PRIMARY KEY (org_id, id)
    );
    COMMENT ON COLUMN selections.filter IS
        'the filter as it was asked for; nothing when the ids were given';
    PERFORM app_distribute('selections');

    CREATE TABLE selection_pieces (
        org_id uuid NOT NULL,
        selection_id uuid NOT NULL,
        piece integer NOT NULL,
        ids uuid[] NOT NULL,
        CONSTRAINT selection_pieces_pkey PRIMARY KEY (org_id, selection_id, piece),
        CONSTRAINT selection_pieces_selection_id_fkey FOREIGN KEY (org_id, selection_id)
            REFERENCES selections (org_id, id) ON DELETE CASCADE
    );
    ALTER TABLE selection_pieces ALTER COLUMN ids SET STORAGE EXTERNAL;
    PERFORM app_distribute('selection_pieces');
END $migration$;
