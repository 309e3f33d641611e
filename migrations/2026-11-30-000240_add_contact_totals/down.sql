ALTER TABLE event_counters DROP COLUMN contacts, DROP COLUMN counted_number;
