DO $migration$
BEGIN
    DROP TABLE contact_conversations;
    DROP TABLE conversations;
END $migration$;
