//! Ids in paths.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use contacts_core::Error;
use contacts_core::contact::ContactId;
use contacts_core::import::ImportId;
use contacts_core::key::KeyId;
use contacts_core::tag::TagId;
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

path_id!(ContactId "contact", ImportId "import", KeyId "key", TagId "tag");

impl<T: PathId> FromRequest for Id<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = req.match_info().get("id").and_then(|text| Uuid::try_parse(text).ok());
        ready(id.map(|id| Self(T::new(id))).ok_or_else(|| Error::NotFound(T::WHAT).into()))
    }
}
