DO $migration$
BEGIN
    DROP TABLE file_pieces;
END $migration$;
