//! Check that a request with the session cookie comes from the service's own page: browsers can add
//! the cookie to requests of other sites' pages, too (R2).

use crate::parts::problem::{Code, Problem};
use crate::parts::public_url::PublicUrl;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName};

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Refuses requests that a page of another site makes a browser send. A request that changes
/// something must state that it comes from the service's own page. A request that only reads is
/// refused when it states another site, unless the user follows a link.
pub(crate) fn check(
    method: &Method,
    headers: &HeaderMap,
    public: &PublicUrl,
) -> Result<(), Problem> {
    let is_fine = if *method == Method::GET || *method == Method::HEAD {
        text(headers, SITE) != Some("cross-site") || text(headers, MODE) == Some("navigate")
    } else {
        is_same_origin(headers, public)
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

fn is_same_origin(headers: &HeaderMap, public: &PublicUrl) -> bool {
    if !headers.contains_key(header::ORIGIN) {
        return text(headers, SITE) == Some("same-origin");
    }
    let Some(origin) = text(headers, header::ORIGIN) else { return false };
    // The page may have been opened under another name of this machine.
    let is_same_host = || {
        let (_, authority) = origin.split_once("://")?;
        Some(text(headers, header::HOST)?.eq_ignore_ascii_case(authority))
    };
    origin == public.origin() || is_same_host() == Some(true)
}

/// Returns the value of a header that occurs exactly once.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name);
    let value = values.next()?;
    values.next().is_none().then(|| value.to_str().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

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
        let same_origin = [
            [("origin", "https://contacts.example.org"), host],
            [("origin", "http://127.0.0.1:8080"), host],
            [("sec-fetch-site", "same-origin"), host],
        ];
        for headers in same_origin {
            assert!(passes(Method::POST, &headers), "{headers:?}");
        }
        let cross_site: [&[(&str, &str)]; 8] = [
            &[host],
            &[("origin", "null"), host],
            &[("origin", "https://evil.example"), host],
            &[("origin", "https://contacts.example.org.evil.example"), host],
            &[("origin", "http://127.0.0.1:8081"), host],
            &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin"), host],
            &[("origin", "http://127.0.0.1:8080"), ("origin", "https://evil.example"), host],
            &[("sec-fetch-site", "same-site"), host],
        ];
        for headers in cross_site {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert!(!passes(method, headers), "{headers:?}");
            }
        }
    }

    #[test]
    fn a_read_is_refused_only_when_it_is_cross_site() {
        let cross = ("sec-fetch-site", "cross-site");
        assert!(passes(Method::GET, &[]) && passes(Method::HEAD, &[]));
        assert!(passes(Method::GET, &[("sec-fetch-site", "none")]));
        assert!(passes(Method::GET, &[cross, ("sec-fetch-mode", "navigate")]));
        assert!(!passes(Method::GET, &[cross]));
        assert!(!passes(Method::HEAD, &[cross, ("sec-fetch-mode", "no-cors")]));
    }
}
