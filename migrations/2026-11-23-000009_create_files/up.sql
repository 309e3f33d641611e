-- Files in pieces: no file is ever whole in memory, and one database is all there is to back up.
DO $migration$
BEGIN
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);
    PERFORM set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

    CREATE TABLE file_pieces (
        org_id uuid NOT NULL,
        file_id uuid NOT NULL,
        piece integer NOT NULL,
        bytes bytea NOT NULL,
        CONSTRAINT file_pieces_pkey PRIMARY KEY (org_id, file_id, piece)
    );
    -- Compressing would cost more time than it saves of a disk that is read once or twice.
    ALTER TABLE file_pieces ALTER COLUMN bytes SET STORAGE EXTERNAL;
    PERFORM app_distribute('file_pieces');
END $migration$;
