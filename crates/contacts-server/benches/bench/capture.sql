-- The limit of a capture, for pgbench: one transaction that writes what a capture writes, given
-- people with every column computed in the table said. An address that is known adds a source; a
-- new one adds a contact.
\set n random(1, :people)
\set v random(1, 1000000000000)
BEGIN;
SELECT id AS made, email_key AS key FROM said WHERE n = :n
\gset
WITH made AS (
    INSERT INTO contacts (org_id, id, name, name_key, email, email_key, phone, phone_e164, search,
        custom, created_at, updated_at, version)
    SELECT :org, gen_random_uuid(), name, name_key, email, email_key, phone, phone_e164, search,
        '{}', now(), now(), 1
    FROM said s WHERE n = :n AND NOT is_known
        AND NOT EXISTS (SELECT FROM addresses WHERE org_id = :org AND email_key = :key)
    RETURNING id, email, email_key
)
INSERT INTO addresses (org_id, email_key, contact_id, email, is_primary, added_at, source)
SELECT :org, email_key, id, email, true, now(), 'chat' FROM made
ON CONFLICT (org_id, email_key) DO NOTHING;
WITH met AS (
    SELECT c.id FROM addresses a JOIN contacts c ON c.org_id = :org AND c.id = a.contact_id
    WHERE a.org_id = :org AND a.email_key = :key FOR UPDATE OF c
),
said_now AS (
    INSERT INTO conversations (org_id, id, widget_id, visitor, started_at, last_message_at,
        messages, preview, link)
    VALUES (:org, gen_random_uuid(), :widget, :v::text, now(), now(), 0, '', '')
    RETURNING id
), came AS (
    INSERT INTO contact_sources (org_id, contact_id, kind, detail_id, reference, visitor, at,
        is_first)
    SELECT :org, met.id, 'chat', :widget, said_now.id::text, :v::text, now(), false
    FROM met, said_now
), known AS (
    INSERT INTO visitors (org_id, widget_id, visitor, contact_id)
    SELECT :org, :widget, :v::text, met.id FROM met
    ON CONFLICT (org_id, widget_id, visitor) DO NOTHING
), told AS (
    INSERT INTO events (org_id, id, kind, contacts, fields, actor_kind, at)
    SELECT :org, gen_random_uuid(), 'created', ARRAY[id], '{}', 'key', now() FROM met
)
INSERT INTO contact_conversations (org_id, contact_id, conversation_id)
SELECT :org, met.id, said_now.id FROM met, said_now;
COMMIT;
