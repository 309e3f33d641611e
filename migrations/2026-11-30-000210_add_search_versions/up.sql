-- The version of an organisation's stored search texts, and how far their rebuild got. Existing
-- organisations have texts of version 0, which were made before texts had a version; a job rebuilds
-- them. The progress has a table of its own, because organisations are on every node of a cluster.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    ALTER TABLE organisations ADD COLUMN search_version integer NOT NULL DEFAULT 0;

    CREATE TABLE search_rebuilds (
        org_id uuid NOT NULL,
        last_contact_id uuid NOT NULL,
        CONSTRAINT search_rebuilds_pkey PRIMARY KEY (org_id)
    );
    PERFORM app_distribute('search_rebuilds');
END $migration$;
