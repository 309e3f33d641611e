//! The outermost layer of every request: request id, log line, metrics, headers, and a problem in
//! place of a panic.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpMessage, ResponseError};
use contacts_core::Ids;
use futures_util::FutureExt;

use crate::edge::bodiless::without_body;
use crate::edge::compress::{compress, takes_gzip};
use crate::edge::cors::{open_to_pages, preflight};
use crate::edge::unread::{keep_share, share};
use crate::parts::caller::Caller;
use crate::parts::problem::{Code, PROBLEM_JSON, Problem};
use crate::parts::shared::Shared;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Security headers. A response is data: browsers must not sniff it as a page, show it in a frame,
/// or let a page of another site read it.
const PROTECTION: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// HTTPS only, for a year that starts again with every response.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// Runs a request inside the outermost layer.
pub(crate) async fn edge(
    shared: Data<Shared>,
    mut req: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, actix_web::Error> {
    let started = Instant::now();
    let seen = Seen {
        id: request_id(req.headers(), &*shared.api.ids),
        method: req.method().clone(),
        // The route pattern, because paths would put ids of contacts into logs and metrics.
        route: req.match_pattern().unwrap_or_else(|| "unmatched".to_owned()),
        takes_gzip: takes_gzip(req.headers()),
        https: shared.api.config.public_url.is_https(),
        started,
    };
    let rest = share(&mut req);
    if let Some(answer) = preflight(&req) {
        return Ok(keep_share(seen.finish(req.into_response(answer)), rest));
    }
    if let Err(problem) = check_encoding(req.headers()) {
        return Ok(keep_share(seen.finish(req.into_response(problem.error_response())), rest));
    }
    match AssertUnwindSafe(next.call(req)).catch_unwind().await {
        Ok(response) => Ok(keep_share(seen.finish(as_problem(response?)), rest)),
        Err(_panic) => {
            tracing::error!(request_id = seen.id, route = seen.route, "a request panicked");
            Err(Problem::internal().into())
        }
    }
}

struct Seen {
    id: String,
    method: Method,
    route: String,
    takes_gzip: bool,
    https: bool,
    started: Instant,
}

impl Seen {
    fn finish(self, mut response: ServiceResponse) -> ServiceResponse {
        moved(&mut response);
        let path = response.request().path().to_owned();
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            headers.insert(REQUEST_ID, id);
        }
        if !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        for (name, value) in PROTECTION {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if self.https {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
        }
        open_to_pages(&path, headers);
        self.report(&response);
        if self.method == Method::HEAD {
            return without_body(response);
        }
        compress(response, self.takes_gzip)
    }

    fn report(&self, response: &ServiceResponse) {
        let status = response.status().as_u16();
        let elapsed = self.started.elapsed();
        let method = metric_method(&self.method);
        let extensions = response.request().extensions();
        let caller = extensions.get::<Caller>();
        tracing::info!(
            method,
            route = self.route,
            status,
            ms = elapsed.as_secs_f64() * 1_000.0,
            request_id = self.id,
            org = caller.map(|caller| tracing::field::display(caller.org)),
            credential = caller.map(|caller| tracing::field::display(caller.credential())),
            "request"
        );
        let route = self.route.clone();
        metrics::counter!(
            "http_requests_total",
            "method" => method, "route" => route.clone(), "status" => status.to_string()
        )
        .increment(1);
        metrics::histogram!("http_request_seconds", "method" => method, "route" => route)
            .record(elapsed.as_secs_f64());
    }
}

/// Returns the caller's request id when it is well-formed, or a new one.
fn request_id(headers: &HeaderMap, ids: &dyn Ids) -> String {
    let is_sane = |id: &&str| {
        (1..=64).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let sent_id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(is_sane);
    sent_id.map_or_else(|| ids.next().to_string(), str::to_owned)
}

/// Refuses compressed bodies, which could expand to any size.
fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let is_plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).all(is_plain) {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedEncoding, "send the body without Content-Encoding"))
}

/// Turns a response of actix itself, such as 405 for a method that a path does not support, into a
/// problem.
fn as_problem(response: ServiceResponse) -> ServiceResponse {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_problem = kind == Some(PROBLEM_JSON.as_bytes());
    if is_problem || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let problem = match status {
        StatusCode::NOT_FOUND => Problem::new(Code::NoSuchRoute, "see /docs for what there is"),
        StatusCode::METHOD_NOT_ALLOWED => {
            Problem::new(Code::MethodNotAllowed, "the header Allow says which it takes")
        }
        StatusCode::SERVICE_UNAVAILABLE => return response,
        _ if status.is_client_error() => {
            Problem::new(Code::InvalidRequest, "the request cannot be read")
        }
        _ => Problem::internal(),
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut response_of_problem = problem.error_response();
    if let Some(allow) = allow {
        response_of_problem.headers_mut().insert(header::ALLOW, allow);
    }
    ServiceResponse::new(response.into_parts().0, response_of_problem)
}

/// Redirects the path of a merged contact's id to the same path of the surviving contact (R13), so
/// that a client that follows the redirect gets the effect it asked for.
fn moved(response: &mut ServiceResponse) {
    if response.status() != StatusCode::PERMANENT_REDIRECT {
        return;
    }
    let requested = response.request().uri().path_and_query().map_or("", |path| path.as_str());
    let rest = requested.strip_prefix("/v1/contacts/").unwrap_or_default();
    let rest = rest.find(['/', '?']).map_or("", |at| &rest[at..]).to_owned();
    if let Some(location) = response.headers_mut().get_mut(header::LOCATION)
        && let Ok(path) = location.to_str().map(|path| format!("{path}{rest}"))
        && let Ok(path) = HeaderValue::from_str(&path)
    {
        *location = path;
    }
}

/// Returns a method for use in metrics: unknown methods share one label, because clients can invent
/// any number of them.
fn metric_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
