//! Taking captures.

use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Capture, CaptureRepository};
use crate::clock::to_micros;
use crate::contact::{ContactId, EmailAddress, Name, Phone};
use crate::conversation::{ConversationId, Visitor};
use crate::org::OrganisationRepository;
use crate::{Actor, Clock, Ids, Invalid, OrgId, Result, text};

/// A capture as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewCapture<'a> {
    /// The widget.
    pub widget: Uuid,
    /// The visitor's id.
    pub visitor: &'a str,
    /// The conversation.
    pub conversation: Uuid,
    /// What the visitor calls themselves. This or the address is required.
    pub name: Option<&'a str>,
    /// The visitor's address.
    pub email: Option<&'a str>,
    /// The visitor's number.
    pub phone: Option<&'a str>,
    /// When they said it; now, when absent.
    pub at: Option<OffsetDateTime>,
}

/// The use cases of captures.
#[derive(Clone)]
pub struct CaptureService {
    captures: Arc<dyn CaptureRepository>,
    organisations: Arc<dyn OrganisationRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl CaptureService {
    /// Makes the service.
    pub fn new(
        captures: Arc<dyn CaptureRepository>,
        organisations: Arc<dyn OrganisationRepository>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        Self { captures, organisations, clock, ids }
    }

    /// Takes a capture. Whom it is about is nothing that a widget may know (R3), so it is not
    /// returned, and what is refused is refused for the capture's own sake.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming every part that is wrong.
    pub fn capture(&self, org: OrgId, new: &NewCapture<'_>, actor: Actor) -> Result<()> {
        let mut wrong = Vec::new();
        let visitor = check(&mut wrong, "visitor", Visitor::parse(new.widget, new.visitor));
        let (name, email, phone) = (said(new.name), said(new.email), said(new.phone));
        if name.is_none() && email.is_none() {
            wrong.push(Invalid::new("name", "is required, or email"));
        }
        let name = name.and_then(|text| check(&mut wrong, "name", Name::parse(text)));
        let email = email.and_then(|text| check(&mut wrong, "email", EmailAddress::parse(text)));
        let region = match phone {
            Some(_) => self.organisations.get(org)?.and_then(|organisation| organisation.region),
            None => None,
        };
        let phone = phone.and_then(|text| check(&mut wrong, "phone", Phone::parse(text, region)));
        let (Some(visitor), true) = (visitor, wrong.is_empty()) else {
            return Err(wrong.into());
        };
        let now = self.clock.now();
        let capture = Capture {
            org,
            visitor,
            conversation: ConversationId(new.conversation),
            name,
            email,
            phone,
            // A clock that is ahead must not put people into the future.
            at: new.at.map_or(now, |at| to_micros(at).min(now)),
        };
        self.captures.capture(&capture, ContactId(self.ids.next()), actor, now).map(drop)
    }
}

/// What was said, if anything: a form that was left empty says nothing.
fn said(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text::trim(text).is_empty())
}

fn check<T, E: ToString>(wrong: &mut Vec<Invalid>, field: &str, parsed: Result<T, E>) -> Option<T> {
    parsed.map_err(|why| wrong.push(Invalid::new(field, why))).ok()
}
