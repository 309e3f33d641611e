DO $migration$
BEGIN
    DROP TABLE events;
    CREATE TABLE events (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        number bigint,
        kind text NOT NULL,
        subject_id uuid NOT NULL,
        detail jsonb NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT events_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT events_org_id_number_key UNIQUE (org_id, number)
    );
    PERFORM app_distribute('events');
END $migration$;
