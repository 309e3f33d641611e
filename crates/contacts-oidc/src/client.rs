//! The HTTP client for requests to issuers: without redirects, and with limits of time and size.

use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use contacts_guard::{Guard, describe_error};
use openidconnect::{HttpRequest, HttpResponse};
use reqwest::Client;
use tokio::runtime::{Builder, Runtime};
use url::{Host, Url};

/// Limits of requests to an issuer.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Time limit for connecting.
    pub connect_timeout: Duration,
    /// Time limit for the whole request, from the look-up of the name to the end of the answer.
    pub total_timeout: Duration,
    /// Maximum size of an answer, in bytes.
    pub max_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            total_timeout: Duration::from_secs(8),
            max_bytes: 512 << 10,
        }
    }
}

/// Why a request to an issuer failed, as a fragment without secrets.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct RequestError(String);

/// Sends requests to one issuer.
pub(crate) struct IssuerClient {
    guard: Guard,
    limits: Limits,
    running: OnceLock<Result<Running, String>>,
}

struct Running {
    client: Client,
    runtime: Option<Runtime>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be dropped on a thread that must not block.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl IssuerClient {
    /// Creates a client. Its runtime is started by the first request.
    ///
    /// The operator chose the issuer, which may be inside the network. It must use HTTPS, and so
    /// must every address that it names, unless it runs on this machine: then all of them must.
    pub(crate) fn new(is_local: bool, limits: Limits) -> Self {
        let guard = Guard { allow_http: is_local, allow_private: true };
        Self { guard, limits, running: OnceLock::new() }
    }

    /// Sends a request and reads its answer.
    pub(crate) fn send(&self, request: HttpRequest) -> Result<HttpResponse, RequestError> {
        self.check(request.uri())
            .map_err(|reason| RequestError(format!("its address {reason}")))?;
        let running = match self.running.get_or_init(|| self.start()) {
            Ok(running) => running,
            Err(reason) => return Err(RequestError(reason.clone())),
        };
        let Some(runtime) = &running.runtime else {
            return Err(RequestError("the service is shutting down".to_owned()));
        };
        let answer = exchange(&running.client, request, self.limits.max_bytes);
        runtime.block_on(async {
            match tokio::time::timeout(self.limits.total_timeout, answer).await {
                Ok(answer) => answer.map_err(RequestError),
                Err(_elapsed) => Err(RequestError("it did not respond in time".to_owned())),
            }
        })
    }

    fn check(&self, uri: &openidconnect::http::Uri) -> Result<(), &'static str> {
        let url = Url::parse(&uri.to_string()).map_err(|_invalid| "cannot be read")?;
        let is_plain = match url.scheme() {
            "https" => false,
            "http" => true,
            _ => return Err("must start with https://"),
        };
        if is_plain && !is_loopback(&url) {
            return Err("must start with https://");
        }
        let host = match url.host() {
            Some(Host::Ipv4(host)) => Some(IpAddr::V4(host)),
            Some(Host::Ipv6(host)) => Some(IpAddr::V6(host)),
            _ => None,
        };
        self.guard.accepts(is_plain, url.port_or_known_default().unwrap_or_default(), host)
    }

    fn start(&self) -> Result<Running, String> {
        let client = self.guard.client(|client| {
            client
                .connect_timeout(self.limits.connect_timeout)
                .timeout(self.limits.total_timeout)
                .pool_max_idle_per_host(1)
        });
        let client = client.map_err(|error| format!("requests cannot be sent: {error}"))?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("issuers")
            .enable_all()
            .build()
            .map_err(|error| format!("requests cannot be sent: {error}"))?;
        Ok(Running { client, runtime: Some(runtime) })
    }
}

/// Whether a URL is of this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(host)) => host.is_loopback(),
        Some(Host::Ipv6(host)) => host.is_loopback(),
        None => false,
    }
}

async fn exchange(
    client: &Client,
    request: HttpRequest,
    max_bytes: usize,
) -> Result<HttpResponse, String> {
    let request = reqwest::Request::try_from(request)
        .map_err(|error| format!("the request cannot be written: {}", error.without_url()))?;
    let mut answer = client.execute(request).await.map_err(|error| describe_error(&error))?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| describe_error(&error))? {
        if body.len() + chunk.len() > max_bytes {
            return Err(format!("its answer is longer than {max_bytes} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = HttpResponse::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(is_local: bool, uri: &str) -> bool {
        IssuerClient::new(is_local, Limits::default()).check(&uri.parse().unwrap()).is_ok()
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        assert!(accepts(false, "https://login.example.org/token"));
        assert!(accepts(false, "https://10.0.0.1:8443/token"));
        assert!(!accepts(false, "http://login.example.org/token"));
        assert!(!accepts(false, "http://127.0.0.1:9000/token"), "named by an issuer elsewhere");
        assert!(accepts(true, "http://127.0.0.1:9000/token"));
        assert!(accepts(true, "http://localhost:9000/token"));
        assert!(!accepts(true, "http://10.0.0.1/token"));
        assert!(!accepts(true, "http://localhost.example.org/token"));
    }
}
