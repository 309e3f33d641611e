//! Sends requests to a server: guarded, cancellable, and repeated when the server is busy.

use std::future::Future;
use std::time::{Duration, Instant};

use contacts_core::sync::{ConnectorError, SyncObserver};
use contacts_guard::{Guard, describe_error};
use reqwest::header::{DATE, HeaderMap, LINK, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use tokio::runtime::{Builder, Runtime};
use url::{Host, Url};

use super::plan::{Credentials, Plan};

/// Interval at which cancellation is checked.
const TICK: Duration = Duration::from_millis(200);

/// Time limit for an answer, and between two chunks of its body.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Number of requests to a busy server before the run fails.
pub(super) const MAX_TRIES: u32 = 5;

/// Longest pause between them. When the server asks for more, the run fails and is retried later.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Number of redirects that are followed.
const MAX_REDIRECTS: u32 = 5;

/// Sends requests to the server of a plan.
pub(super) struct HttpClient<'a> {
    // Declared before the runtime, so that it is dropped first.
    client: Client,
    runtime: Runtime,
    guard: Guard,
    plan: &'a Plan,
    observer: &'a dyn SyncObserver,
    tries: u32,
}

/// An answer whose body has not been read.
pub(super) struct Answer<'a> {
    client: &'a HttpClient<'a>,
    response: Response,
}

impl<'a> HttpClient<'a> {
    /// Creates a client that sends a request at most `tries` times when the server is busy or
    /// cannot be reached.
    pub(super) fn new(
        guard: Guard,
        plan: &'a Plan,
        observer: &'a dyn SyncObserver,
        tries: u32,
    ) -> Result<Self, ConnectorError> {
        let failed =
            |reason: String| ConnectorError::Broken(format!("requests cannot be sent: {reason}"));
        let client = guard.client(|client| client.connect_timeout(ANSWER_TIMEOUT / 4));
        let client = client.map_err(|error| failed(error.to_string()))?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        Ok(Self { client, runtime, guard, plan, observer, tries })
    }

    /// Requests a URL, and repeats the request after a pause when the server is busy or down.
    pub(super) fn get(&'a self, url: &Url) -> Result<Answer<'a>, ConnectorError> {
        let mut tries = 1;
        loop {
            let error = match self.get_once(url) {
                Err(error @ ConnectorError::Down { .. }) => error,
                done => return done,
            };
            let ConnectorError::Down { reason, retry_after } = &error else { return Err(error) };
            let pause = retry_after.unwrap_or(Duration::from_secs(1) * 2_u32.pow(tries - 1));
            if tries == self.tries || pause > MAX_PAUSE {
                return Err(error);
            }
            self.observer.log(&format!("{reason}: next request in {} s", pause.as_secs()));
            self.wait(pause)?;
            tries += 1;
        }
    }

    fn wait(&self, pause: Duration) -> Result<(), ConnectorError> {
        let start = Instant::now();
        while start.elapsed() < pause {
            if !self.observer.may_continue() {
                return Err(ConnectorError::Stopped);
            }
            std::thread::sleep(TICK.min(pause - start.elapsed().min(pause)));
        }
        Ok(())
    }

    fn get_once(&'a self, url: &Url) -> Result<Answer<'a>, ConnectorError> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            self.check_url(&url)?;
            let mut request = self.client.get(url.clone());
            // Credentials are sent to the configured server only.
            if url.origin() == self.plan.url.origin() {
                request = match &self.plan.credentials {
                    Credentials::None => request,
                    Credentials::Bearer(token) => request.bearer_auth(token),
                    Credentials::Basic(user, password) => request.basic_auth(user, Some(password)),
                };
            }
            let response = self.watched(request.send())?;
            if !response.status().is_redirection() {
                return self.check_status(response);
            }
            let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let to = to.and_then(|to| url.join(to).ok());
            url = to.ok_or_else(|| {
                ConnectorError::Broken("it redirects to an invalid address".to_owned())
            })?;
        }
        Err(ConnectorError::Settings(format!("it redirects more than {MAX_REDIRECTS} times")))
    }

