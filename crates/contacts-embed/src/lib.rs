//! Contacts inside another service: every use case over one Postgres database, with the workers
//! of its jobs, and without HTTP.
//!
//! # Open
//!
//! [`Contacts::open`] connects with the default pool and brings the schema up to date.
//! [`Contacts::options`] sets the pool, the timeouts, and what webhooks and connected sources may
//! reach:
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use contacts_embed::{Contacts, Secret};
//!
//! let secret = Secret::parse("one secret for every program over a database").unwrap();
//! let contacts = Contacts::options("postgres://localhost/contacts", &secret)
//!     .pool_size(16)
//!     .pool_wait(Duration::from_secs(2))
//!     .connect_timeout(Duration::from_secs(5))
//!     .parameter("application_name", "crm")
//!     .open()?;
//! # Ok::<(), contacts_embed::Error>(())
//! ```
//!
//! A program that embeds contacts and `contacts serve` may share a database if they share the
//! secret.
//!
//! # Create
//!
//! [`Contacts`] dereferences to [`core::Services`], whose fields are the use cases: `contacts`,
//! `campaigns`, `imports` and so on. The first argument of each is the organisation, the last one
//! the actor:
//!
//! ```no_run
//! # let secret = contacts_embed::Secret::parse("one secret for every program over it").unwrap();
//! # let contacts = contacts_embed::Contacts::open("postgres://localhost/contacts", &secret)?;
//! use contacts_embed::core::Actor;
//! use contacts_embed::core::contact::NewContact;
//!
//! let org = contacts.organisation("Example")?;
//! let ann =
//!     NewContact { name: Some("Ann"), email: Some("ann@example.org"), ..Default::default() };
//! let ann = contacts.contacts.create(org, &ann, Actor::System)?;
//! # Ok::<(), contacts_embed::Error>(())
//! ```
//!
//! # Create and update many
//!
//! A batch adds and changes up to 1,000 contacts in one transaction, and an upsert one contact by
//! its address or its external id:
//!
//! ```no_run
//! # let secret = contacts_embed::Secret::parse("one secret for every program over it").unwrap();
//! # let contacts = contacts_embed::Contacts::open("postgres://localhost/contacts", &secret)?;
//! # let org = contacts.organisation("Example")?;
//! use contacts_embed::core::Actor;
//! use contacts_embed::core::batch::{RawBatch, RawItem, UpsertKey};
//! use contacts_embed::core::contact::NewContact;
//!
//! let values = NewContact { name: Some("Ann"), external_id: Some("A-17"), ..Default::default() };
//! let items = vec![RawItem { id: None, values }];
//! let batch = RawBatch { items, ..RawBatch::default() };
//! for outcome in contacts.batches.apply(org, &batch, Actor::System)? {
//!     println!("{outcome:?}");
//! }
//! let values = NewContact { email: Some("ann@example.org"), ..Default::default() };
//! let ann = contacts.batches.upsert(org, UpsertKey::ExternalId("A-17"), &values, Actor::System)?;
//! assert!(!ann.is_new);
//! # Ok::<(), contacts_embed::Error>(())
//! ```
//!
//! # Import
//!
//! An import is uploaded, analysed by a worker, planned, started, and run by a worker. Here
//! [`Worker::run_due`] runs both jobs on this thread:
//!
//! ```no_run
//! # let secret = contacts_embed::Secret::parse("one secret for every program over it").unwrap();
//! # let contacts = contacts_embed::Contacts::open("postgres://localhost/contacts", &secret)?;
//! # let org = contacts.organisation("Example")?;
//! use contacts_embed::WorkerConfig;
//! use contacts_embed::core::Actor;
//!
//! const MAX_FILE_BYTES: u64 = 1 << 20;
//! let worker = contacts.worker(WorkerConfig::one());
//! let mut upload = contacts.imports.begin(org, "people.csv", Actor::System, MAX_FILE_BYTES)?;
//! upload.push(b"Name,Email\nAnn,ann@example.org\n")?;
//! let import = upload.finish()?;
//! worker.run_due()?;
//! contacts.imports.start(org, import.id, Actor::System)?;
//! worker.run_due()?;
//! assert_eq!(contacts.imports.get(org, import.id)?.tally.added, 1);
//! # Ok::<(), contacts_embed::Error>(())
//! ```
//!
//! # Run workers
//!
//! Imports, bulk actions, erasures, webhooks and connected sources are jobs. [`Worker::start`]
//! runs them on threads of its own, until [`Workers`] is dropped:
//!
//! ```no_run
//! # let secret = contacts_embed::Secret::parse("one secret for every program over it").unwrap();
//! # let contacts = contacts_embed::Contacts::open("postgres://localhost/contacts", &secret)?;
//! let workers = contacts.worker(contacts_embed::WorkerConfig::default()).start().unwrap();
//! // … the service runs …
//! workers.stop();
//! # Ok::<(), contacts_embed::Error>(())
//! ```
//!
//! # Asynchronous services
//!
//! The use cases block. With the feature `tokio`, `AsyncContacts` runs them on threads that may
//! block, at most as many at a time as the pool has connections:
//!
//! ```ignore
//! let contacts = AsyncContacts::open(Contacts::options(url, &secret)).await?;
//! let found = contacts.run(move |c| c.contacts.get(org, id)).await?;
//! ```
//!
//! # Test
//!
//! Code that takes [`core::Services`] instead of [`Contacts`] needs no database in its tests: the
//! crate `contacts-testkit` has a `World` in memory, whose `services()` are the same use cases
//! with a clock that the test moves and with predictable ids.

