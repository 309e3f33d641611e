DO $migration$
BEGIN
    DROP TABLE import_issues;
    DROP TABLE imports;
END $migration$;
