//! State that all workers of a server share.

use std::collections::BTreeSet;
use std::sync::Arc;

use contacts_core::sync::ConnectorSlots;
use tokio::sync::Semaphore;

use crate::parts::services::Api;
use crate::parts::slots::SlotPool;

/// Maximum number of concurrent calls to issuers.
const MAX_ISSUER_CALLS: usize = 16;

/// State that all workers of a server share.
pub(crate) struct Shared {
    pub(crate) api: Api,
    pub(crate) in_store: Arc<Semaphore>,
    pub(crate) uploads: Arc<SlotPool>,
    pub(crate) downloads: Arc<SlotPool>,
    pub(crate) streams: Arc<SlotPool>,
    /// Calls to connectors for which a user waits.
    pub(crate) connector_calls: Arc<SlotPool>,
    /// Calls to issuers for which a user waits.
    pub(crate) issuer_calls: Arc<Semaphore>,
    /// The paths of POSTs whose body is a file, which is not read as a whole.
    pub(crate) streamed: BTreeSet<String>,
}

impl Shared {
    pub(crate) fn new(api: Api, streamed: BTreeSet<String>) -> Self {
        let config = &api.config;
        let share = config.org_share_percent;
        Self {
            in_store: Arc::new(Semaphore::new(config.max_in_store)),
            uploads: SlotPool::new("uploads", config.max_uploads, share),
            downloads: SlotPool::new("downloads", config.max_downloads, share),
            streams: SlotPool::new("event streams", config.max_streams, share),
            connector_calls: SlotPool::new("calls to connectors", ConnectorSlots::MAX, share),
            issuer_calls: Arc::new(Semaphore::new(MAX_ISSUER_CALLS)),
            streamed,
            api,
        }
    }
}
