DO $migration$
BEGIN
    DROP TABLE unsubscribes, deliveries, subscriptions;
    CREATE TABLE subscriptions (
        org_id uuid NOT NULL,
        contact_id uuid NOT NULL,
        campaign_id uuid NOT NULL,
        status text NOT NULL,
        pending_at timestamptz NOT NULL,
        sent_at timestamptz,
        opened_at timestamptz,
        clicked_at timestamptz,
        bounced_at timestamptz,
        unsubscribed_at timestamptz,
        CONSTRAINT subscriptions_pkey PRIMARY KEY (org_id, contact_id, campaign_id),
        CONSTRAINT subscriptions_contact_id_fkey FOREIGN KEY (org_id, contact_id)
            REFERENCES contacts (org_id, id) ON DELETE CASCADE,
        CONSTRAINT subscriptions_campaign_id_fkey FOREIGN KEY (org_id, campaign_id)
            REFERENCES campaigns (org_id, id) ON DELETE CASCADE
    );
    PERFORM app_distribute('subscriptions');
    CREATE INDEX subscriptions_org_id_campaign_id_status_idx
        ON subscriptions (org_id, campaign_id, status, contact_id);
END $migration$;