    fn check_url(&self, url: &Url) -> Result<(), ConnectorError> {
        let host = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) => None,
            None => return Err(ConnectorError::Settings("the address has no host".to_owned())),
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ConnectorError::Settings(
                "the address must start with https://".to_owned(),
            ));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let accepted = self.guard.accepts(url.scheme() == "http", port, host);
        accepted.map_err(|reason| ConnectorError::Settings(format!("the address {reason}")))
    }

    fn check_status(&'a self, response: Response) -> Result<Answer<'a>, ConnectorError> {
        let status = response.status();
        let reason = format!("the server responded with {}", status.as_u16());
        match status {
            _ if status.is_success() => Ok(Answer { client: self, response }),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                Err(ConnectorError::Down { reason, retry_after: retry_after(response.headers()) })
            }
            _ if status.is_server_error() => {
                Err(ConnectorError::Down { reason, retry_after: retry_after(response.headers()) })
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(ConnectorError::Settings(
                format!("{reason}: the credentials are wrong or lack permission"),
            )),
            _ => Err(ConnectorError::Settings(reason)),
        }
    }

    fn watched<T>(
        &self,
        work: impl Future<Output = Result<T, reqwest::Error>>,
    ) -> Result<T, ConnectorError> {
        let start = Instant::now();
        self.runtime.block_on(async {
            let mut work = std::pin::pin!(work);
            loop {
                if !self.observer.may_continue() {
                    return Err(ConnectorError::Stopped);
                }
                if let Ok(done) = tokio::time::timeout(TICK, &mut work).await {
                    return done.map_err(|error| down(&describe_error(&error)));
                }
                if start.elapsed() > ANSWER_TIMEOUT {
                    return Err(down("it did not respond in time"));
                }
            }
        })
    }
}

fn down(reason: &str) -> ConnectorError {
    // Waiting does not change the addresses of a name.
    if reason.contains("inside the network") {
        return ConnectorError::Settings(reason.to_owned());
    }
    ConnectorError::Down { reason: reason.to_owned(), retry_after: None }
}

impl Answer<'_> {
    /// Reads the next chunk of the body; `None` at its end.
    pub(super) fn chunk(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, ConnectorError> {
        self.client.watched(self.response.chunk())
    }

    /// Reads the whole body, of at most `most` bytes.
    pub(super) fn body(&mut self, most: usize) -> Result<Vec<u8>, ConnectorError> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk()? {
            whole.extend_from_slice(chunk.as_ref());
            if whole.len() > most {
                let most = crate::limits::format_bytes(most as u64);
                return Err(ConnectorError::Limit(format!("it sent a page of more than {most}")));
            }
        }
        Ok(whole)
    }

    /// The URL of the answer, after redirects.
    pub(super) fn url(&self) -> &Url {
        self.response.url()
    }

    /// The URL of the next page in the header `Link`.
    pub(super) fn next_link(&self) -> Option<String> {
        let links = self.response.headers().get_all(LINK);
        links.iter().filter_map(|links| links.to_str().ok()).find_map(next_of)
    }
}

/// Returns the URL of the next page in a `Link` header (RFC 8288).
fn next_of(links: &str) -> Option<String> {
    let mut rest = links;
    while let Some((_, after)) = rest.split_once('<') {
        let (url, after) = after.split_once('>')?;
        let parameters = after.split('<').next().unwrap_or_default();
        let is_next = parameters.split([';', ',']).any(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else { return false };
            let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
            name.trim().eq_ignore_ascii_case("rel")
                && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(url.to_owned());
        }
        rest = after;
    }
    None
}

/// Returns the pause that the server requests: in seconds, or until a time by its own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok();
    let header = text(RETRY_AFTER)?.trim();
    if let Ok(seconds) = header.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(header).ok()?;
    let now = httpdate::parse_http_date(text(DATE)?).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("<https://a/?page=2>; rel=\"next\"", Some("https://a/?page=2"))]
    #[case(
        "<https://a/1>; rel=prev, <https://a/3?x=1,2>; title=x; rel=\"last next\"",
        Some("https://a/3?x=1,2")
    )]
    #[case("<https://a/1>; rel=\"prev\"", None)]
    #[case("<https://a/1", None)]
    #[case("", None)]
    fn the_next_page_is_read_from_the_link_header(
        #[case] links: &str,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(next_of(links).as_deref(), expected);
    }

    #[rstest]
    #[case("7", Some(7))]
    #[case("Thu, 01 Jan 2026 10:00:30 GMT", Some(30))]
    #[case("Thu, 01 Jan 2026 09:00:00 GMT", Some(0))]
    #[case("soon", None)]
    fn the_pause_is_read_from_the_header(#[case] value: &str, #[case] seconds: Option<u64>) {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, "Thu, 01 Jan 2026 10:00:00 GMT".parse().unwrap());
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        assert_eq!(retry_after(&headers), seconds.map(Duration::from_secs));
    }
}
