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
        self.rows(org, |rows| Ok(rows.keys.iter().find(|key| key.hash == hash).cloned()))
    }

    fn list(&self, org: OrgId) -> Result<Vec<ApiKey>> {
        self.rows(org, |rows| {
            let mut keys = rows.keys.clone();
            keys.sort_by_key(|key| std::cmp::Reverse((key.created_at, key.id)));
            Ok(keys)
        })
    }

    fn revoke(&self, org: OrgId, key: KeyId, now: OffsetDateTime) -> Result<Option<ApiKey>> {
        self.rows(org, |rows| {
            let Some(key) = rows.keys.iter_mut().find(|kept| kept.id == key) else {
                return Ok(None);
            };
            key.revoked_at.get_or_insert(now);
            Ok(Some(key.clone()))
        })
    }
}
