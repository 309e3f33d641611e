DO $migration$
BEGIN
    DROP TABLE event_counters;
    DROP TABLE events;
END $migration$;
