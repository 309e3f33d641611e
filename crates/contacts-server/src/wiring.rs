//! Joins the adapters to the core.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use contacts_core::Error;
use contacts_core::sync::Connectors;
use contacts_embed::{Contacts, OutboundConfig, Purpose, Secret, SystemClock, SystemIds};
use contacts_http::{Answers, Api, ApiConfig};
use contacts_pg::{Database, Migrated, PoolConfig};

use crate::config::DatabaseConfig;
use crate::embedded::{self, Embedded};
use crate::report::{Done, Failure};
use crate::secret;

/// A Postgres server that is ready: the one we were told of, or our own.
pub struct Server {
    url: String,
    secret: Secret,
    sources_keys: Vec<Secret>,
    connectors: Connectors,
    own: Option<(Embedded, PathBuf)>,
}

impl Server {
    /// Finds the server, or starts our own.
    ///
    /// # Errors
    ///
    /// A sentence when there is none to be had.
    pub fn find(config: &DatabaseConfig) -> Done<Self> {
        let (sources_keys, connectors) = (config.sources_keys()?, config.connectors()?);
        if let Some(url) = config.url() {
            check_password(url)?;
            let secret =
                secret::find(config.secret(), || Ok(embedded::prepare(&config.data_dir()?)?))?;
            let url = url.to_owned();
            return Ok(Self { url, secret, sources_keys, connectors, own: None });
        }
        let data_dir = config.data_dir()?;
        let embedded = Embedded::start(&data_dir, config.pg_bin().as_deref())?;
        let secret = secret::find(config.secret(), || Ok(data_dir.clone()))?;
        let (url, own) = (embedded.url(), Some((embedded, data_dir)));
        Ok(Self { url, secret, sources_keys, connectors, own })
    }

    /// The use cases over a pool of connections to it.
    ///
    /// # Errors
    ///
    /// A sentence when it cannot be used.
    pub fn open(&self, pool: PoolConfig) -> Done<Services> {
        let addresses = self.secret.addresses();
        let database = Database::open(&self.url, pool, Arc::new(SystemIds), addresses)?;
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds));
        let contacts = Contacts::over(database, &self.secret, clock, ids)
            .sealing(&self.sources_keys, &self.secret)
            .connecting(self.connectors.clone());
        Ok(Services::over(contacts, self.secret.clone()))
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

/// The use cases over one pool of connections, and what a program that serves them needs.
#[derive(Clone)]
pub struct Services {
    contacts: Contacts,
    /// The installation's secret.
    pub secret: Secret,
}

impl Deref for Services {
    type Target = Contacts;

    fn deref(&self) -> &Contacts {
        &self.contacts
    }
}

impl Services {
    /// The pool of a command that does one thing after another, with a worker beside.
    pub const FEW: PoolConfig = PoolConfig { size: 4, wait: Duration::from_secs(10) };

    /// The use cases over a pool.
    pub fn over(contacts: Contacts, secret: Secret) -> Self {
        Self { contacts, secret }
    }

    /// The same, with what the operator allows to be sent to webhooks.
    pub fn sending(self, config: OutboundConfig) -> Self {
        Self { contacts: self.contacts.sending(config), ..self }
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

    /// The API, not served. It installs the recorder of metrics, so a process makes one.
    ///
    /// # Errors
    ///
    /// A sentence when there is a recorder already.
    pub fn api(&self, config: ApiConfig, stopping: Arc<AtomicBool>) -> Done<Api> {
        let recorder = contacts_http::metrics_recorder();
        let metrics = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|_second| {
            Failure::new("metrics are recorded already: serve once in a process")
        })?;
        let uses = &self.contacts;
        let pinged = uses.database.clone();
        Ok(Api {
            contacts: uses.contacts.clone(),
            notes: uses.notes.clone(),
            campaigns: uses.campaigns.clone(),
            captures: uses.captures.clone(),
            duplicates: uses.duplicates.clone(),
            conversations: uses.conversations.clone(),
            tags: uses.tags.clone(),
            fields: uses.fields.clone(),
            imports: uses.imports.clone(),
            feed: uses.feed.clone(),
            webhooks: uses.webhooks.clone(),
            sources: uses.sources.clone(),
            exports: uses.exports.clone(),
            segments: uses.segments.clone(),
            selections: uses.selections.clone(),
            actions: uses.actions.clone(),
            people: uses.people.clone(),
            erasures: uses.erasures.clone(),
            keys: uses.keys.clone(),
            organisations: uses.organisations.clone(),
            answers: Answers::new(uses.database.clone(), self.secret.derive(Purpose::Answers)),
            clock: uses.clock.clone(),
            ids: uses.ids.clone(),
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
