-- What campaigns did to people. A subscription's status follows from its times; nothing was ever
-- kept in the table before, so it is made anew. Deliveries are kept by their id, so that one
-- that is told twice counts once.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    DROP TABLE subscriptions;
    CREATE TABLE subscriptions (
        org_id uuid NOT NULL,
        contact_id uuid NOT NULL,
        campaign_id uuid NOT NULL,
        pending_at timestamptz NOT NULL,
        sent_at timestamptz,
        opened_at timestamptz,
        clicked_at timestamptz,
        bounced_at timestamptz,
        unsubscribed_at timestamptz,
        status text NOT NULL GENERATED ALWAYS AS (CASE
            WHEN unsubscribed_at IS NOT NULL THEN 'unsubscribed'
            WHEN clicked_at IS NOT NULL THEN 'clicked'
            WHEN opened_at IS NOT NULL THEN 'opened'
            WHEN bounced_at IS NOT NULL THEN 'bounced'
            WHEN sent_at IS NOT NULL THEN 'sent'
            ELSE 'pending' END) STORED,
        actor_kind text NOT NULL,
        actor_id uuid,
        CONSTRAINT subscriptions_pkey PRIMARY KEY (org_id, contact_id, campaign_id),
        CONSTRAINT subscriptions_contact_id_fkey FOREIGN KEY (org_id, contact_id)
            REFERENCES contacts (org_id, id) ON DELETE CASCADE,
        CONSTRAINT subscriptions_campaign_id_fkey FOREIGN KEY (org_id, campaign_id)
            REFERENCES campaigns (org_id, id) ON DELETE CASCADE
    );
    COMMENT ON COLUMN subscriptions.actor_kind IS 'who put the contact into the campaign';
    PERFORM app_distribute('subscriptions');
    CREATE INDEX subscriptions_org_id_campaign_id_status_idx
        ON subscriptions (org_id, campaign_id, status, contact_id);

    CREATE TABLE deliveries (
        org_id uuid NOT NULL,
        id text COLLATE "C" NOT NULL,
        contact_id uuid NOT NULL,
        campaign_id uuid NOT NULL,
        kind text NOT NULL,
        at timestamptz NOT NULL,
        actor_kind text NOT NULL,
        actor_id uuid,
        CONSTRAINT deliveries_pkey PRIMARY KEY (org_id, id),
        CONSTRAINT deliveries_kind_check
            CHECK (kind IN ('sent', 'bounced', 'opened', 'clicked', 'unsubscribed')),
        CONSTRAINT deliveries_contact_id_fkey FOREIGN KEY (org_id, contact_id)
            REFERENCES contacts (org_id, id) ON DELETE CASCADE
    );
    PERFORM app_distribute('deliveries');
    CREATE INDEX deliveries_org_id_contact_id_at_idx ON deliveries (org_id, contact_id, at);

    CREATE TABLE unsubscribes (
        org_id uuid NOT NULL,
        contact_id uuid NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT unsubscribes_pkey PRIMARY KEY (org_id, contact_id),
        CONSTRAINT unsubscribes_contact_id_fkey FOREIGN KEY (org_id, contact_id)
            REFERENCES contacts (org_id, id) ON DELETE CASCADE
    );
    COMMENT ON TABLE unsubscribes IS
        'contacts that no action of ours may put into a campaign, so that bulk actions need not look at hashes of addresses';
    PERFORM app_distribute('unsubscribes');
END $migration$;
