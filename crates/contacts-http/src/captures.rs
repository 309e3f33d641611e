//! Captures of chat widgets over HTTP (R17, R3).

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::Data;
use contacts_core::contact::NewCapture;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::{Answer, json, to_json};
use crate::auth::CanCapture;
use crate::blocking::blocking;
use crate::body::Body;
use crate::routes::Table;
use crate::shared::Shared;

const PATH: &str = "/v1/captures";

pub(crate) fn routes(table: Table) -> Table {
    table.add::<__path_capture, _, _>(capture)
}

/// What a visitor said of themselves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = Capture)]
struct CaptureBody {
    /// The widget.
    widget_id: Uuid,
    /// The visitor, as the chat service knows them: 1 to 200 characters.
    visitor: String,
    /// The conversation.
    conversation_id: Uuid,
    /// What they call themselves. This or `email` is required.
    name: Option<String>,
    /// Their address. This or `name` is required.
    email: Option<String>,
    /// Their phone number.
    phone: Option<String>,
    /// When they said it; now, when absent.
    #[serde(default, with = "time::serde::rfc3339::option")]
    at: Option<OffsetDateTime>,
}

impl CaptureBody {
    fn as_new(&self) -> NewCapture<'_> {
        NewCapture {
            widget: self.widget_id,
            visitor: &self.visitor,
            conversation: self.conversation_id,
            name: self.name.as_deref(),
            email: self.email.as_deref(),
            phone: self.phone.as_deref(),
            at: self.at,
        }
    }
}

/// Nothing: whether the person was known is not told.
#[derive(Serialize, ToSchema)]
#[schema(as = Captured)]
struct CapturedView {}

/// Send what a visitor said of themselves
///
/// For keys with the scope `capture`, which a widget may hold. The answer is always the same,
/// whether or not the person was known. Sent again for the same widget, visitor and conversation,
/// it changes nothing. Browsers may send it from any site.
#[utoipa::path(
    post, path = "/v1/captures", tag = "captures", operation_id = "capture",
    request_body = CaptureBody,
    responses((status = 202, description = "It is taken", body = CapturedView))
)]
async fn capture(
    CanCapture(caller): CanCapture,
    shared: Data<Shared>,
    Body(body): Body<CaptureBody>,
) -> Answer {
    let done = blocking(&shared, move |api| {
        api.captures.capture(caller.org, &body.as_new(), caller.actor)?;
        to_json(&CapturedView {})
    });
    Ok(json(actix_web::http::StatusCode::ACCEPTED, done.await?))
}

/// The answer to a browser that asks whether a page of another site may send captures.
pub(crate) fn preflight(req: &ServiceRequest) -> Option<HttpResponse> {
    let asks = req.method() == Method::OPTIONS
        && req.path() == PATH
        && req.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    asks.then(|| {
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

/// Lets a page of any site read the answer: widgets are on our customers' sites, and their key is
/// no cookie that a browser would add by itself.
pub(crate) fn open_to_pages(path: &str, headers: &mut HeaderMap) {
    if path == PATH {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers
            .insert(header::CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("retry-after, x-request-id"),
        );
    }
}
