//! Responses of handlers.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;

use crate::parts::problem::Problem;

/// The result of a handler.
pub(crate) type Answer = Result<HttpResponse, Problem>;

/// Serialises a view. Call it inside [`crate::parts::blocking::blocking`], so that a long list does
/// not delay the other connections of a worker.
pub(crate) fn to_json(view: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(view).map_err(|error| {
        tracing::error!(%error, "failed to serialise a response");
        Problem::internal()
    })
}

/// Returns a response with a serialised view.
pub(crate) fn json(status: StatusCode, body: Vec<u8>) -> HttpResponse {
    HttpResponse::build(status).content_type("application/json").body(body)
}

/// Returns a response with the status 200 and a serialised view.
pub(crate) fn ok(body: Vec<u8>) -> HttpResponse {
    json(StatusCode::OK, body)
}

/// Returns a response with the status 204.
pub(crate) fn nothing() -> HttpResponse {
    HttpResponse::NoContent().finish()
}
