//! Limits of the API.

use std::time::Duration;

use crate::jwt::JwtVerifier;
use crate::site::PublicUrl;

/// Limits of the API. The defaults suit one machine; a test shortens the durations.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Threads that speak HTTP.
    pub workers: usize,
    /// Threads that wait for the store, for each worker. `workers` times this must not exceed
    /// the store's connections: with more, requests wait for a connection and not in line.
    pub blocking_threads: usize,
    /// The most requests that wait for the store or use it; one more is answered with 503.
    pub max_in_store: usize,
    /// The most uploads at once.
    pub max_uploads: usize,
    /// The most streams (events and downloads) at once.
    pub max_streams: usize,
    /// The largest JSON body, in bytes.
    pub max_body: usize,
    /// How long a JSON body may take to arrive.
    pub body_deadline: Duration,
    /// The largest uploaded file, in bytes.
    pub max_upload: u64,
    /// In which time an upload must bring at least [`Self::upload_floor`] bytes.
    pub upload_window: Duration,
    /// The fewest bytes that an upload must bring in each [`Self::upload_window`].
    pub upload_floor: u64,
    /// Requests a second of one credential, on average.
    pub rate_per_second: u32,
    /// Requests of one credential at once, after a rest.
    pub rate_burst: u32,
    /// Captures a minute of one client address, and as many at once. A widget's key is its
    /// visitors' key, so each of them has a rate of their own.
    pub captures_per_minute: u32,
    /// Attempts a minute to sign in of one client address, and as many at once.
    pub sign_ins_per_minute: u32,
    /// How many proxies of ours stand before the service, each of which adds whom it heard to
    /// `X-Forwarded-For`; none is believed when there are none.
    pub proxies: u8,
    /// For how long a credential that was found is believed without asking the store: as long
    /// may one that was revoked elsewhere still work.
    pub key_cache: Duration,
    /// How often an import is looked at for its followers.
    pub events_interval: Duration,
    /// After which silence a stream of events shows that it is alive.
    pub events_heartbeat: Duration,
    /// How long a stream of events lasts before the client has to ask again, and with it the
    /// credential is checked again.
    pub events_life: Duration,
    /// How long open requests may take to finish when the server stops.
    pub shutdown: Duration,
    /// Where browsers find the service. Their cookies are made for it, and only its page may use
    /// them to change something.
    pub public_url: PublicUrl,
    /// Who issues the JWTs that are accepted, if any are (R2).
    pub jwt: Option<JwtVerifier>,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            workers: 2,
            blocking_threads: 2,
            max_in_store: 256,
            max_uploads: 16,
            max_streams: 512,
            max_body: 1 << 20,
            body_deadline: Duration::from_secs(10),
            max_upload: 2 << 30,
            upload_window: Duration::from_secs(30),
            upload_floor: 30 << 10,
            rate_per_second: 100,
            rate_burst: 200,
            captures_per_minute: 30,
            sign_ins_per_minute: 20,
            proxies: 0,
            key_cache: Duration::from_secs(3),
            events_interval: Duration::from_millis(500),
            events_heartbeat: Duration::from_secs(15),
            events_life: Duration::from_secs(600),
            shutdown: Duration::from_secs(10),
            public_url: PublicUrl::local(8080),
            jwt: None,
        }
    }
}
