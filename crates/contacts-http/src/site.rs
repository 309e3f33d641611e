//! Whether a request comes from our own page: a browser adds the cookie to those of other sites'
//! pages, too (R2).

use std::fmt;

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use url::Url;

use crate::problem::{Code, Problem};

/// Where browsers find the service: a scheme, a host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    https: bool,
}

impl PublicUrl {
    /// Reads an address such as `https://contacts.example.org`; nothing when it is none, or says
    /// more than that.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok()?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let origin = url.origin().ascii_serialization();
        // What is more than the origin would be left out of it.
        (url.as_str() == format!("{origin}/")).then_some(Self { origin, https })
    }

    /// A port of this machine.
    pub fn local(port: u16) -> Self {
        Self { origin: format!("http://127.0.0.1:{port}"), https: false }
    }

    /// Whether browsers reach the service over HTTPS.
    pub fn is_https(&self) -> bool {
        self.https
    }
}

/// Without a slash at the end, as browsers write it.
impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Refuses what a page of another site has a browser send. What changes something must say that
/// it comes from our page. What only reads is refused when it says that it does not, unless
/// somebody follows a link.
pub(crate) fn check(
    method: &Method,
    headers: &HeaderMap,
    public: &PublicUrl,
) -> Result<(), Problem> {
    let is_fine = if *method == Method::GET || *method == Method::HEAD {
        text(headers, SITE) != Some("cross-site") || text(headers, MODE) == Some("navigate")
    } else {
        is_ours(headers, public)
    };
    if is_fine {
        return Ok(());
    }
    let detail = format!(
        "a browser that is signed in may send this from the page at {public} only; programs send \
         an API key"
    );
    Err(Problem::new(Code::CrossSite, detail))
}

fn is_ours(headers: &HeaderMap, public: &PublicUrl) -> bool {
    if !headers.contains_key(header::ORIGIN) {
        return text(headers, SITE) == Some("same-origin");
    }
    let Some(origin) = text(headers, header::ORIGIN) else { return false };
    // The page may have been opened at another name of this machine.
    let is_asked = || {
        let (_, authority) = origin.split_once("://")?;
        Some(text(headers, header::HOST)?.eq_ignore_ascii_case(authority))
    };
    origin == public.origin || is_asked() == Some(true)
}

/// A header that is there once.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name);
    let value = values.next()?;
    values.next().is_none().then(|| value.to_str().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn an_origin_is_read_and_more_than_that_is_not() {
        let shown = |text| PublicUrl::parse(text).map(|url| (url.to_string(), url.is_https()));
        let https = Some(("https://contacts.example.org".to_owned(), true));
        assert_eq!(shown(" https://Contacts.example.org:443/ "), https);
        assert_eq!(shown("http://[::1]:8080"), Some(("http://[::1]:8080".to_owned(), false)));
        for wrong in
            ["contacts.example.org", "ftp://x", "https://x/page", "https://x?a", "https://u@x", ""]
        {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }

    fn passes(method: Method, headers: &[(&str, &str)]) -> bool {
        let request = headers
            .iter()
            .fold(TestRequest::default(), |request, header| request.append_header(*header));
        let public = PublicUrl::parse("https://contacts.example.org").unwrap();
        check(&method, request.to_http_request().headers(), &public).is_ok()
    }

    #[test]
    fn a_change_must_come_from_our_own_page() {
        let host = ("host", "127.0.0.1:8080");
        let ours = [
            [("origin", "https://contacts.example.org"), host],
            [("origin", "http://127.0.0.1:8080"), host],
            [("sec-fetch-site", "same-origin"), host],
        ];
        for headers in ours {
            assert!(passes(Method::POST, &headers), "{headers:?}");
        }
        let others: [&[(&str, &str)]; 8] = [
            &[host],
            &[("origin", "null"), host],
            &[("origin", "https://evil.example"), host],
            &[("origin", "https://contacts.example.org.evil.example"), host],
            &[("origin", "http://127.0.0.1:8081"), host],
            &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin"), host],
            &[("origin", "http://127.0.0.1:8080"), ("origin", "https://evil.example"), host],
            &[("sec-fetch-site", "same-site"), host],
        ];
        for headers in others {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert!(!passes(method, headers), "{headers:?}");
            }
        }
    }

    #[test]
    fn a_read_is_refused_only_when_it_says_that_it_comes_from_elsewhere() {
        let cross = ("sec-fetch-site", "cross-site");
        assert!(passes(Method::GET, &[]) && passes(Method::HEAD, &[]));
        assert!(passes(Method::GET, &[("sec-fetch-site", "none")]));
        assert!(passes(Method::GET, &[cross, ("sec-fetch-mode", "navigate")]));
        assert!(!passes(Method::GET, &[cross]));
        assert!(!passes(Method::HEAD, &[cross, ("sec-fetch-mode", "no-cors")]));
    }
}