#[cfg(feature = "tokio")]
mod asynchronous;
mod clock;
mod connection;
mod ids;
mod options;
mod secret;

use std::ops::Deref;
use std::sync::Arc;

pub use contacts_core as core;
use contacts_core::org::Organisation;
use contacts_core::{OrgId, Ports, Services};
pub use contacts_outbound::{HttpSender, OutboundConfig};
pub use contacts_pg::{Database, DatabaseClock, MigrateError, Migrated, OpenError, PoolConfig};
pub use contacts_worker::{Worker, WorkerConfig, Workers};

#[cfg(feature = "tokio")]
pub use crate::asynchronous::AsyncContacts;
pub use crate::clock::SystemClock;
pub use crate::ids::ClockIds;
pub use crate::options::OpenOptions;
pub use crate::secret::{Purpose, Secret};

/// All use cases on one database. It dereferences to [`Services`].
#[derive(Clone)]
pub struct Contacts {
    services: Services,
    ports: Ports,
    /// The database.
    pub database: Arc<Database>,
    secret: Secret,
}

/// The reason why a database cannot be used, or why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The schema cannot be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database was made with another secret, so its hashes and sealed values cannot be read.
    #[error(
        "this database belongs to an installation with another secret: open it with that secret"
    )]
    Secret,
    /// A use case failed.
    #[error(transparent)]
    Core(#[from] contacts_core::Error),
    /// The asynchronous runtime shut down before the use case began.
    #[error("the service is shutting down")]
    ShuttingDown,
}

impl Contacts {
    /// Opens a database with the default options and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// [`Error`] with a sentence that says what to do.
    pub fn open(url: &str, secret: &Secret) -> Result<Self, Error> {
        Self::options(url, secret).open()
    }

    /// Returns the default options for opening a database. `url` is a connection string of libpq,
    /// either `postgres://…` or `key=value …`.
    pub fn options(url: &str, secret: &Secret) -> OpenOptions {
        OpenOptions::new(url, secret)
    }

    /// Brings the schema up to date, and verifies that the database was made with this secret.
    ///
    /// # Errors
    ///
    /// [`Error::Migrate`], [`Error::Secret`] or [`Error::Core`].
    pub fn migrate(&self) -> Result<Migrated, Error> {
        let migrated = self.database.migrate()?;
        if self.database.claim(&self.derive(Purpose::Fingerprint))? {
            Ok(migrated)
        } else {
            Err(Error::Secret)
        }
    }

    /// Creates an organisation.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] unless its name has 1 to 200 characters.
    pub fn organisation(&self, name: &str) -> Result<OrgId, Error> {
        let org = OrgId(self.ids.next());
        self.organisations.insert(&Organisation::new(org, name, None, self.clock.now())?)?;
        Ok(org)
    }

    /// Returns a worker for the jobs, which is not started yet.
    pub fn worker(&self, config: WorkerConfig) -> Worker {
        Worker::over(self.ports.clone(), config)
    }

    /// Returns the ports of the use cases.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Replaces ports, for example the file store, and rebuilds the use cases on them.
    pub fn replace_ports(mut self, replace: impl FnOnce(&mut Ports)) -> Self {
        replace(&mut self.ports);
        self.services = Services::over(&self.ports);
        self
    }

    /// Derives the key for a purpose from the secret.
    pub fn derive(&self, purpose: Purpose) -> [u8; 32] {
        self.secret.derive(purpose)
    }
}

impl Deref for Contacts {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.services
    }
}
