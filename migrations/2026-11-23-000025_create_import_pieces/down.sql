DO $migration$
BEGIN
    DROP TABLE dry_run_pieces, dry_run_people, dry_runs, import_kept, import_undos, import_pieces;
END $migration$;
