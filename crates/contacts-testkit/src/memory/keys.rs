//! API keys in memory.

use contacts_core::key::{ApiKey, KeyHash, KeyId, KeyRepository};
use contacts_core::{OrgId, Result};
use time::OffsetDateTime;

use crate::World;

impl KeyRepository for World {
    fn insert(&self, key: &ApiKey) -> Result<()> {
        self.rows(key.org, |rows| {
            rows.keys.push(key.clone());
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

    fn revoke(&self, org: OrgId, key: KeyId, now: OffsetDateTime) -> Result<Option<ApiKey>> {
        self.rows(org, |rows| {
            let Some(key) = rows.keys.iter_mut().find(|stored| stored.id == key) else {
                return Ok(None);
            };
            key.revoked_at.get_or_insert(now);
            Ok(Some(key.clone()))
        })
    }
}
