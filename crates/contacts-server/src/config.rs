//! The whole configuration. No other file reads the environment.

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use contacts_core::identity::Providers;
use contacts_core::job::MAX_LEASE;
use contacts_core::sync::Connectors;
use contacts_embed::{OutboundConfig, Secret};
use contacts_http::{ApiConfig, JwtVerifier, PublicUrl};
use contacts_pg::PoolConfig;
use contacts_sync::Guard;
use contacts_worker::WorkerConfig;

use crate::embedded;
use crate::report::{Done, Failure};

/// The database, the secrets and the connectors.
#[derive(Args, Clone, Default)]
pub struct DatabaseConfig {
    /// The connection string of a Postgres server [default: an embedded database]
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// The installation's secret, from which its keys are derived [default: the file `secret` in the
    /// data directory, which the first start creates]
    #[arg(
        long,
        env = "CONTACTS_SECRET",
        hide_env_values = true,
        global = true,
        value_name = "TEXT"
    )]
    secret: Option<String>,
    /// Keys that encrypt secret settings of connected sources, comma-separated: the first encrypts,
    /// all of them decrypt [default: one derived from the installation's secret]
    #[arg(
        long,
        env = "CONTACTS_SOURCES_KEYS",
        hide_env_values = true,
        global = true,
        value_name = "TEXTS"
    )]
    sources_keys: Option<String>,
    /// A file that lists the connectors which sources may use [default: only the built-in one]
    #[arg(long, env = "CONTACTS_CONNECTORS", global = true, value_name = "FILE")]
    connectors: Option<OsString>,
    /// A file that lists the issuers of OpenID Connect at which users sign in [default: none; users
    /// sign in by links]
    #[arg(long, env = "CONTACTS_OIDC", global = true, value_name = "FILE")]
    oidc: Option<OsString>,
    /// Let the built-in connector `http` read from private addresses, and without encryption
    #[arg(long, env = "CONTACTS_SOURCES_ALLOW_PRIVATE", global = true, value_parser = FalseyValueParser::new())]
    sources_allow_private: bool,
    /// The folder of the embedded database and of the installation's secret
    #[arg(long, env = "CONTACTS_DATA_DIR", global = true, value_name = "FOLDER")]
    data_dir: Option<OsString>,
    /// The folder of the server programs for the embedded database
    #[arg(long, env = "CONTACTS_PG_BIN", global = true, value_name = "FOLDER")]
    pg_bin: Option<OsString>,
}

/// Omits the secrets.
impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseConfig").field("data_dir", &self.data_dir).finish_non_exhaustive()
    }
}

impl DatabaseConfig {
    /// The connection string, when one is configured.
    pub fn url(&self) -> Option<&str> {
        self.database_url.as_deref().map(str::trim).filter(|url| !url.is_empty())
    }

    /// The installation's secret, when it is configured.
    pub fn secret(&self) -> Option<&str> {
        self.secret.as_deref().map(str::trim).filter(|secret| !secret.is_empty())
    }

    /// The connectors that sources may use.
    ///
    /// # Errors
    ///
    /// A sentence when the list of connectors cannot be used.
    pub fn connectors(&self) -> Done<Connectors> {
        let private = self.sources_allow_private;
        let guard = Guard { allow_http: private, allow_private: private };
        match configured(self.connectors.as_ref()) {
            Some(file) => contacts_sync::connectors(&file, &|name| std::env::var_os(name), guard)
                .map_err(|unusable| Failure::usage(unusable.to_string())),
            None => Ok(contacts_sync::built_in(guard)),
        }
    }

    /// The issuers at which users sign in.
    ///
    /// # Errors
    ///
    /// A sentence when the list of issuers cannot be used.
    pub fn providers(&self) -> Done<Providers> {
        let Some(file) = configured(self.oidc.as_ref()) else { return Ok(Providers::default()) };
        contacts_oidc::providers(
            &file,
            &|name| std::env::var_os(name),
            contacts_oidc::Limits::default(),
        )
        .map_err(|invalid| Failure::usage(invalid.to_string()))
    }

    /// The keys of the secret settings of connected sources, the newest first.
    ///
    /// # Errors
    ///
    /// A sentence when a key is too short.
    pub fn sources_keys(&self) -> Done<Vec<Secret>> {
        let keys = self.sources_keys.as_deref().unwrap_or_default().split(',').map(str::trim);
        let read = |key| {
            Secret::parse(key).ok_or_else(|| {
                Failure::usage("a key of CONTACTS_SOURCES_KEYS is shorter than 32 characters")
            })
        };
        keys.filter(|key| !key.is_empty()).map(read).collect()
    }

