//! Ids in paths.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use contacts_core::Error;
use contacts_core::action::ActionId;
use contacts_core::campaign::CampaignId;
use contacts_core::contact::ContactId;
use contacts_core::conversation::ConversationId;
use contacts_core::erasure::ErasureId;
use contacts_core::import::ImportId;
use contacts_core::key::KeyId;
use contacts_core::note::NoteId;
use contacts_core::segment::SegmentId;
use contacts_core::selection::SelectionId;
use contacts_core::sync::{SourceId, SyncRunId};
use contacts_core::tag::TagId;
use contacts_core::webhook::{DeliveryId, WebhookId};
use uuid::Uuid;

use crate::problem::Problem;

/// The `{id}` of a path. A text that is no id names nothing, so it is answered like an id that
/// is not there.
pub(crate) struct Id<T>(pub(crate) T);

/// An id that occurs in paths.
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
    KeyId "key",
    NoteId "note",
    SegmentId "segment",
    SelectionId "selection",
    SourceId "source",
    SyncRunId "run",
    TagId "tag",
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

/// The `{name}` of a path.
pub(crate) struct Name(pub(crate) String);

impl FromRequest for Name {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(req.match_info().query("name").to_owned())))
    }
}

fn read<T: PathId>(req: &HttpRequest, name: &str) -> Result<T, Problem> {
    let id = req.match_info().get(name).and_then(|text| Uuid::try_parse(text).ok());
    id.map(T::new).ok_or_else(|| Error::NotFound(T::WHAT).into())
}
