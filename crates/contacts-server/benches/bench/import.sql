-- The limit of an import: the best that we can type into psql. The people come with every column
-- computed and with ids for those who are new; :org, :import and :now are whose, which and when.
--
-- What makes it fast: one join tells who is known and what would change, on analysed tables and
-- before anything is written, and everything after carries its ids along; rows that stay as they
-- are are neither locked nor written; what is new needs no ON CONFLICT; and joins, sorting and the
-- upkeep of the search index get memory. As one upsert with ON CONFLICT it takes a tenth more.
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
CREATE UNLOGGED TABLE met AS
SELECT s.*, coalesce(c.id, s.id) AS contact_id, c.id IS NULL AS is_new,
    (c.name, c.phone, c.custom) IS DISTINCT FROM
        (s.name, coalesce(s.phone, c.phone), c.custom || s.custom) AS is_changed
FROM staged s
LEFT JOIN addresses a ON a.org_id = :'org' AND a.email_key = s.email_key AND s.email_key <> ''
LEFT JOIN contacts c ON c.org_id = :'org' AND c.id = a.contact_id;
ANALYZE met;

INSERT INTO contacts (org_id, id, name, name_key, email, email_key, phone, phone_e164, search,
    custom, created_at, updated_at, version)
SELECT :'org', contact_id, name, name_key, email, email_key, phone, phone_e164, search, custom,
    :'now', :'now', 1
FROM met WHERE is_new;

INSERT INTO addresses (org_id, email_key, contact_id, email, is_primary, added_at, source)
SELECT :'org', email_key, contact_id, email, true, :'now', 'csv_import'
FROM met WHERE is_new AND email_key <> '';

UPDATE contacts c SET name = m.name, name_key = m.name_key, phone = coalesce(m.phone, c.phone),
    phone_e164 = coalesce(m.phone_e164, c.phone_e164), search = m.search,
    custom = c.custom || m.custom, updated_at = :'now', version = c.version + 1
FROM met m
WHERE m.is_changed AND NOT m.is_new AND c.org_id = :'org' AND c.id = m.contact_id;

INSERT INTO tags (org_id, id, name, key, created_at)
SELECT :'org', id, name, key, :'now' FROM staged_tags ON CONFLICT (org_id, key) DO NOTHING;

INSERT INTO contact_tags (org_id, contact_id, tag_id)
SELECT :'org', m.contact_id, t.id
FROM met m CROSS JOIN LATERAL unnest(m.tags) AS place
JOIN staged_tags s USING (place) JOIN tags t ON t.org_id = :'org' AND t.key = s.key
WHERE m.is_new OR NOT EXISTS (
    SELECT FROM contact_tags k
    WHERE k.org_id = :'org' AND k.contact_id = m.contact_id AND k.tag_id = t.id);

INSERT INTO contact_sources (org_id, contact_id, kind, detail_id, reference, visitor, row_number,
    at, is_first)
SELECT :'org', contact_id, 'csv_import', :'import', '', NULL, row_number, :'now', is_new FROM met;
COMMIT;

-- The program leaves the search index merged and the statistics fresh, and so do we.
SELECT gin_clean_pending_list('contacts_org_id_search_idx');
ANALYZE contacts, addresses, contact_tags, contact_sources;
DROP TABLE staged, staged_tags, met;