    /// The folder of the embedded database and of the installation's secret.
    ///
    /// # Errors
    ///
    /// A sentence when no folder is configured and the environment names no home directory.
    pub fn data_dir(&self) -> Done<PathBuf> {
        match configured(self.data_dir.as_ref()) {
            Some(dir) => Ok(dir),
            None => Ok(embedded::default_data_dir(
                std::env::var_os("XDG_DATA_HOME"),
                std::env::var_os("HOME"),
            )?),
        }
    }

    /// The folder of the server programs for the embedded database, when it is configured.
    pub fn pg_bin(&self) -> Option<PathBuf> {
        configured(self.pg_bin.as_ref())
    }
}

/// The path of a setting, unless it is empty.
fn configured(folder: Option<&OsString>) -> Option<PathBuf> {
    folder.filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// The level and format of the log.
#[derive(Args, Clone, Debug)]
pub struct LogConfig {
    /// The least important level that is logged: error, warn, info, debug or trace
    #[arg(long, env = "CONTACTS_LOG", global = true, value_name = "LEVEL")]
    pub log: Option<String>,
    /// The format of the log; `auto` is text on a terminal and JSON elsewhere
    #[arg(long, env = "CONTACTS_LOG_FORMAT", global = true, value_enum, default_value_t = LogFormat::Auto)]
    pub log_format: LogFormat,
}

/// The format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// Lines of text.
    Text,
    /// A JSON object a line.
    Json,
}

/// How jobs are run, and limits on webhooks.
#[derive(Args, Clone, Debug)]
pub struct JobConfig {
    /// Number of jobs that run at once in this process
    #[arg(long, env = "CONTACTS_WORKER_THREADS", default_value = "2", value_name = "N")]
    worker_threads: NonZeroUsize,
    /// Number of connected sources that run at once in this process
    #[arg(long, env = "CONTACTS_SYNC_THREADS", default_value = "4", value_name = "N")]
    sync_threads: NonZeroUsize,
    /// Database connections for jobs [default: 3 for each worker thread, 1 for each source]
    #[arg(long, env = "CONTACTS_JOB_CONNECTIONS", value_name = "N")]
    job_connections: Option<NonZeroUsize>,
    /// Seconds without a heartbeat after which a worker's job goes to another worker
    #[arg(long, env = "CONTACTS_JOB_LEASE", default_value = "15", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=MAX_LEASE.as_secs()))]
    job_lease: u64,
    /// Allow webhooks with addresses that begin with http://
    #[arg(long, env = "CONTACTS_WEBHOOK_ALLOW_HTTP", value_parser = FalseyValueParser::new())]
    webhook_allow_http: bool,
    /// Allow webhooks to private addresses, at any port
    #[arg(long, env = "CONTACTS_WEBHOOK_ALLOW_PRIVATE", value_parser = FalseyValueParser::new())]
    webhook_allow_private: bool,
}

impl JobConfig {
    /// How workers behave.
    pub fn worker(&self) -> WorkerConfig {
        WorkerConfig {
            threads: self.worker_threads.get(),
            sync_threads: self.sync_threads.get(),
            lease: Duration::from_secs(self.job_lease),
            ..WorkerConfig::default()
        }
    }

    /// Limits on requests to webhooks.
    pub fn outbound(&self) -> OutboundConfig {
        OutboundConfig {
            allow_http: self.webhook_allow_http,
            allow_private: self.webhook_allow_private,
            ..OutboundConfig::default()
        }
    }

    /// The pool of the jobs: a job uses three connections at once, to read its file, to write its
    /// rows and to extend its lease.
    pub fn pool(&self) -> PoolConfig {
        let each = self.worker_threads.saturating_mul(THREE).get() + self.sync_threads.get();
        let size = self.job_connections.map_or(each, NonZeroUsize::get);
        PoolConfig::new(to_u32(size), Duration::from_secs(10))
    }
}

const THREE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(2);

/// How the process stops.
#[derive(Args, Clone, Copy, Debug)]
pub struct StopConfig {
    /// Seconds for which open requests and jobs may go on when the process stops; it ends then
    /// whatever they do
    #[arg(long, env = "CONTACTS_SHUTDOWN_SECONDS", default_value = "10", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    shutdown_seconds: u64,
}

