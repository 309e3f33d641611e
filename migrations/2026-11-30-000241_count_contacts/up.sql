-- Counts the contacts of each organisation once. One statement sees contacts, events and counters
-- at the same moment. Events that get their numbers later have higher ones.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.multi_task_query_log_level', 'off', true);

    INSERT INTO event_counters (org_id, last_number, contacts, counted_number)
        SELECT org_id, coalesce(k.last_number, 0), coalesce(c.number, 0) - coalesce(w.change, 0),
            coalesce(k.last_number, 0)
        FROM event_counters k
        FULL JOIN (SELECT org_id, count(*) AS number FROM contacts GROUP BY org_id) c USING (org_id)
        LEFT JOIN (SELECT org_id, sum(CASE kind WHEN 'created' THEN cardinality(contacts)
                WHEN 'updated' THEN 0 ELSE -cardinality(contacts) END) AS change
            FROM events WHERE number IS NULL GROUP BY org_id) w USING (org_id)
        ON CONFLICT (org_id) DO UPDATE
            SET contacts = excluded.contacts, counted_number = excluded.counted_number;
END $migration$;
