//! Cross-origin requests: pages of any site may send captures (R3), and make no other request.

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// The path that accepts requests from pages of other sites.
const PATH: &str = "/v1/captures";

/// Answers a preflight request that asks whether a page of another site may send captures.
pub(crate) fn preflight(req: &ServiceRequest) -> Option<HttpResponse> {
    let is_preflight = req.method() == Method::OPTIONS
        && req.path() == PATH
        && req.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    is_preflight.then(|| {
        HttpResponse::NoContent()
            .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "POST"))
            .insert_header((
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                "authorization, content-type, idempotency-key, x-request-id",
            ))
            .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
            .finish()
    })
}

/// Lets a page of any site read the response. Widgets run on the sites of our customers, and their
/// key is not a cookie that a browser would add by itself.
pub(crate) fn open_to_pages(path: &str, headers: &mut HeaderMap) {
    if path == PATH {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers
            .insert(header::CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("ratelimit, ratelimit-policy, retry-after, x-request-id"),
        );
    }
}
