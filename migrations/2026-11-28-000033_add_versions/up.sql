-- Settings get a version, as contacts have one: an edit of an older version can be refused.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    ALTER TABLE webhooks ADD COLUMN version bigint NOT NULL DEFAULT 1;
    ALTER TABLE segments ADD COLUMN version bigint NOT NULL DEFAULT 1;
    ALTER TABLE fields ADD COLUMN version bigint NOT NULL DEFAULT 1;
    ALTER TABLE connected_sources ADD COLUMN version bigint NOT NULL DEFAULT 1;
    ALTER TABLE tags ADD COLUMN version bigint NOT NULL DEFAULT 1;
END $migration$;
