//! Captures from chat widgets over HTTP (R17, R3).

use actix_web::web::Data;
use contacts_core::contact::NewCapture;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::parts::answer::{Answer, json, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::{Body, optional_time};
use crate::parts::caller::CanCapture;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    table.add::<__path_capture, _, _>(capture)
}

/// Details that a visitor entered in a chat widget.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = Capture)]
struct CaptureBody {
    /// Id of the widget.
    widget_id: Uuid,
    /// Id of the visitor in the chat service: 1 to 200 characters.
    visitor: String,
    /// Id of the conversation.
    conversation_id: Uuid,
    /// The name of the visitor. Either `name` or `email` is required.
    name: Option<String>,
    /// The email address of the visitor. Either `name` or `email` is required.
    email: Option<String>,
    /// The phone number of the visitor.
    phone: Option<String>,
    /// When the visitor entered the details. Default: now.
    #[serde(default, deserialize_with = "optional_time")]
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

/// An empty object: the response does not reveal whether the visitor was already a contact.
#[derive(Serialize, ToSchema)]
#[schema(as = Captured)]
struct CapturedView {}

/// Send details that a visitor entered in a chat widget
///
/// For keys with the scope `capture`, which may be embedded in a widget. The response is the same
/// whether or not the visitor was already a contact. A repeated request for the same widget,
/// visitor and conversation changes nothing. Browsers may send it from any site.
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
