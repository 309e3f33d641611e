-- Which secret this database was made with: one row. Who serves it with another secret would find
-- nobody's unsubscribe again, so that is refused. The secret itself is never here.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE installation (
        id integer NOT NULL,
        secret_fingerprint bytea NOT NULL,
        CONSTRAINT installation_pkey PRIMARY KEY (id),
        CONSTRAINT installation_id_check CHECK (id = 1)
    );
    PERFORM app_reference('installation');
END $migration$;
