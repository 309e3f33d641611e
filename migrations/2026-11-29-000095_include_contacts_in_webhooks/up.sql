-- A webhook can ask for the current state of the contacts in its messages, so that a program need
-- not request them. Those that exist do not ask for it.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    ALTER TABLE webhooks ADD COLUMN include_contacts boolean NOT NULL DEFAULT false;
END $migration$;
