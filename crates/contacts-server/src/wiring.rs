//! Joins the adapters to the core.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use contacts_core::Services;
use contacts_core::identity::Providers;
use contacts_core::sync::Connectors;
use contacts_embed::{Contacts, OpenOptions, PoolConfig, Purpose, Secret};
use contacts_http::{Answers, Api, ApiConfig, Attempts, Cursors, Readiness};

use crate::config::DatabaseConfig;
use crate::embedded::{self, Embedded};
use crate::health::HealthCheck;
use crate::report::{Done, Failure};
use crate::secret;

/// The pool of a command that has one worker.
pub const SMALL_POOL: PoolConfig = PoolConfig::new(4, Duration::from_secs(10));

/// A Postgres server that accepts connections: the configured one, or an embedded one.
pub struct Server {
    url: String,
    secret: Secret,
    sources_keys: Vec<Secret>,
    connectors: Connectors,
    providers: Providers,
    own: Option<(Embedded, PathBuf)>,
}

impl Server {
    /// Uses the configured server, or starts an embedded one.
    ///
    /// # Errors
    ///
    /// A sentence when the configuration is invalid or the embedded server does not start.
    pub fn find(config: &DatabaseConfig) -> Done<Self> {
        let (sources_keys, connectors) = (config.sources_keys()?, config.connectors()?);
        let providers = config.providers()?;
        if let Some(url) = config.url() {
            check_password(url)?;
            let secret =
                secret::find(config.secret(), || Ok(embedded::prepare(&config.data_dir()?)?))?;
            let url = url.to_owned();
            return Ok(Self { url, secret, sources_keys, connectors, providers, own: None });
        }
        let data_dir = config.data_dir()?;
        let embedded = Embedded::start(&data_dir, config.pg_bin().as_deref())?;
        let secret = secret::find(config.secret(), || Ok(data_dir.clone()))?;
        let (url, own) = (embedded.url(), Some((embedded, data_dir)));
        Ok(Self { url, secret, sources_keys, connectors, providers, own })
    }

    /// How to open the database: with a pool and this server's configuration.
    pub fn options(&self, pool: PoolConfig) -> OpenOptions {
        Contacts::options(&self.url, &self.secret)
            .pool(pool)
            .source_keys(&self.sources_keys)
            .connectors(self.connectors.clone())
            .providers(self.providers.clone())
    }

    /// Where the data is, for people to read.
    pub fn place(&self) -> String {
        match &self.own {
            Some((_, data_dir)) => format!("{} (embedded database)", data_dir.display()),
            None => "the database of DATABASE_URL".to_owned(),
        }
    }

    /// Disconnects. The last user of an embedded server shuts it down.
    ///
    /// # Errors
    ///
    /// A sentence when the embedded server does not end.
    pub fn begin_shutdown(self) -> Done {
        match self.own {
            Some((embedded, _)) => Ok(embedded.stop()?),
            None => Ok(()),
        }
    }
}

/// Refuses a password with an `@` that is not escaped: libpq would take the rest of the password for
/// the host, and show it in its error.
fn check_password(url: &str) -> Done {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    if authority.matches('@').count() < 2 {
        return Ok(());
    }
    Err(Failure::new("DATABASE_URL has an @ in its password: write it as %40"))
}

/// The API over these use cases, not served. It installs the global recorder of metrics, so a
/// process makes one.
///
/// # Errors
///
/// A sentence when a recorder is installed already.
pub fn api(
    services: Services,
    answers: Answers,
    attempts: Attempts,
    cursors: Cursors,
    readiness: Readiness,
    config: ApiConfig,
) -> Done<Api> {
    let recorder = contacts_http::metrics_recorder();
    let metrics = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_second| {
        Failure::new("this process already records metrics: serve once in a process")
    })?;
    let (draining, stopping) = Default::default();
    Ok(Api { services, answers, attempts, cursors, readiness, metrics, draining, stopping, config })
}

/// The API over a database, not served.
///
/// # Errors
///
/// As [`api`].
pub fn api_over(contacts: &Contacts, config: ApiConfig) -> Done<Api> {
    let key = contacts.derive(Purpose::Answers);
    let answers = Answers::new(contacts.database.clone(), key);
    let attempts = Attempts::new(contacts.derive(Purpose::SignIns));
    let cursors = Cursors::new(contacts.derive(Purpose::Cursors));
    let mut pulse = contacts.database.pulse();
    let health = HealthCheck::start(move || pulse.check()).map_err(|_refused| {
        Failure::new("the system has no more threads for this user: raise its limit")
    })?;
    let readiness = Arc::new(move || health.status());
    api(Services::clone(contacts), answers, attempts, cursors, readiness, config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_with_an_at_sign_is_not_used_as_a_host() {
        assert!(check_password("postgres://u:p@ss@db/x").is_err());
        assert!(check_password("postgres://u:p%40ss@db/x?a=b@c").is_ok());
        assert!(check_password("host=db password=p@s@s").is_ok());
    }
}
