//! Joins the adapters to the core.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use contacts_core::action::ActionService;
use contacts_core::campaign::CampaignService;
use contacts_core::contact::ContactService;
use contacts_core::event::FeedService;
use contacts_core::export::ExportService;
use contacts_core::field::FieldService;
use contacts_core::import::ImportService;
use contacts_core::key::KeyService;
use contacts_core::note::NoteService;
use contacts_core::org::OrganisationRepository;
use contacts_core::segment::SegmentService;
use contacts_core::selection::SelectionService;
use contacts_core::tag::TagService;
use contacts_core::{Clock, Error, Ids};
use contacts_http::{Answers, Api, ApiConfig};
use contacts_import::Csv;
use contacts_pg::{Database, Migrated, PoolConfig};
use contacts_worker::{Worker, WorkerConfig};

use crate::clock::SystemClock;
use crate::config::DatabaseConfig;
use crate::embedded::{self, Embedded};
use crate::ids::SystemIds;
use crate::report::{Done, Failure};
use crate::secret::{Purpose, Secret};

/// A Postgres server that is ready: the one we were told of, or our own.
#[derive(Debug)]
pub struct Server {
    url: String,
    secret: Secret,
    own: Option<(Embedded, PathBuf)>,
}

impl Server {
    /// Finds the server, or starts our own.
    ///
    /// # Errors
    ///
    /// A sentence when there is none to be had.
    pub fn find(config: &DatabaseConfig) -> Done<Self> {
        if let Some(url) = config.url() {
            check_password(url)?;
            let secret =
                Secret::find(config.secret(), || Ok(embedded::prepare(&config.data_dir()?)?))?;
            return Ok(Self { url: url.to_owned(), secret, own: None });
        }
        let data_dir = config.data_dir()?;
        let embedded = Embedded::start(&data_dir, config.pg_bin().as_deref())?;
        let secret = Secret::find(config.secret(), || Ok(data_dir.clone()))?;
        Ok(Self { url: embedded.url(), secret, own: Some((embedded, data_dir)) })
    }

    /// The use cases over a pool of connections to it.
    ///
    /// # Errors
    ///
    /// A sentence when it cannot be used.
    pub fn open(&self, pool: PoolConfig) -> Done<Services> {
        let addresses = self.secret.addresses();
        let database = Database::open(&self.url, pool, Arc::new(SystemIds), addresses)?;
        Ok(Services::over(database, self.secret.clone()))
    }

    /// Where the data is, as people read it.
    pub fn place(&self) -> String {
        match &self.own {
            Some((_, data_dir)) => format!("{} (embedded database)", data_dir.display()),
            None => "the database of DATABASE_URL".to_owned(),
        }
    }

    /// Leaves it. The last to leave our own shuts it down.
    ///
    /// # Errors
    ///
    /// A sentence when it does not end.
    pub fn leave(self) -> Done {
        match self.own {
            Some((embedded, _)) => Ok(embedded.stop()?),
            None => Ok(()),
        }
    }
}

/// A sign of a password that is not escaped would make a host's name of the rest, and the
/// complaint about that host would show it.
fn check_password(url: &str) -> Done {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    if authority.matches('@').count() < 2 {
        return Ok(());
    }
    Err(Failure::new("DATABASE_URL has an @ in its password: write that as %40"))
}

/// The use cases over one pool of connections.
#[derive(Clone)]
pub struct Services {
    /// The database itself.
    pub database: Arc<Database>,
    /// Organisations.
    pub organisations: Arc<dyn OrganisationRepository>,
    /// API keys.
    pub keys: KeyService,
    /// Imports.
    pub imports: ImportService,
    /// Exports.
    pub exports: ExportService,
    /// Segments.
    pub segments: SegmentService,
    /// Selections.
    pub selections: SelectionService,
    /// Bulk actions.
    pub actions: ActionService,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
    /// The installation's secret.
    pub secret: Secret,
}

impl Services {
    /// The pool of a command that does one thing after another, with a worker beside.
    pub const FEW: PoolConfig = PoolConfig { size: 4, wait: Duration::from_secs(10) };

