DO $migration$
BEGIN
    DROP TABLE contact_sources;
END $migration$;
