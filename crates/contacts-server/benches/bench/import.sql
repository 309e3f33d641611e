-- The limit of an import: the best that we can type into psql. The people come with every column
-- computed and with their ids; :folder holds them, :org, :import and :now are whose, which and when.
--
-- What makes it fast: the join that tells who is known runs once, on analysed tables, before
-- anything is written, and everything after carries its ids along; rows that stay as they are are
-- neither locked nor written; and sorting, hashing and the upkeep of the search index get memory.
SET work_mem = '256MB';
SET maintenance_work_mem = '256MB';

CREATE UNLOGGED TABLE staged (
    id uuid, name text, name_key text COLLATE "C", email text, email_key text COLLATE "C",
    phone text, phone_e164 text, search text, custom jsonb, row_number bigint, tags int[]
);
CREATE UNLOGGED TABLE staged_tags (place int, id uuid, name text, key text COLLATE "C");
\copy staged FROM 'staged.copy'
\copy staged_tags FROM 'tags.copy'
ANALYZE staged, staged_tags;

BEGIN;
INSERT INTO tags (org_id, id, name, key, created_at)
SELECT :'org', id, name, key, :'now' FROM staged_tags ON CONFLICT (org_id, key) DO NOTHING;

WITH met AS MATERIALIZED (
    SELECT s.*, coalesce(c.id, s.id) AS contact_id, c.id IS NULL AS is_new,
        (c.name, c.phone, c.custom) IS DISTINCT FROM
            (s.name, coalesce(s.phone, c.phone), c.custom || s.custom) AS is_changed
    FROM staged s
    LEFT JOIN contacts c ON c.org_id = :'org' AND c.email_key = s.email_key AND c.email_key <> ''
), upserted AS (
    INSERT INTO contacts AS c (org_id, id, name, name_key, email, email_key, phone, phone_e164,
        search, custom, created_at, updated_at, version)
    SELECT :'org', contact_id, name, name_key, email, email_key, phone, phone_e164, search, custom,
        :'now', :'now', 1
    FROM met WHERE is_changed
    ON CONFLICT (org_id, email_key) WHERE email_key <> '' DO UPDATE SET
        name = excluded.name, name_key = excluded.name_key,
        phone = coalesce(excluded.phone, c.phone),
        phone_e164 = coalesce(excluded.phone_e164, c.phone_e164),
        search = excluded.search, custom = c.custom || excluded.custom,
        updated_at = excluded.updated_at, version = c.version + 1
), linked AS (
    INSERT INTO contact_tags (org_id, contact_id, tag_id)
    SELECT :'org', m.contact_id, t.id
    FROM met m CROSS JOIN LATERAL unnest(m.tags) AS place
    JOIN staged_tags s USING (place) JOIN tags t ON t.org_id = :'org' AND t.key = s.key
    ON CONFLICT (org_id, contact_id, tag_id) DO NOTHING
)
INSERT INTO contact_sources (org_id, contact_id, kind, origin_id, reference, visitor, row_number,
    at, is_first)
SELECT :'org', contact_id, 'csv_import', :'import', '', NULL, row_number, :'now', is_new FROM met
ON CONFLICT (org_id, contact_id, kind, origin_id, reference) DO NOTHING;
COMMIT;

-- The program leaves the search index merged and the statistics fresh, and so do we.
SELECT gin_clean_pending_list('contacts_org_id_search_idx');
ANALYZE contacts, contact_tags, contact_sources;
DROP TABLE staged, staged_tags;
