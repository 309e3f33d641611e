//! What another team has of its own: an adapter that wraps one of ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use contacts_core::key::{ApiKey, KeyHash, KeyId, KeyRepository};
use contacts_core::{Actor, OrgId, Result};
use time::OffsetDateTime;

/// Counts how often keys are looked up.
pub struct Counting {
    inner: Arc<dyn KeyRepository>,
    looked_up: AtomicU64,
}

impl Counting {
    pub fn over(inner: Arc<dyn KeyRepository>) -> Self {
        Self { inner, looked_up: AtomicU64::new(0) }
    }

    pub fn looked_up(&self) -> u64 {
        self.looked_up.load(Ordering::Relaxed)
    }
}

impl KeyRepository for Counting {
    fn insert(&self, key: &ApiKey, actor: Actor) -> Result<()> {
        self.inner.insert(key, actor)
    }

    fn find(&self, org: OrgId, hash: KeyHash) -> Result<Option<ApiKey>> {
        self.looked_up.fetch_add(1, Ordering::Relaxed);
        self.inner.find(org, hash)
    }

    fn list(&self, org: OrgId, after: Option<KeyId>, limit: usize) -> Result<Vec<ApiKey>> {
        self.inner.list(org, after, limit)
    }

    fn revoke(
        &self,
        org: OrgId,
        key: KeyId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<ApiKey>> {
        self.inner.revoke(org, key, actor, now)
    }
}
