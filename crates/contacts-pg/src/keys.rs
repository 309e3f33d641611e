//! The port of API keys.

use contacts_core::key::{ApiKey, KeyHash, KeyId, KeyRepository, Scope};
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, OrgId, Result};
use diesel::pg::Pg;
use diesel::{
    ExpressionMethods, Insertable, QueryDsl, Queryable, Selectable, SelectableHelper, insert_into,
    update,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{PgResult, RunQuery, unread, unreadable};
use crate::schema::api_keys;
use crate::trail::record;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = api_keys, check_for_backend(Pg), treat_none_as_default_value = false)]
struct Row {
    org_id: Uuid,
    id: Uuid,
    name: String,
    scopes: Vec<Option<String>>,
    hash: Vec<u8>,
    created_at: OffsetDateTime,
    expires_at: Option<OffsetDateTime>,
    revoked_at: Option<OffsetDateTime>,
}

impl Row {
    fn of(key: &ApiKey) -> Self {
        Self {
            org_id: key.org.0,
            id: key.id.0,
            name: key.name.clone(),
            scopes: key.scopes.iter().map(|scope| Some(scope.as_str().to_owned())).collect(),
            hash: key.hash.0.to_vec(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
        }
    }

    fn read(self) -> PgResult<ApiKey> {
        let hash = <[u8; 32]>::try_from(&self.hash[..]).map_err(unread("api_keys.hash"))?;
        let scopes = self.scopes.iter().map(|name| Scope::parse(name.as_deref()?));
        let scopes: Option<_> = scopes.collect();
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
    fn insert(&self, key: &ApiKey, actor: Actor) -> Result<()> {
        let row = Row::of(key);
        self.write(key.org, |tx| {
            insert_into(api_keys::table).values(&row).execute(tx)?;
            record(tx, &TrailEvent::key_issued(key), actor, key.created_at)
        })
    }

    fn find(&self, org: OrgId, hash: KeyHash) -> Result<Option<ApiKey>> {
        self.read(org, |tx| {
            let row: Option<Row> = api_keys::table
                .filter(api_keys::org_id.eq(tx.org.0))
                .filter(api_keys::hash.eq(&hash.0[..]))
                .select(Row::as_select())
                .row(tx)?;
            row.map(Row::read).transpose()
        })
    }

    fn list(&self, org: OrgId, after: Option<KeyId>, limit: usize) -> Result<Vec<ApiKey>> {
        self.read(org, |tx| {
            let mut select = api_keys::table
                .filter(api_keys::org_id.eq(tx.org.0))
                .order(api_keys::id.desc())
                .limit(limit as i64)
                .select(Row::as_select())
                .into_boxed();
            if let Some(after) = after {
                select = select.filter(api_keys::id.lt(after.0));
            }
            let rows: Vec<Row> = select.load(tx)?;
            rows.into_iter().map(Row::read).collect()
        })
    }

    fn revoke(
        &self,
        org: OrgId,
        key: KeyId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<ApiKey>> {
        self.write_at(org, now, |tx| {
            let live =
                api_keys::table.find((tx.org.0, key.0)).filter(api_keys::revoked_at.is_null());
            if update(live).set(api_keys::revoked_at.eq(now)).execute(tx)? == 1 {
                record(tx, &TrailEvent::key_revoked(key), actor, now)?;
            }
            let row: Option<Row> =
                api_keys::table.find((tx.org.0, key.0)).select(Row::as_select()).row(tx)?;
            row.map(Row::read).transpose()
        })
    }
}
