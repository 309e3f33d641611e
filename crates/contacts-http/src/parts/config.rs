//! Limits of the API.

use std::time::Duration;

use crate::parts::jwt::JwtVerifier;
use crate::parts::public_url::PublicUrl;

/// Limits of the API. The defaults suit one machine; tests shorten the durations.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Number of threads that handle HTTP connections.
    pub workers: usize,
    /// Number of threads per worker that wait for the store. `workers` times this number must not
    /// exceed the store's connections; otherwise requests wait for a connection instead of in the
    /// bounded queue.
    pub blocking_threads: usize,
    /// Maximum number of requests that wait for the store or use it; further requests are answered
    /// with 503.
    pub max_in_store: usize,
    /// Maximum number of concurrent uploads.
    pub max_uploads: usize,
    /// Maximum number of concurrent downloads.
    pub max_downloads: usize,
    /// Maximum number of concurrent event streams.
    pub max_streams: usize,
    /// Percentage of the uploads, of the downloads and of the event streams that one organisation
    /// can have at once (R63).
    pub org_share_percent: u8,
    /// Maximum size of a JSON body, in bytes.
    pub max_body: usize,
    /// Maximum time in which a JSON body must arrive.
    pub body_deadline: Duration,
    /// Maximum size of an uploaded file, in bytes.
    pub max_upload: u64,
    /// Time window in which an upload must bring at least [`Self::upload_floor`] bytes.
    pub upload_window: Duration,
    /// Minimum number of bytes that an upload must bring in each [`Self::upload_window`].
    pub upload_floor: u64,
    /// Average number of requests per second for one credential.
    pub rate_per_second: u32,
    /// Maximum number of requests in one burst for one credential.
    pub rate_burst: u32,
    /// Captures per minute for one client address, which is also the size of a burst. All visitors
    /// of a widget share its key, so each client address has a rate of its own.
    pub captures_per_minute: u32,
    /// Attempts to sign in per minute for one client address, which is also the size of a burst.
    pub sign_ins_per_minute: u32,
    /// Number of trusted proxies in front of the service, each of which appends the address of its
    /// client to `X-Forwarded-For`. With 0, the header is ignored.
    pub proxies: u8,
    /// Time for which a credential is cached without asking the store. A credential that another
    /// server revokes may still work for this long.
    pub key_cache: Duration,
    /// Interval at which an import is checked for changes while clients follow it.
    pub events_interval: Duration,
    /// Time without events after which an event stream sends a heartbeat.
    pub events_heartbeat: Duration,
    /// Lifetime of an event stream. After that the client must connect again, and its credential is
    /// checked again.
    pub events_life: Duration,
    /// Time for which an idle connection stays open for the client's next request. It must be
    /// longer than proxies keep their connections; otherwise they send requests on connections that
    /// have just closed.
    pub keep_alive: Duration,
    /// Time after which a connection is closed when its client takes none of the bytes that are to
    /// be sent. On Linux only.
    pub send_timeout: Duration,
    /// Time for open requests to finish when the server stops.
    pub shutdown: Duration,
    /// The public URL of the service. Session cookies are issued for it, and only its page may use
    /// them to change something.
    pub public_url: PublicUrl,
    /// The verifier of JWTs, when JWTs are accepted (R2).
    pub jwt: Option<JwtVerifier>,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            workers: 2,
            blocking_threads: 2,
            max_in_store: 256,
            max_uploads: 16,
            max_downloads: 128,
            max_streams: 512,
            org_share_percent: 25,
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
            keep_alive: Duration::from_secs(75),
            send_timeout: Duration::from_secs(60),
            shutdown: Duration::from_secs(10),
            public_url: PublicUrl::local(8080),
            jwt: None,
        }
    }
}
