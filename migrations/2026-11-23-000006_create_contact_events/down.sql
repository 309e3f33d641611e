DO $migration$
BEGIN
    DROP TABLE contact_events;
END $migration$;
