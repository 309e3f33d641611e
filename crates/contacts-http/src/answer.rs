//! What handlers answer with.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;

use crate::problem::Problem;

/// What a handler returns.
pub(crate) type Answer = Result<HttpResponse, Problem>;

/// Writes a view. Inside [`crate::blocking::blocking`], so that a long list does not hold up the
/// other connections of a worker.
pub(crate) fn to_json(view: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(view).map_err(|error| {
        tracing::error!(%error, "a view cannot be written");
        Problem::internal()
    })
}

/// An answer of a view that is written already.
pub(crate) fn json(status: StatusCode, body: Vec<u8>) -> HttpResponse {
    HttpResponse::build(status).content_type("application/json").body(body)
}

/// 200 and a view that is written already.
pub(crate) fn ok(body: Vec<u8>) -> HttpResponse {
    json(StatusCode::OK, body)
}

/// 204.
pub(crate) fn nothing() -> HttpResponse {
    HttpResponse::NoContent().finish()
}
