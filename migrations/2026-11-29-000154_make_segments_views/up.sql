-- A segment is a view of the list: it keeps the order and the columns too, and may belong to one user
-- or key (R62).
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    ALTER TABLE segments ADD COLUMN sort text;
    ALTER TABLE segments ADD COLUMN layout jsonb NOT NULL DEFAULT '[]';
    ALTER TABLE segments ADD COLUMN owner_id uuid;
END $migration$;
