-- The names that people give to chat widgets. A widget itself is whatever captured a contact.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE widget_names (
        org_id uuid NOT NULL,
        widget_id uuid NOT NULL,
        name text NOT NULL,
        CONSTRAINT widget_names_pkey PRIMARY KEY (org_id, widget_id)
    );
    PERFORM app_distribute('widget_names');
END $migration$;
