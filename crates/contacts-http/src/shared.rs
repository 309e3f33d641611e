//! What all workers of a server share.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Semaphore;

use uuid::Uuid;

use crate::Api;
use crate::client::Client;
use crate::credentials::Credentials;
use crate::rate::Rate;

/// What all workers of a server share.
pub(crate) struct Shared {
    pub(crate) api: Api,
    pub(crate) credentials: Credentials,
    pub(crate) rate: Rate<Uuid>,
    pub(crate) capture_rate: Rate<Client>,
    pub(crate) sign_in_rate: Rate<Client>,
    pub(crate) in_store: Arc<Semaphore>,
    pub(crate) uploads: Arc<Semaphore>,
    pub(crate) streams: Arc<Semaphore>,
    /// The paths of POSTs whose body is a file, which is not read whole.
    pub(crate) streamed: BTreeSet<String>,
}

impl Shared {
    pub(crate) fn new(api: Api, streamed: BTreeSet<String>) -> Self {
        let config = &api.config;
        Self {
            credentials: Credentials::new(config.key_cache),
            rate: Rate::per_second(config.rate_per_second, config.rate_burst),
            capture_rate: Rate::per_minute(config.captures_per_minute, "captures"),
            sign_in_rate: Rate::per_minute(config.sign_ins_per_minute, "attempts to sign in"),
            in_store: Arc::new(Semaphore::new(config.max_in_store)),
            uploads: Arc::new(Semaphore::new(config.max_uploads)),
            streams: Arc::new(Semaphore::new(config.max_streams)),
            streamed,
            api,
        }
    }
}