impl StopConfig {
    /// The time after which the process ends, whatever still runs.
    pub fn limit(self) -> Duration {
        Duration::from_secs(self.shutdown_seconds)
    }

    /// The time after which open requests are cut off: a second before the limit, so that the rest
    /// can still stop in order.
    pub fn request_limit(self) -> Duration {
        self.limit().saturating_sub(Duration::from_secs(1)).max(Duration::from_secs(1))
    }
}

/// The addresses of the service.
#[derive(Args, Clone, Debug)]
pub struct PlaceConfig {
    /// The address to listen on
    #[arg(long, env = "CONTACTS_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: String,
    /// The address of the service in browsers, such as `https://contacts.example.org`
    /// [default: http:// and the address to listen on]
    #[arg(long, env = "CONTACTS_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
}

impl PlaceConfig {
    /// The public address of the service that listens on an address.
    ///
    /// # Errors
    ///
    /// A sentence when the configured address is invalid.
    pub fn public_url(&self, listening: SocketAddr) -> Done<PublicUrl> {
        let configured = self.public_url.as_deref().map(str::trim).filter(|url| !url.is_empty());
        let text =
            configured.map_or_else(|| format!("http://{}", reachable(listening)), str::to_owned);
        PublicUrl::parse(&text).ok_or_else(|| {
            Failure::usage(format!(
                "{text} is not a public address: give --public-url a scheme and a host, such as \
                 https://contacts.example.org"
            ))
        })
    }

    /// The public address of a service in another process with the same configuration.
    ///
    /// # Errors
    ///
    /// A sentence when a configured address is invalid.
    pub fn public_url_elsewhere(&self) -> Done<PublicUrl> {
        let listening = self.listen.to_socket_addrs().ok().and_then(|mut all| all.next());
        self.public_url(listening.ok_or_else(|| {
            let listen = &self.listen;
            Failure::usage(format!(
                "{listen} is not an address to listen on: give --listen an address and a port, such as \
                 127.0.0.1:8080"
            ))
        })?)
    }
}

/// The address with the loopback address in place of an unspecified one, which browsers cannot open.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// How the API is served.
#[derive(Args, Clone, Debug)]
pub struct WebConfig {
    #[command(flatten)]
    place: PlaceConfig,
    /// Database connections for requests [default: 2 for each core]
    #[arg(long, env = "CONTACTS_WEB_CONNECTIONS", value_name = "N")]
    web_connections: Option<NonZeroUsize>,
    /// The largest file that can be uploaded, in bytes
    #[arg(long, env = "CONTACTS_MAX_UPLOAD_BYTES", default_value_t = ApiConfig::default().max_upload, value_name = "BYTES")]
    max_upload_bytes: u64,
    /// The largest JSON body, in bytes
    #[arg(long, env = "CONTACTS_MAX_BODY_BYTES", default_value_t = ApiConfig::default().max_body, value_name = "BYTES")]
    max_body_bytes: usize,
    /// Requests a second of one credential, on average
    #[arg(long, env = "CONTACTS_RATE_PER_SECOND", default_value_t = ApiConfig::default().rate_per_second, value_name = "N")]
    rate_per_second: u32,
    /// Requests of one credential at once, after a pause
    #[arg(long, env = "CONTACTS_RATE_BURST", default_value_t = ApiConfig::default().rate_burst, value_name = "N")]
    rate_burst: u32,
    /// Captures a minute of one client address
    #[arg(long, env = "CONTACTS_CAPTURES_PER_MINUTE", default_value_t = ApiConfig::default().captures_per_minute, value_name = "N")]
    captures_per_minute: u32,
    /// Number of your own proxies before the service, each of which adds to X-Forwarded-For
    #[arg(long, env = "CONTACTS_PROXIES", default_value_t = ApiConfig::default().proxies, value_name = "N")]
    proxies: u8,
    /// Seconds for which an idle connection stays open: more than a proxy keeps its connections
    #[arg(long, env = "CONTACTS_KEEP_ALIVE_SECONDS", default_value_t = ApiConfig::default().keep_alive.as_secs(), value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    keep_alive_seconds: u64,
    /// Percentage of event streams, downloads and uploads that one organisation can have at once
    #[arg(long, env = "CONTACTS_ORG_SHARE_PERCENT", default_value_t = ApiConfig::default().org_share_percent, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    org_share_percent: u8,
    /// Seconds after which a connection is closed whose client takes nothing of its response
    #[arg(long, env = "CONTACTS_SEND_TIMEOUT_SECONDS", default_value_t = ApiConfig::default().send_timeout.as_secs(), value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    send_timeout_seconds: u64,
    /// The issuer of accepted JWTs [default: none are accepted]
    #[arg(long, env = "CONTACTS_JWT_ISSUER", value_name = "NAME")]
    jwt_issuer: Option<String>,
    /// The audience that accepted JWTs must name
    #[arg(long, env = "CONTACTS_JWT_AUDIENCE", value_name = "NAME")]
    jwt_audience: Option<String>,
    /// A file with the issuer's public keys, as a JWK set
    #[arg(long, env = "CONTACTS_JWT_KEYS", value_name = "FILE")]
    jwt_keys: Option<PathBuf>,
}

