//! Keys that were found a moment ago.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use contacts_core::OrgId;
use contacts_core::key::{ApiKey, KeyId, Token};

/// Keys that were found a moment ago, so that not every request asks the store for its key.
/// A key that is revoked elsewhere is believed until its moment is over.
pub(crate) struct KeyCache {
    life: Duration,
    found: Mutex<Found>,
}

/// By organisation and hash: the key, and since when it is believed.
type Found = HashMap<(OrgId, [u8; 32]), (Instant, ApiKey)>;

impl KeyCache {
    const MAX: usize = 10_000;

    pub(crate) fn new(life: Duration) -> Self {
        Self { life, found: Mutex::default() }
    }

    pub(crate) fn get(&self, token: &Token) -> Option<ApiKey> {
        let found = self.lock();
        let (since, key) = found.get(&(token.org(), token.hash().0))?;
        (since.elapsed() < self.life).then(|| key.clone())
    }

    pub(crate) fn put(&self, key: ApiKey) {
        let mut found = self.lock();
        if found.len() >= Self::MAX {
            found.clear();
        }
        found.insert((key.org, key.hash.0), (Instant::now(), key));
    }

    pub(crate) fn forget(&self, org: OrgId, id: KeyId) {
        self.lock().retain(|_, (_, key)| (key.org, key.id) != (org, id));
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
