-- One row, `line`: what `diesel print-schema` prints for this database. Foreign keys of several
-- columns are left out, as diesel leaves them out; there are no others.
WITH tables AS (
    SELECT c.oid, c.relname::text AS name FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
        AND c.relname <> '__diesel_schema_migrations'
), columns AS (
    SELECT t.name AS table_name, a.attnum,
        format('        %s -> %s,', a.attname, CASE WHEN a.attnotnull THEN t_name.rust
            ELSE format('Nullable<%s>', t_name.rust) END) AS line
    FROM tables t
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type y ON y.oid = a.atttypid
    CROSS JOIN LATERAL (SELECT CASE WHEN y.typname LIKE '\_%'
        THEN format('Array<Nullable<%s>>', initcap(substr(y.typname, 2)))
        ELSE initcap(y.typname) END AS rust) t_name
), keys AS (
    SELECT t.name AS table_name, string_agg(a.attname::text, ', ' ORDER BY k.place) AS columns
    FROM tables t JOIN pg_constraint p ON p.conrelid = t.oid AND p.contype = 'p'
    CROSS JOIN LATERAL unnest(p.conkey) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
    GROUP BY t.name
), blocks AS (
    SELECT k.table_name, format(E'diesel::table! {\n    %s (%s) {\n%s\n    }\n}\n', k.table_name,
        k.columns, string_agg(c.line, E'\n' ORDER BY c.attnum)) AS text
    FROM keys k JOIN columns c USING (table_name) GROUP BY k.table_name, k.columns
)
SELECT format(E'// @generated automatically by Diesel CLI.\n\n%s\n%s',
    string_agg(text, E'\n' ORDER BY table_name COLLATE "C"),
    format(E'diesel::allow_tables_to_appear_in_same_query!(\n%s\n);\n',
        string_agg(format('    %s,', table_name), E'\n' ORDER BY table_name COLLATE "C"))) AS line
FROM blocks
