//! Options for opening a database.

use std::sync::Arc;
use std::time::Duration;

use contacts_core::identity::Providers;
use contacts_core::sync::Connectors;
use contacts_core::{Clock, Ids, Ports, Repositories, Services};
use contacts_import::TableFiles;
use contacts_outbound::{HttpSender, OutboundConfig, Seal};
use contacts_pg::{Database, DatabaseClock, OpenError, PoolConfig};

use crate::connection::with_parameter;
use crate::{ClockIds, Contacts, Error, Purpose, Secret, SystemClock};

/// Options for opening a database, and the addresses that webhooks and connected sources may reach.
/// Created by [`Contacts::options`].
#[derive(Clone)]
pub struct OpenOptions {
    url: String,
    secret: Secret,
    pool: PoolConfig,
    outbound: OutboundConfig,
    connectors: Connectors,
    providers: Providers,
    source_keys: Vec<Secret>,
    clock: Option<Arc<dyn Clock>>,
    ids: Option<Arc<dyn Ids>>,
}

impl OpenOptions {
    /// The default pool: eight connections, and a wait of at most ten seconds for one.
    pub const POOL: PoolConfig = PoolConfig::new(8, Duration::from_secs(10));

    pub(crate) fn new(url: &str, secret: &Secret) -> Self {
        Self {
            url: url.to_owned(),
            secret: secret.clone(),
            pool: Self::POOL,
            outbound: OutboundConfig::default(),
            connectors: Connectors::default(),
            providers: Providers::default(),
            source_keys: Vec::new(),
            clock: None,
            ids: None,
        }
    }

    /// Sets the size of the pool and the longest wait for a connection.
    pub fn pool(self, pool: PoolConfig) -> Self {
        Self { pool, ..self }
    }

    /// Sets the largest number of connections. The default is 8.
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.pool.size = connections;
        self
    }

    /// Sets how long a use case waits for a connection before it fails with
    /// [`contacts_core::Error::Busy`]. The default is 10 seconds.
    pub fn pool_wait(mut self, wait: Duration) -> Self {
        self.pool.wait = wait;
        self
    }

    /// Sets how long connecting to the server may take, in whole seconds and at least 2. The
    /// default is libpq's: no limit.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.parameter("connect_timeout", &timeout.as_secs().max(2).to_string())
    }

    /// Sets a connection parameter of libpq, such as `application_name`, `sslmode`, `keepalives` or
    /// `tcp_user_timeout`. It replaces that of the connection string. Do not set `options`: its
    /// default contains the planner settings that the queries need.
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.url = with_parameter(&self.url, name, value);
        self
    }

    /// Sets which addresses webhooks may have. The default permits only `https://` addresses
    /// outside the network.
    pub fn outbound(self, outbound: OutboundConfig) -> Self {
        Self { outbound, ..self }
    }

    /// Sets the connectors that connected sources may use. There are none by default.
    pub fn connectors(self, connectors: Connectors) -> Self {
        Self { connectors, ..self }
    }

    /// Sets the issuers at which users sign in. There are none by default.
    pub fn providers(self, providers: Providers) -> Self {
        Self { providers, ..self }
    }

    /// Sets keys for the secret settings of connected sources. The first one encrypts; the others
    /// and the secret only decrypt. To rotate a key, put the new one first, call
    /// [`contacts_core::sync::SyncService::reseal`], and remove the old ones. By default the secret
    /// does both.
    pub fn source_keys(mut self, keys: &[Secret]) -> Self {
        self.source_keys = keys.to_vec();
        self
    }

    /// Replaces the clock, which by default follows the database's clock ([`DatabaseClock`]). All
    /// programs over a database need the same time.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// Replaces the generator of ids, which by default makes UUIDs of version 7 from the clock.
    pub fn ids(self, ids: Arc<dyn Ids>) -> Self {
        Self { ids: Some(ids), ..self }
    }

    /// Returns the maximum number of connections.
    #[cfg(feature = "tokio")]
    pub(crate) fn connections(&self) -> usize {
        self.pool.size as usize
    }

    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// [`Error`] with a sentence that says what to do.
    pub fn open(self) -> Result<Contacts, Error> {
        let contacts = self.connect()?;
        contacts.migrate()?;
        Ok(contacts)
    }

    /// Opens the database without checking its schema. Call [`Contacts::migrate`] before any use
    /// case.
    ///
    /// # Errors
    ///
    /// [`OpenError`] with a sentence that says what to do.
    pub fn connect(self) -> Result<Contacts, OpenError> {
        let Self { url, secret, pool, outbound, connectors, providers, source_keys, clock, ids } =
            self;
        let follower = DatabaseClock::new(Arc::new(SystemClock));
        let (clock, follower) = match clock {
            Some(clock) => (clock, None),
            None => (follower.clone() as Arc<dyn Clock>, Some(follower)),
        };
        let ids = ids.unwrap_or_else(|| Arc::new(ClockIds::new(clock.clone())));
        let database = Database::open(&url, pool, ids.clone(), secret.addresses())?;
        if let Some(follower) = follower {
            follower.follow_database(&database).map_err(OpenError::Thread)?;
        }
        let database = Arc::new(database);
        let ports = Ports {
            repositories: Repositories::of(&database),
            clock,
            ids,
            spreadsheets: Arc::new(TableFiles),
            webhook_sender: Arc::new(HttpSender::new(outbound)),
            webhook_sealer: Arc::new(Seal::new(secret.derive(Purpose::Webhooks))),
            source_sealer: Arc::new(source_sealer(&source_keys, &secret)),
            connectors,
            providers,
        };
        Ok(Contacts { services: Services::over(&ports), ports, database, secret })
    }
}

fn source_sealer(keys: &[Secret], secret: &Secret) -> Seal {
    let key = |secret: &Secret| secret.derive(Purpose::Sources);
    let Some((first, others)) = keys.split_first() else { return Seal::new(key(secret)) };
    others.iter().chain([secret]).map(key).fold(Seal::new(key(first)), Seal::with_old_key)
}
