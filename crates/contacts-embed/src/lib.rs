//! Contacts inside another service: every use case over one Postgres database, with the workers
//! of its jobs, and without HTTP.
//!
//! ```no_run
//! use contacts_embed::core::Actor;
//! use contacts_embed::core::contact::NewContact;
//! use contacts_embed::{Contacts, Secret};
//!
//! let secret = Secret::parse("one secret for every program over a database").unwrap();
//! let contacts = Contacts::open("postgres://localhost/contacts", &secret)?;
//! let org = contacts.organisation("Example")?;
//! let ann = NewContact { name: Some("Ann"), email: Some("ann@example.org"), ..Default::default() };
//! contacts.contacts.create(org, &ann, Actor::System)?;
//! # Ok::<(), contacts_embed::Error>(())
//! ```
//!
//! A program that embeds contacts and `contacts serve` may share a database, when they share the
//! secret. The use cases block: an asynchronous service calls them where blocking is allowed. Its
//! tests need no database: see `contacts-testkit`.

mod clock;
mod ids;
mod secret;

use std::sync::Arc;
use std::time::Duration;

pub use contacts_core as core;
use contacts_core::action::ActionService;
use contacts_core::campaign::CampaignService;
use contacts_core::contact::{CaptureService, ContactService, DuplicateService};
use contacts_core::conversation::ConversationService;
use contacts_core::erasure::ErasureService;
use contacts_core::event::FeedService;
use contacts_core::export::ExportService;
use contacts_core::field::FieldService;
use contacts_core::import::ImportService;
use contacts_core::key::KeyService;
use contacts_core::note::NoteService;
use contacts_core::org::{Organisation, OrganisationRepository};
use contacts_core::person::PersonService;
use contacts_core::segment::SegmentService;
use contacts_core::selection::SelectionService;
use contacts_core::sync::{Asking, Connectors, SyncService};
use contacts_core::tag::TagService;
use contacts_core::webhook::WebhookService;
use contacts_core::{Clock, Ids, OrgId};
use contacts_import::Csv;
pub use contacts_outbound::OutboundConfig;
use contacts_outbound::{HttpSender, Seal};
use contacts_pg::{Database, MigrateError, OpenError, PoolConfig};
use contacts_worker::Worker;
pub use contacts_worker::{WorkerConfig, Workers};

pub use crate::clock::SystemClock;
pub use crate::ids::SystemIds;
pub use crate::secret::{Purpose, Secret};

/// Every use case over one database.
#[derive(Clone)]
pub struct Contacts {
    /// Contacts.
    pub contacts: ContactService,
    /// Notes about them.
    pub notes: NoteService,
    /// Campaigns, and who is in them.
    pub campaigns: CampaignService,
    /// What chat widgets capture.
    pub captures: CaptureService,
    /// Contacts that may be one person.
    pub duplicates: DuplicateService,
    /// Conversations.
    pub conversations: ConversationService,
    /// Tags.
    pub tags: TagService,
    /// Custom fields.
    pub fields: FieldService,
    /// Imports.
    pub imports: ImportService,
    /// Exports.
    pub exports: ExportService,
    /// Filters under a name.
    pub segments: SegmentService,
    /// Selections.
    pub selections: SelectionService,
    /// Bulk actions.
    pub actions: ActionService,
    /// Erasures.
    pub erasures: ErasureService,
    /// What is held of one person.
    pub people: PersonService,
    /// The change feed.
    pub feed: FeedService,
    /// Webhooks.
    pub webhooks: WebhookService,
    /// Connected sources. Without [`Contacts::connecting`] there is no connector for any.
    pub sources: SyncService,
    /// API keys.
    pub keys: KeyService,
    /// Organisations.
    pub organisations: Arc<dyn OrganisationRepository>,
    /// The database: every port of the core.
    pub database: Arc<Database>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
}

/// Why a database cannot be used, or a use case did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its schema cannot be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// It was made with another secret, so what was hashed there would not be found here.
    #[error("the database was made with another secret: take the one of the programs beside")]
    Secret,
    /// A use case.
    #[error(transparent)]
    Core(#[from] contacts_core::Error),
}

impl Contacts {
    /// What [`Contacts::open`] opens: the most connections, and how long to wait for one.
    pub const POOL: PoolConfig = PoolConfig { size: 8, wait: Duration::from_secs(10) };

