DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    ALTER INDEX contact_sources_org_id_kind_detail_id_at_idx
        RENAME TO contact_sources_org_id_kind_origin_id_at_idx;
    ALTER TABLE contact_sources RENAME COLUMN detail_id TO origin_id;
    ALTER INDEX activity_org_id_contact_id_at_idx
        RENAME TO contact_events_org_id_contact_id_at_idx;
    ALTER TABLE activity RENAME TO contact_events;
    ALTER TABLE dry_run_chunks RENAME COLUMN chunk TO piece;
    ALTER TABLE dry_run_chunks RENAME TO dry_run_pieces;
    ALTER TABLE dry_run_contacts RENAME TO dry_run_people;
    ALTER TABLE import_undos RENAME COLUMN chunks_done TO pieces_done;
    ALTER TABLE import_undos RENAME COLUMN chunks TO pieces;
    ALTER TABLE import_chunks RENAME COLUMN chunk TO piece;
    ALTER TABLE import_chunks RENAME TO import_pieces;
    ALTER TABLE actions RENAME COLUMN contacts TO people;
    ALTER TABLE actions RENAME COLUMN chunks_done TO pieces_done;
    ALTER TABLE actions RENAME COLUMN chunks TO pieces;
    ALTER INDEX action_chunks_org_id_action_id_first_id_idx
        RENAME TO action_pieces_org_id_action_id_first_id_idx;
    ALTER TABLE action_chunks RENAME COLUMN chunk TO piece;
    ALTER TABLE action_chunks RENAME TO action_pieces;
    ALTER TABLE selections RENAME COLUMN contacts TO people;
    ALTER TABLE selections RENAME COLUMN chunks TO pieces;
    ALTER TABLE selection_chunks RENAME COLUMN chunk TO piece;
    ALTER TABLE selection_chunks RENAME TO selection_pieces;
    ALTER TABLE file_chunks RENAME COLUMN chunk TO piece;
    ALTER TABLE file_chunks RENAME TO file_pieces;
END $migration$;
