DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    DROP INDEX contacts_org_id_name_key_no_email_idx;
    DROP INDEX conversations_org_id_widget_id_visitor_idx;
    ALTER TABLE possible_duplicates DROP COLUMN dismissed;
    ALTER TABLE contact_sources DROP COLUMN key_id;
END $migration$;
