//! Asking a server: guarded, watched and patient.

use std::future::Future;
use std::time::{Duration, Instant};

use contacts_core::sync::{Trouble, Watch};
use contacts_guard::{Guard, problem};
use reqwest::header::{DATE, HeaderMap, LINK, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use tokio::runtime::{Builder, Runtime};
use url::{Host, Url};

use super::plan::{Credentials, Plan};

/// How often it is looked whether it may go on.
const TICK: Duration = Duration::from_millis(200);

/// How long a server may take to answer, and between two pieces of its answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a server that is busy is asked, and for how long it is left alone at the most before
/// that; who wants more is asked another day.
pub(super) const TRIES: u32 = 5;
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The most redirects that are followed.
const REDIRECTS: u32 = 5;

/// Asks the server of a plan.
pub(super) struct Asker<'a> {
    // Before the client, so that it outlives it.
    client: Client,
    runtime: Runtime,
    guard: Guard,
    plan: &'a Plan,
    watch: &'a dyn Watch,
    tries: u32,
}

/// An answer whose body has not come.
pub(super) struct Answer<'a> {
    asker: &'a Asker<'a>,
    response: Response,
}

impl<'a> Asker<'a> {
    /// One that asks a server so often at the most when it is busy or cannot be reached.
    pub(super) fn new(
        guard: Guard,
        plan: &'a Plan,
        watch: &'a dyn Watch,
        tries: u32,
    ) -> Result<Self, Trouble> {
        let failed = |why: String| Trouble::Broken(format!("nothing can be asked: {why}"));
        let client = guard.client(|client| client.connect_timeout(PATIENCE / 4));
        let client = client.map_err(|error| failed(error.to_string()))?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        Ok(Self { client, runtime, guard, plan, watch, tries })
    }

    /// Asks for an address, and again after a while when the server is busy or away.
    pub(super) fn get(&'a self, url: &Url) -> Result<Answer<'a>, Trouble> {
        let mut tries = 1;
        loop {
            let trouble = match self.get_once(url) {
                Err(trouble @ Trouble::Down { .. }) => trouble,
                done => return done,
            };
            let Trouble::Down { why, retry_after } = &trouble else { return Err(trouble) };
            let pause = retry_after.unwrap_or(Duration::from_secs(1) * 2_u32.pow(tries - 1));
            if tries == self.tries || pause > LONGEST_PAUSE {
                return Err(trouble);
            }
            self.watch.log(&format!("{why}: asked again in {} s", pause.as_secs()));
            self.wait(pause)?;
            tries += 1;
        }
    }

    fn wait(&self, pause: Duration) -> Result<(), Trouble> {
        let begun = Instant::now();
        while begun.elapsed() < pause {
            if !self.watch.may_go_on() {
                return Err(Trouble::Stopped);
            }
            std::thread::sleep(TICK.min(pause - begun.elapsed().min(pause)));
        }
        Ok(())
    }

    fn get_once(&'a self, url: &Url) -> Result<Answer<'a>, Trouble> {
        let mut url = url.clone();
        for _ in 0..=REDIRECTS {
            self.accept(&url)?;
            let mut request = self.client.get(url.clone());
            // Nobody else is told the secret.
            if url.origin() == self.plan.url.origin() {
                request = match &self.plan.credentials {
                    Credentials::None => request,
                    Credentials::Bearer(token) => request.bearer_auth(token),
                    Credentials::Basic(user, password) => request.basic_auth(user, Some(password)),
                };
            }
            let response = self.watched(request.send())?;
            if !response.status().is_redirection() {
                return self.judge(response);
            }
            let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let to = to.and_then(|to| url.join(to).ok());
            url = to.ok_or_else(|| Trouble::Broken("it leads to no address".to_owned()))?;
        }
        Err(Trouble::Settings(format!("it leads on more than {REDIRECTS} times")))
    }

    fn accept(&self, url: &Url) -> Result<(), Trouble> {
        let host = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) => None,
            None => return Err(Trouble::Settings("the address has no host".to_owned())),
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Trouble::Settings("the address must begin with https://".to_owned()));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let accepted = self.guard.accepts(url.scheme() == "http", port, host);
        accepted.map_err(|why| Trouble::Settings(format!("the address {why}")))
    }

