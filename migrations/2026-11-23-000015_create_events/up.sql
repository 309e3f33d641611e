-- The change feed. Events come in without a number; a relay holds the organisation's counter
-- while it numbers them, for the order of an identity column is not the order of commits, and a
-- reader that asks for later numbers would miss some.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

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

    CREATE TABLE event_counters (
        org_id uuid NOT NULL,
        last_number bigint NOT NULL,
        CONSTRAINT event_counters_pkey PRIMARY KEY (org_id)
    );
    PERFORM app_distribute('event_counters');
END $migration$;
