DO $migration$
BEGIN
    DROP TABLE selection_pieces, selections;
END $migration$;