impl WebConfig {
    /// The pool of the requests. The wait is short: a client can retry later, and a long queue would
    /// only delay its answer.
    pub fn pool(&self) -> PoolConfig {
        let size = self.web_connections.map_or(2 * cores(), NonZeroUsize::get);
        PoolConfig::for_requests(to_u32(size), Duration::from_secs(2))
    }

    /// The address to listen on.
    pub fn listen(&self) -> &str {
        &self.place.listen
    }

    /// The configuration of the API that listens on an address. It has as many threads that wait for
    /// the database as there are connections.
    ///
    /// # Errors
    ///
    /// A sentence when the public address is invalid, or when the JWTs are configured in part or
    /// with an invalid key set.
    pub fn api(&self, listening: SocketAddr) -> Done<ApiConfig> {
        let connections = self.pool().size as usize;
        let workers = cores().min(connections);
        Ok(ApiConfig {
            workers,
            blocking_threads: connections / workers,
            max_upload: self.max_upload_bytes,
            max_body: self.max_body_bytes,
            rate_per_second: self.rate_per_second,
            rate_burst: self.rate_burst,
            captures_per_minute: self.captures_per_minute,
            proxies: self.proxies,
            keep_alive: Duration::from_secs(self.keep_alive_seconds),
            org_share_percent: self.org_share_percent,
            send_timeout: Duration::from_secs(self.send_timeout_seconds),
            public_url: self.place.public_url(listening)?,
            jwt: self.jwt()?,
            ..ApiConfig::default()
        })
    }

    fn jwt(&self) -> Done<Option<JwtVerifier>> {
        let (issuer, audience, file) = match (&self.jwt_issuer, &self.jwt_audience, &self.jwt_keys)
        {
            (None, None, None) => return Ok(None),
            (Some(issuer), Some(audience), Some(file)) => (issuer, audience, file),
            _ => {
                return Err(Failure::usage(
                    "JWTs are only partly configured: set CONTACTS_JWT_ISSUER, CONTACTS_JWT_AUDIENCE \
                     and CONTACTS_JWT_KEYS, or none of them",
                ));
            }
        };
        let keys = std::fs::read_to_string(file).map_err(|_unreadable| {
            let file = file.display();
            Failure::usage(format!("{file} cannot be read: set CONTACTS_JWT_KEYS to a JWK set"))
        })?;
        let verifier = JwtVerifier::new(issuer, audience, &keys).map_err(|error| {
            let file = file.display();
            Failure::usage(format!(
                "{file} cannot be used: {error}; set CONTACTS_JWT_KEYS to a JWK set of public keys"
            ))
        })?;
        Ok(Some(verifier))
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(2, NonZeroUsize::get)
}

fn to_u32(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public_url(configured: Option<&str>, listening: &str) -> String {
        let place =
            PlaceConfig { listen: String::new(), public_url: configured.map(str::to_owned) };
        match place.public_url(listening.parse().unwrap()) {
            Ok(url) => url.to_string(),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn the_public_address_can_be_opened() {
        assert_eq!(public_url(None, "0.0.0.0:80"), "http://127.0.0.1");
        assert_eq!(public_url(None, "[::]:8080"), "http://[::1]:8080");
        assert_eq!(public_url(Some(""), "10.0.0.1:81"), "http://10.0.0.1:81");
        let https = public_url(Some("https://contacts.example.org/"), "10.0.0.1:81");
        assert_eq!(https, "https://contacts.example.org");
    }

    #[test]
    fn an_invalid_public_address_is_refused() {
        let failure = public_url(Some("contacts.example.org"), "10.0.0.1:81");
        assert!(failure.starts_with("contacts.example.org is not a public address: "), "{failure}");
    }
}