    /// The use cases over a pool.
    fn over(database: Database, secret: Secret) -> Self {
        Self::with(database, secret, Arc::new(SystemClock), Arc::new(SystemIds))
    }

    /// The use cases over a pool, in another time and with other ids.
    pub fn with(
        database: Database,
        secret: Secret,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        let database = Arc::new(database);
        let segments = SegmentService {
            segments: database.clone(),
            fields: database.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        };
        let selections = SelectionService {
            selections: database.clone(),
            segments: segments.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        };
        Self {
            organisations: database.clone(),
            keys: KeyService::new(database.clone(), clock.clone(), ids.clone()),
            exports: ExportService {
                people: database.clone(),
                fields: database.clone(),
                spreadsheets: Arc::new(Csv),
            },
            imports: ImportService {
                imports: database.clone(),
                dry_runs: database.clone(),
                undos: database.clone(),
                files: database.clone(),
                spreadsheets: Arc::new(Csv),
                fields: database.clone(),
                organisations: database.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
            },
            actions: ActionService {
                actions: database.clone(),
                selections: selections.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
            },
            segments,
            selections,
            database,
            clock,
            ids,
            secret,
        }
    }

    /// Brings the schema up to date, and makes sure that the database is this installation's.
    ///
    /// # Errors
    ///
    /// A sentence that says what stands in the way.
    pub fn migrate(&self) -> Done<Migrated> {
        let migrated = self.database.migrate()?;
        if self.database.claim(&self.secret.derive(Purpose::Fingerprint))? {
            return Ok(migrated);
        }
        Err(Failure::new(
            "the database was made with another secret: copy the file secret from the data \
             directory of the server that made it into this one's, or set CONTACTS_SECRET as it \
             was there",
        ))
    }

    fn feed(&self) -> FeedService {
        FeedService::new(self.database.clone(), self.clock.clone())
    }

    /// The workers, not started.
    pub fn worker(&self, config: WorkerConfig) -> Worker {
        Worker {
            jobs: self.database.clone(),
            imports: self.imports.clone(),
            feed: self.feed(),
            actions: self.actions.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            config,
        }
    }

    /// The API, not served. It installs the recorder of metrics, so a process makes one.
    ///
    /// # Errors
    ///
    /// A sentence when there is a recorder already.
    pub fn api(&self, config: ApiConfig, stopping: Arc<AtomicBool>) -> Done<Api> {
        let (database, clock, ids) = (&self.database, &self.clock, &self.ids);
        let recorder = contacts_http::metrics_recorder();
        let metrics = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|_second| {
            Failure::new("metrics are recorded already: serve once in a process")
        })?;
        let pinged = database.clone();
        Ok(Api {
            contacts: ContactService::new(
                database.clone(),
                database.clone(),
                database.clone(),
                clock.clone(),
                ids.clone(),
            ),
            notes: NoteService::new(database.clone(), database.clone(), clock.clone(), ids.clone()),
            campaigns: CampaignService::new(database.clone(), clock.clone()),
            tags: TagService::new(database.clone(), clock.clone(), ids.clone()),
            fields: FieldService::new(database.clone()),
            imports: self.imports.clone(),
            feed: self.feed(),
            exports: self.exports.clone(),
            segments: self.segments.clone(),
            selections: self.selections.clone(),
            actions: self.actions.clone(),
            keys: self.keys.clone(),
            organisations: self.organisations.clone(),
            answers: Answers::new(database.clone(), self.secret.derive(Purpose::Answers)),
            clock: clock.clone(),
            ids: ids.clone(),
            readiness: Arc::new(move || match pinged.ping() {
                // One that is busy is there.
                Ok(()) | Err(Error::Busy) => Ok(()),
                Err(_) => Err("the database does not answer".to_owned()),
            }),
            metrics,
            stopping,
            config,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_with_an_at_sign_is_not_taken_for_a_host() {
        assert!(check_password("postgres://u:p@ss@db/x").is_err());
        assert!(check_password("postgres://u:p%40ss@db/x?a=b@c").is_ok());
        assert!(check_password("host=db password=p@s@s").is_ok());
    }
}
