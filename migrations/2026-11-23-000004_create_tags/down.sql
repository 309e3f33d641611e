DO $migration$
BEGIN
    DROP TABLE contact_tags;
    DROP TABLE tags;
END $migration$;