    fn judge(&'a self, response: Response) -> Result<Answer<'a>, Trouble> {
        let status = response.status();
        let why = format!("the server answers {}", status.as_u16());
        match status {
            _ if status.is_success() => Ok(Answer { asker: self, response }),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                Err(Trouble::Down { why, retry_after: retry_after(response.headers()) })
            }
            _ if status.is_server_error() => {
                Err(Trouble::Down { why, retry_after: retry_after(response.headers()) })
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Trouble::Settings(format!(
                "{why}: the credentials are wrong, or may not read this"
            ))),
            _ => Err(Trouble::Settings(why)),
        }
    }

    fn watched<T>(
        &self,
        work: impl Future<Output = Result<T, reqwest::Error>>,
    ) -> Result<T, Trouble> {
        let begun = Instant::now();
        self.runtime.block_on(async {
            let mut work = std::pin::pin!(work);
            loop {
                if !self.watch.may_go_on() {
                    return Err(Trouble::Stopped);
                }
                if let Ok(done) = tokio::time::timeout(TICK, &mut work).await {
                    return done.map_err(|error| down(&problem(&error)));
                }
                if begun.elapsed() > PATIENCE {
                    return Err(down("it did not answer in time"));
                }
            }
        })
    }
}

fn down(why: &str) -> Trouble {
    // Where a name leads does not change by waiting.
    if why.contains("inside the network") {
        return Trouble::Settings(why.to_owned());
    }
    Trouble::Down { why: why.to_owned(), retry_after: None }
}

impl Answer<'_> {
    /// The next piece of the body; nothing at its end.
    pub(super) fn piece(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, Trouble> {
        self.asker.watched(self.response.chunk())
    }

    /// The whole body, of so many bytes at most.
    pub(super) fn whole(&mut self, most: usize) -> Result<Vec<u8>, Trouble> {
        let mut whole = Vec::new();
        while let Some(piece) = self.piece()? {
            whole.extend_from_slice(piece.as_ref());
            if whole.len() > most {
                let most = crate::limits::amount(most as u64);
                return Err(Trouble::Limit(format!("it sent a page of more than {most}")));
            }
        }
        Ok(whole)
    }

    /// Where it came from, after redirects.
    pub(super) fn url(&self) -> &Url {
        self.response.url()
    }

    /// The address that the `Link` header has for the next page.
    pub(super) fn next_link(&self) -> Option<String> {
        let links = self.response.headers().get_all(LINK);
        links.iter().filter_map(|links| links.to_str().ok()).find_map(next_of)
    }
}

/// The address of the next page in a `Link` header (RFC 8288).
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

/// For how long the server asks to be left alone: a time, or a moment by its own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok();
    let asked = text(RETRY_AFTER)?.trim();
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(asked).ok()?;
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
    fn the_next_page_is_found_in_a_header(#[case] links: &str, #[case] expected: Option<&str>) {
        assert_eq!(next_of(links).as_deref(), expected);
    }

    #[rstest]
    #[case("7", Some(7))]
    #[case("Thu, 01 Jan 2026 10:00:30 GMT", Some(30))]
    #[case("Thu, 01 Jan 2026 09:00:00 GMT", Some(0))]
    #[case("soon", None)]
    fn servers_say_how_long_to_leave_them_alone(#[case] said: &str, #[case] seconds: Option<u64>) {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, "Thu, 01 Jan 2026 10:00:00 GMT".parse().unwrap());
        headers.insert(RETRY_AFTER, said.parse().unwrap());
        assert_eq!(retry_after(&headers), seconds.map(Duration::from_secs));
    }
}
