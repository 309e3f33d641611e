-- Campaigns, who is in them, and who must not be written to any more. An unsubscribe is kept by
-- a keyed hash of the address, so that it outlives the contact.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE campaigns (
        org_id uuid NOT NULL,
        id uuid NOT NULL,
        kind text NOT NULL,
        name text NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT campaigns_pkey PRIMARY KEY (org_id, id)
    );
    PERFORM app_distribute('campaigns');

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

    CREATE TABLE suppressions (
        org_id uuid NOT NULL,
        address_hash bytea NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT suppressions_pkey PRIMARY KEY (org_id, address_hash)
    );
    PERFORM app_distribute('suppressions');
END $migration$;
