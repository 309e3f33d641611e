-- The limit of an export: the best that we can type into psql. Everybody's tags are put together
-- once and joined, rather than looked up for each; the file holds what the program's file holds.
SET work_mem = '256MB';
SET jit = off;
CREATE TEMP VIEW everybody AS
SELECT c.id, c.external_id, c.name, c.email, array_to_string(c.other_emails, '; ') AS other_emails,
    c.phone, k.tags, c.custom ->> 'home_city' AS city,
    c.custom ->> 'points' AS points,
    CASE WHEN u.contact_id IS NULL THEN 'subscribed' ELSE 'unsubscribed' END AS consent,
    concat_ws(': ', s.kind, i.file_name) AS source, c.created_at, c.updated_at
FROM contacts c
LEFT JOIN unsubscribes u ON u.org_id = :'org' AND u.contact_id = c.id
LEFT JOIN (
    SELECT ct.contact_id, string_agg(t.name, ', ' ORDER BY t.key) AS tags
    FROM contact_tags ct JOIN tags t ON t.org_id = :'org' AND t.id = ct.tag_id
    WHERE ct.org_id = :'org' GROUP BY ct.contact_id
) k ON k.contact_id = c.id
LEFT JOIN contact_sources s ON s.org_id = :'org' AND s.contact_id = c.id AND s.is_first
LEFT JOIN imports i ON i.org_id = :'org' AND i.id = s.detail_id AND s.kind = 'csv_import'
WHERE c.org_id = :'org';
\copy (SELECT * FROM everybody ORDER BY id) TO 'limit.csv' WITH (FORMAT csv, HEADER)
