-- Exporting, importing, merging and deleting in bulk have scopes of their own (R60). Keys that exist
-- may do what they could do before: export when they read, and the rest when they write.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    -- The only statements about all organisations: connections refuse such statements otherwise.
    PERFORM set_config('citus.multi_task_query_log_level', 'off', true);
    UPDATE api_keys SET scopes = scopes || '{export}'::text[]
    WHERE scopes && '{read,write}'::text[] AND NOT '{export}'::text[] <@ scopes;
    UPDATE api_keys SET scopes = scopes || '{import,merge,bulk_delete}'::text[]
    WHERE '{write}'::text[] <@ scopes AND NOT '{import}'::text[] <@ scopes;
END $migration$;
