-- A key that has only new scopes keeps reading, which each of them covers.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    -- The only statements about all organisations: connections refuse such statements otherwise.
    PERFORM set_config('citus.multi_task_query_log_level', 'off', true);
    UPDATE api_keys SET scopes = scopes || '{read}'::text[]
    WHERE NOT scopes && '{read,write,admin,capture}'::text[];
    UPDATE api_keys SET scopes = array_remove(array_remove(array_remove(array_remove(
        scopes, 'export'), 'import'), 'merge'), 'bulk_delete')
    WHERE scopes && '{export,import,merge,bulk_delete}'::text[];
END $migration$;
