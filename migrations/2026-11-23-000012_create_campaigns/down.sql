DO $migration$
BEGIN
    DROP TABLE suppressions;
    DROP TABLE subscriptions;
    DROP TABLE campaigns;
END $migration$;
