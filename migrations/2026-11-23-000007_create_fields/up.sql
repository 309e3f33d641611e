-- Custom fields. Their values are in contacts.custom, by key.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE fields (
        org_id uuid NOT NULL,
        key text NOT NULL,
        label text NOT NULL,
        kind text NOT NULL,
        options text[],
        position integer NOT NULL,
        archived boolean NOT NULL,
        CONSTRAINT fields_pkey PRIMARY KEY (org_id, key),
        CONSTRAINT fields_kind_check
            CHECK (kind IN ('text', 'number', 'boolean', 'date', 'select', 'url'))
    );
    PERFORM app_distribute('fields');
END $migration$;
