//! API keys in memory.

use contacts_core::key::{ApiKey, KeyHash, KeyId, KeyRepository};
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, OrgId, Result};
use time::OffsetDateTime;

use crate::World;

impl KeyRepository for World {
    fn insert(&self, key: &ApiKey, actor: Actor) -> Result<()> {
        self.rows(key.org, |rows| {
            rows.keys.push(key.clone());
            rows.record(TrailEvent::key_issued(key), actor, key.created_at);
            Ok(())
        })
    }

    fn find(&self, org: OrgId, hash: KeyHash) -> Result<Option<ApiKey>> {
        self.read(org, |rows| Ok(rows.keys.iter().find(|key| key.hash == hash).cloned()))
    }

    fn list(&self, org: OrgId, after: Option<KeyId>, limit: usize) -> Result<Vec<ApiKey>> {
        self.read(org, |rows| {
            let mut keys = rows.keys.clone();
            keys.retain(|key| after.is_none_or(|after| key.id < after));
            keys.sort_by_key(|key| std::cmp::Reverse(key.id));
            keys.truncate(limit);
            Ok(keys)
        })
    }

    fn revoke(
        &self,
        org: OrgId,
        key: KeyId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<ApiKey>> {
        self.rows(org, |rows| {
            let Some(key) = rows.keys.iter_mut().find(|stored| stored.id == key) else {
                return Ok(None);
            };
            let is_new = key.revoked_at.is_none();
            key.revoked_at.get_or_insert(now);
            let key = key.clone();
            if is_new {
                rows.record(TrailEvent::key_revoked(key.id), actor, now);
            }
            Ok(Some(key))
        })
    }
}
