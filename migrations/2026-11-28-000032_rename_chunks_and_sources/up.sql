-- One word for each concept: a bounded part of long work is a chunk, how a contact was added is a
-- source, what happened to a contact is its activity. Constraints keep their names: a cluster
-- cannot rename them.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    ALTER TABLE file_pieces RENAME TO file_chunks;
    ALTER TABLE file_chunks RENAME COLUMN piece TO chunk;

    ALTER TABLE selection_pieces RENAME TO selection_chunks;
    ALTER TABLE selection_chunks RENAME COLUMN piece TO chunk;
    ALTER TABLE selections RENAME COLUMN pieces TO chunks;
    ALTER TABLE selections RENAME COLUMN people TO contacts;

    ALTER TABLE action_pieces RENAME TO action_chunks;
    ALTER TABLE action_chunks RENAME COLUMN piece TO chunk;
    ALTER INDEX action_pieces_org_id_action_id_first_id_idx
        RENAME TO action_chunks_org_id_action_id_first_id_idx;
    ALTER TABLE actions RENAME COLUMN pieces TO chunks;
    ALTER TABLE actions RENAME COLUMN pieces_done TO chunks_done;
    ALTER TABLE actions RENAME COLUMN people TO contacts;

    ALTER TABLE import_pieces RENAME TO import_chunks;
    ALTER TABLE import_chunks RENAME COLUMN piece TO chunk;
    ALTER TABLE import_undos RENAME COLUMN pieces TO chunks;
    ALTER TABLE import_undos RENAME COLUMN pieces_done TO chunks_done;

    ALTER TABLE dry_run_people RENAME TO dry_run_contacts;
    ALTER TABLE dry_run_pieces RENAME TO dry_run_chunks;
    ALTER TABLE dry_run_chunks RENAME COLUMN piece TO chunk;

    ALTER TABLE contact_events RENAME TO activity;
    ALTER INDEX contact_events_org_id_contact_id_at_idx
        RENAME TO activity_org_id_contact_id_at_idx;

    ALTER TABLE contact_sources RENAME COLUMN origin_id TO detail_id;
    ALTER INDEX contact_sources_org_id_kind_origin_id_at_idx
        RENAME TO contact_sources_org_id_kind_detail_id_at_idx;
END $migration$;
