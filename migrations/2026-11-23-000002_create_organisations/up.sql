-- Whom every other row belongs to. Small and rarely written, so it is on every node.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE organisations (
        id uuid CONSTRAINT organisations_pkey PRIMARY KEY,
        name text NOT NULL,
        region text,
        created_at timestamptz NOT NULL
    );
    COMMENT ON COLUMN organisations.region IS
        'ISO 3166 code of the country whose phone numbers need no prefix';
    PERFORM app_reference('organisations');
END $migration$;
