-- What each import did, by the piece: a row for thousands of people, written with them, so that
-- it can be told and undone. And what one would do: nobody but its dry run reads that.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE import_pieces (
        org_id uuid NOT NULL,
        import_id uuid NOT NULL,
        piece bigint NOT NULL,
        rows bigint NOT NULL,
        again uuid[] NOT NULL,
        changes bytea NOT NULL,
        CONSTRAINT import_pieces_pkey PRIMARY KEY (org_id, import_id, piece),
        CONSTRAINT import_pieces_import_id_fkey FOREIGN KEY (org_id, import_id)
            REFERENCES imports (org_id, id) ON DELETE CASCADE
    );
    COMMENT ON COLUMN import_pieces.piece IS 'how many rows were read before its rows';
    COMMENT ON COLUMN import_pieces.again IS 'contacts whom an earlier piece was about, too';
    -- Compressing would cost an import more time than it saves of a disk that is read seldom.
    ALTER TABLE import_pieces ALTER COLUMN changes SET STORAGE EXTERNAL;
    PERFORM app_distribute('import_pieces');

    CREATE TABLE import_undos (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        import_id uuid NOT NULL,
        actor_kind text NOT NULL,
        actor_id uuid,
        state text NOT NULL,
        problem text,
        was text NOT NULL,
        pieces bigint NOT NULL,
        pieces_done bigint NOT NULL,
        tally jsonb NOT NULL,
        asked_at timestamptz NOT NULL,
        finished_at timestamptz,
        CONSTRAINT import_undos_pkey PRIMARY KEY (org_id, import_id),
        CONSTRAINT import_undos_org_id_id_key UNIQUE (org_id, id),
        CONSTRAINT import_undos_import_id_fkey FOREIGN KEY (org_id, import_id)
            REFERENCES imports (org_id, id) ON DELETE CASCADE
    );
    COMMENT ON COLUMN import_undos.was IS 'the state of the import before';
    PERFORM app_distribute('import_undos');

    CREATE TABLE import_kept (
        org_id uuid NOT NULL,
        import_id uuid NOT NULL,
        contact_id uuid NOT NULL,
        field text COLLATE "C" NOT NULL,
        reason text NOT NULL,
        CONSTRAINT import_kept_pkey PRIMARY KEY (org_id, import_id, contact_id, field),
        CONSTRAINT import_kept_import_id_fkey FOREIGN KEY (org_id, import_id)
            REFERENCES imports (org_id, id) ON DELETE CASCADE
    );
    COMMENT ON COLUMN import_kept.field IS 'empty for the whole contact';
    COMMENT ON COLUMN import_kept.reason IS
        'restored: not kept, but put back by a later piece than the first that is about the contact';
    PERFORM app_distribute('import_kept');

    CREATE TABLE dry_runs (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        import_id uuid NOT NULL,
        state text NOT NULL,
        problem text,
        rows_read bigint NOT NULL,
        tally jsonb NOT NULL,
        asked_at timestamptz NOT NULL,
        finished_at timestamptz,
        CONSTRAINT dry_runs_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT dry_runs_org_id_import_id_key UNIQUE (org_id, import_id),
        CONSTRAINT dry_runs_import_id_fkey FOREIGN KEY (org_id, import_id)
            REFERENCES imports (org_id, id) ON DELETE CASCADE
    );
    PERFORM app_distribute('dry_runs');

    CREATE TABLE dry_run_people (
        org_id uuid NOT NULL,
        dry_run_id uuid NOT NULL,
        email_key text COLLATE "C" NOT NULL,
        person jsonb NOT NULL,
        CONSTRAINT dry_run_people_pkey PRIMARY KEY (org_id, dry_run_id, email_key),
        CONSTRAINT dry_run_people_dry_run_id_fkey FOREIGN KEY (org_id, dry_run_id)
            REFERENCES dry_runs (org_id, id) ON DELETE CASCADE
    );
    COMMENT ON TABLE dry_run_people IS
        'people as the rows so far would have made them; deleted when the dry run ends';
    PERFORM app_distribute('dry_run_people');

    CREATE TABLE dry_run_pieces (
        org_id uuid NOT NULL,
        dry_run_id uuid NOT NULL,
        piece bigint NOT NULL,
        outcomes bytea NOT NULL,
        CONSTRAINT dry_run_pieces_pkey PRIMARY KEY (org_id, dry_run_id, piece),
        CONSTRAINT dry_run_pieces_dry_run_id_fkey FOREIGN KEY (org_id, dry_run_id)
            REFERENCES dry_runs (org_id, id) ON DELETE CASCADE
    );
    ALTER TABLE dry_run_pieces ALTER COLUMN outcomes SET STORAGE EXTERNAL;
    PERFORM app_distribute('dry_run_pieces');
END $migration$;
