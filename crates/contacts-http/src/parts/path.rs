//! Ids and texts in paths.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Path;
use actix_web::{FromRequest, HttpRequest};
use contacts_core::Error;
use contacts_core::action::ActionId;
use contacts_core::campaign::CampaignId;
use contacts_core::contact::ContactId;
use contacts_core::conversation::ConversationId;
use contacts_core::erasure::ErasureId;
use contacts_core::import::ImportId;
use contacts_core::invitation::InvitationId;
use contacts_core::key::KeyId;
use contacts_core::note::NoteId;
use contacts_core::run::RunId;
use contacts_core::segment::SegmentId;
use contacts_core::selection::SelectionId;
use contacts_core::session::{SessionId, UserId};
use contacts_core::sync::{SourceId, SyncRunId};
use contacts_core::tag::TagId;
use contacts_core::webhook::{DeliveryId, WebhookId};
use serde::Deserialize;
use uuid::Uuid;

use crate::parts::problem::Problem;

/// The `{id}` of a path. A text that is not an id is answered like an id that does not exist.
pub(crate) struct Id<T>(pub(crate) T);

/// An id that is used in paths.
pub(crate) trait PathId {
    const WHAT: &'static str;
    fn new(id: Uuid) -> Self;
}

macro_rules! path_id {
    ($($id:ident $what:literal),+) => {$(
        impl PathId for $id {
            const WHAT: &'static str = $what;
            fn new(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

path_id!(
    ActionId "action",
    CampaignId "campaign",
    ContactId "contact",
    ConversationId "conversation",
    DeliveryId "delivery",
    ErasureId "erasure",
    ImportId "import",
    InvitationId "invitation",
    KeyId "key",
    NoteId "note",
    RunId "run",
    SegmentId "segment",
    SelectionId "selection",
    SessionId "session",
    SourceId "source",
    SyncRunId "run",
    TagId "tag",
    UserId "user",
    WebhookId "webhook"
);

impl<T: PathId> FromRequest for Id<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(req, "id").map(Self))
    }
}

/// The second contact of a path, `{other}`.
pub(crate) struct Other(pub(crate) ContactId);

impl FromRequest for Other {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(req, "other").map(Self))
    }
}

/// The `{id}` and the `{note_id}` of a path.
pub(crate) struct NotePath {
    pub(crate) contact: ContactId,
    pub(crate) note: NoteId,
}

impl FromRequest for NotePath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let contact = read(req, "id");
        let ids = contact.and_then(|contact| Ok(Self { contact, note: read(req, "note_id")? }));
        ready(ids)
    }
}

/// The `{email}` of a path: an address.
pub(crate) struct Email(pub(crate) String);

impl FromRequest for Email {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read_email(req).map(Self))
    }
}

/// The `{id}` and the `{email}` of a path: an address of a contact.
pub(crate) struct AddressPath {
    pub(crate) contact: ContactId,
    pub(crate) email: String,
}

impl FromRequest for AddressPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let contact = read(req, "id");
        ready(contact.and_then(|contact| Ok(Self { contact, email: read_email(req)? })))
    }
}

/// The `{id}` and the `{delivery_id}` of a path.
pub(crate) struct DeliveryPath {
    pub(crate) webhook: WebhookId,
    pub(crate) delivery: DeliveryId,
}

impl FromRequest for DeliveryPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let webhook = read(req, "id");
        let ids =
            webhook.and_then(|webhook| Ok(Self { webhook, delivery: read(req, "delivery_id")? }));
        ready(ids)
    }
}

/// The `{id}` and the `{run_id}` of a path.
pub(crate) struct RunPath {
    pub(crate) source: SourceId,
    pub(crate) run: SyncRunId,
}

impl FromRequest for RunPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let source = read(req, "id");
        ready(source.and_then(|source| Ok(Self { source, run: read(req, "run_id")? })))
    }
}

/// The `{name}` of a path: a connector.
pub(crate) struct Name(pub(crate) String);

impl FromRequest for Name {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read_text(req, "name", "connector").map(Self))
    }
}

/// The `{key}` of a path: a custom field.
pub(crate) struct Key(pub(crate) String);

impl FromRequest for Key {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read_text(req, "key", "field").map(Self))
    }
}

/// The `{external_id}` of a path: an organisation's own id for a contact.
pub(crate) struct ExternalIdText(pub(crate) String);

impl FromRequest for ExternalIdText {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        // Decoded here, because the router leaves a percent sign and a slash encoded.
        let decoded = Path::<String>::extract(req).into_inner().ok().map(Path::into_inner);
        let text = decoded.filter(|text| !text.contains('\0') && !is_garbled(req, text));
        ready(text.map(Self).ok_or_else(|| Error::NotFound("contact").into()))
    }
}

/// Whether the path has bytes that are no UTF-8: the router replaces them by U+FFFD.
fn is_garbled(req: &HttpRequest, text: &str) -> bool {
    let has_encoded = || req.uri().path().to_ascii_uppercase().contains("%EF%BF%BD");
    text.contains(char::REPLACEMENT_CHARACTER) && !has_encoded()
}

/// Reads a text of a path. No name has the character U+0000, which Postgres cannot compare.
fn read_text(req: &HttpRequest, name: &str, what: &'static str) -> Result<String, Problem> {
    let text = req.match_info().query(name);
    if text.contains('\0') {
        return Err(Error::NotFound(what).into());
    }
    Ok(text.to_owned())
}

/// The `{email}` of a path, to load it. `match_info` leaves `+`, `%` and `/` encoded, which an
/// address may contain.
#[derive(Deserialize)]
struct EmailSegment {
    email: String,
}

fn read_email(req: &HttpRequest) -> Result<String, Problem> {
    let segment = req.match_info().load::<EmailSegment>().ok();
    let email = segment.map(|segment| segment.email);
    let email = email.filter(|email| !email.contains('\0') && !is_garbled(req, email));
    email.ok_or_else(|| Error::NotFound("address").into())
}

fn read<T: PathId>(req: &HttpRequest, name: &str) -> Result<T, Problem> {
    let id = req.match_info().get(name).and_then(|text| Uuid::try_parse(text).ok());
    id.map(T::new).ok_or_else(|| Error::NotFound(T::WHAT).into())
}