    /// Opens a database and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// [`Error`] with a sentence that says what to do.
    pub fn open(url: &str, secret: &Secret) -> Result<Self, Error> {
        let database = Database::open(url, Self::POOL, Arc::new(SystemIds), secret.addresses())?;
        let contacts = Self::over(database, secret, Arc::new(SystemClock), Arc::new(SystemIds));
        contacts.database.migrate()?;
        if contacts.database.claim(&secret.derive(Purpose::Fingerprint))? {
            Ok(contacts)
        } else {
            Err(Error::Secret)
        }
    }

    /// The use cases over a database, in a time and with ids of the caller's.
    pub fn over(
        database: Database,
        secret: &Secret,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        let database = Arc::new(database);
        let db = || database.clone();
        let (now, next) = (|| clock.clone(), || ids.clone());
        let segments = SegmentService { segments: db(), fields: db(), clock: now(), ids: next() };
        let selections = SelectionService {
            selections: db(),
            segments: segments.clone(),
            clock: now(),
            ids: next(),
        };
        Self {
            contacts: ContactService::new(db(), db(), db(), now(), next()),
            notes: NoteService::new(db(), db(), now(), next()),
            campaigns: CampaignService::new(db(), now()),
            captures: CaptureService::new(db(), db(), now(), next()),
            duplicates: DuplicateService::new(db(), db(), now()),
            conversations: ConversationService::new(db(), db()),
            tags: TagService::new(db(), now(), next()),
            fields: FieldService::new(db()),
            imports: ImportService {
                imports: db(),
                dry_runs: db(),
                undos: db(),
                files: db(),
                spreadsheets: Arc::new(Csv),
                fields: db(),
                organisations: db(),
                clock: now(),
                ids: next(),
            },
            exports: ExportService { people: db(), fields: db(), spreadsheets: Arc::new(Csv) },
            actions: ActionService {
                actions: db(),
                selections: selections.clone(),
                exports: ExportService { people: db(), fields: db(), spreadsheets: Arc::new(Csv) },
                files: db(),
                clock: now(),
                ids: next(),
            },
            segments,
            selections,
            erasures: ErasureService {
                erasures: db(),
                contacts: db(),
                imports: db(),
                files: db(),
                spreadsheets: Arc::new(Csv),
                clock: now(),
                ids: next(),
            },
            people: PersonService { people: db(), contacts: db() },
            feed: FeedService::new(db(), now()),
            webhooks: WebhookService {
                webhooks: db(),
                feed: db(),
                sender: Arc::new(HttpSender::new(OutboundConfig::default())),
                sealer: Arc::new(Seal::new(secret.derive(Purpose::Webhooks))),
                clock: now(),
                ids: next(),
            },
            sources: SyncService {
                sources: db(),
                connectors: Connectors::default(),
                sealer: Arc::new(Seal::new(secret.derive(Purpose::Sources))),
                fields: db(),
                organisations: db(),
                clock: now(),
                ids: next(),
                asking: Asking::default(),
            },
            keys: KeyService::new(db(), now(), next()),
            organisations: db(),
            clock: now(),
            ids: next(),
            database,
        }
    }

    /// The same, with what the operator allows to be sent to webhooks.
    pub fn sending(mut self, config: OutboundConfig) -> Self {
        self.webhooks.sender = Arc::new(HttpSender::new(config));
        self
    }

    /// The same, with the connectors that the operator allows for sources.
    pub fn connecting(mut self, connectors: Connectors) -> Self {
        self.sources.connectors = connectors;
        self
    }

    /// The same, with secret settings of sources sealed by the first of these secrets; those that
    /// the others have sealed, or the installation's own, can be opened. So a key is rotated: give
    /// the new one before the old ones, have [`SyncService::reseal`] done, and leave those out.
    pub fn sealing(mut self, keys: &[Secret], installation: &Secret) -> Self {
        let mut keys = keys.iter().chain([installation]).map(|key| key.derive(Purpose::Sources));
        if let Some(first) = keys.next() {
            self.sources.sealer = Arc::new(keys.fold(Seal::new(first), Seal::after));
        }
        self
    }

    /// Makes an organisation.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] when its name has not 1 to 200 characters.
    pub fn organisation(&self, name: &str) -> Result<OrgId, Error> {
        let org = OrgId(self.ids.next());
        self.organisations.insert(&Organisation::new(org, name, None, self.clock.now())?)?;
        Ok(org)
    }

    /// The workers of its jobs, not started.
    pub fn worker(&self, config: WorkerConfig) -> Worker {
        Worker {
            jobs: self.database.clone(),
            imports: self.imports.clone(),
            feed: self.feed.clone(),
            webhooks: self.webhooks.clone(),
            actions: self.actions.clone(),
            erasures: self.erasures.clone(),
            sources: self.sources.clone(),
            housekeeping: self.database.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            config,
        }
    }
}
