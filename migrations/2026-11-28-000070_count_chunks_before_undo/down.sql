ALTER TABLE import_undos DROP COLUMN chunks_done_before;
