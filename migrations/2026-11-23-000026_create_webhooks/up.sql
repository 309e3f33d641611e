-- Addresses that the feed is sent to, and what is sent to each. A webhook's cursor says up to
-- which event deliveries were made; secrets are sealed.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE webhooks (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        url text NOT NULL,
        types text[] NOT NULL,
        paused text,
        secret bytea NOT NULL,
        old_secret bytea,
        old_secret_until timestamptz,
        cursor bigint NOT NULL,
        failures integer NOT NULL,
        rests_until timestamptz,
        missed_at timestamptz,
        created_at timestamptz NOT NULL,
        CONSTRAINT webhooks_pkey PRIMARY KEY (org_id, id)
    );
    COMMENT ON COLUMN webhooks.types IS 'of what it is to hear; of everything, when empty';
    COMMENT ON COLUMN webhooks.rests_until IS 'until when it is left alone after failures';
    PERFORM app_distribute('webhooks');

    CREATE TABLE webhook_deliveries (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        webhook_id uuid NOT NULL,
        kind text NOT NULL,
        number bigint,
        state text NOT NULL,
        attempts integer NOT NULL,
        due_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        attempted_at timestamptz,
        status integer,
        problem text,
        CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT webhook_deliveries_webhook_id_number_key UNIQUE (org_id, webhook_id, number),
        CONSTRAINT webhook_deliveries_state_check CHECK (state IN ('pending', 'delivered', 'dead')),
        CONSTRAINT webhook_deliveries_webhook_id_fkey FOREIGN KEY (org_id, webhook_id)
            REFERENCES webhooks (org_id, id) ON DELETE CASCADE
    );
    COMMENT ON COLUMN webhook_deliveries.number IS 'of the event; a test has none';
    PERFORM app_distribute('webhook_deliveries');
    CREATE INDEX webhook_deliveries_due_idx
        ON webhook_deliveries (org_id, webhook_id, due_at, number) WHERE state = 'pending';
    CREATE INDEX webhook_deliveries_webhook_id_id_idx
        ON webhook_deliveries (org_id, webhook_id, id);
END $migration$;
