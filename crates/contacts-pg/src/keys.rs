//! API keys.

use contacts_core::key::{ApiKey, KeyHash, KeyId, KeyRepository, Scope};
use contacts_core::{OrgId, Result};
use diesel::sql_types::{Array, Binary, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{store, unread, unreadable};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    org_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Array<Text>)]
    scopes: Vec<String>,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    expires_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    revoked_at: Option<OffsetDateTime>,
}

impl Row {
    fn read(self) -> Result<ApiKey> {
        let hash = <[u8; 32]>::try_from(&self.hash[..]).map_err(unread("api_keys.hash"))?;
        let scopes: Option<_> = self.scopes.iter().map(|name| Scope::parse(name)).collect();
        Ok(ApiKey {
            id: KeyId(self.id),
            org: OrgId(self.org_id),
            name: self.name,
            scopes: scopes.ok_or_else(|| unreadable("api_keys.scopes"))?,
            hash: KeyHash(hash),
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
        })
    }
}

impl KeyRepository for Database {
    fn insert(&self, key: &ApiKey) -> Result<()> {
        let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let statement = "INSERT INTO api_keys \
             (org_id, id, name, scopes, hash, created_at, expires_at, revoked_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        self.write(|db| {
            sql_query(statement)
                .bind::<SqlUuid, _>(key.org.0)
                .bind::<SqlUuid, _>(key.id.0)
                .bind::<Text, _>(&key.name)
                .bind::<Array<Text>, _>(&scopes)
                .bind::<Binary, _>(&key.hash.0[..])
                .bind::<Timestamptz, _>(key.created_at)
                .bind::<Nullable<Timestamptz>, _>(key.expires_at)
                .bind::<Nullable<Timestamptz>, _>(key.revoked_at)
                .execute(db)
                .map(drop)
                .map_err(store)
        })
    }

    fn find(&self, org: OrgId, hash: KeyHash) -> Result<Option<ApiKey>> {
        self.read(|db| {
            let row: Option<Row> =
                sql_query("SELECT * FROM api_keys WHERE org_id = $1 AND hash = $2")
                    .bind::<SqlUuid, _>(org.0)
                    .bind::<Binary, _>(&hash.0[..])
                    .get_result(db)
                    .optional()
                    .map_err(store)?;
            row.map(Row::read).transpose()
        })
    }

    fn list(&self, org: OrgId) -> Result<Vec<ApiKey>> {
        self.read(|db| {
            let rows: Vec<Row> = sql_query(
                "SELECT * FROM api_keys WHERE org_id = $1 ORDER BY created_at DESC, id DESC",
            )
            .bind::<SqlUuid, _>(org.0)
            .load(db)
            .map_err(store)?;
            rows.into_iter().map(Row::read).collect()
        })
    }

    fn revoke(&self, org: OrgId, key: KeyId, now: OffsetDateTime) -> Result<Option<ApiKey>> {
        let statement = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, $3) \
             WHERE org_id = $1 AND id = $2 RETURNING *";
        self.write(|db| {
            let row: Option<Row> = sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(key.0)
                .bind::<Timestamptz, _>(now)
                .get_result(db)
                .optional()
                .map_err(store)?;
            row.map(Row::read).transpose()
        })
    }
}
