DO $migration$
BEGIN
    DROP TABLE webhook_deliveries;
    DROP TABLE webhooks;
END $migration$;
