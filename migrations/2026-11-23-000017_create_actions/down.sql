DO $migration$
BEGIN
    DROP TABLE action_pieces, actions;
END $migration$;
