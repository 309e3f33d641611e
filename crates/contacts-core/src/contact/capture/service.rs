//! Use cases of captures.

use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Capture, CaptureRepository};
use crate::clock::to_micros;
use crate::contact::{ContactId, EmailAddress, Name, Phone};
use crate::conversation::{ConversationId, Visitor};
use crate::org::OrganisationRepository;
use crate::{Actor, Clock, Ids, Invalid, OrgId, Ports, Result, text};

/// A capture as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewCapture<'a> {
    /// Id of the widget.
    pub widget: Uuid,
    /// Id of the visitor in the chat service.
    pub visitor: &'a str,
    /// Id of the conversation.
    pub conversation: Uuid,
    /// Name of the visitor. A name or an address is required.
    pub name: Option<&'a str>,
    /// E-mail address of the visitor.
    pub email: Option<&'a str>,
    /// Phone number of the visitor.
    pub phone: Option<&'a str>,
    /// Time at which the visitor left the details; the current time when absent.
    pub at: Option<OffsetDateTime>,
}

/// Use cases of captures.
#[derive(Clone)]
pub struct CaptureService {
    captures: Arc<dyn CaptureRepository>,
    organisations: Arc<dyn OrganisationRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl CaptureService {
    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            captures: ports.captures.clone(),
            organisations: ports.organisations.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        }
    }

    /// Stores a capture. It returns nothing about the matching contact, because a widget must not
    /// learn whether a person is known (R3).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] with every part that is wrong.
    pub fn capture(&self, org: OrgId, new: &NewCapture<'_>, actor: Actor) -> Result<()> {
        let mut errors = Vec::new();
        let visitor = check(&mut errors, "visitor", Visitor::parse(new.widget, new.visitor));
        let (name, email, phone) = (stated(new.name), stated(new.email), stated(new.phone));
        if name.is_none() && email.is_none() {
            errors.push(Invalid::new("name", "is required, or email"));
        }
        let name = name.and_then(|text| check(&mut errors, "name", Name::parse(text)));
        let email = email.and_then(|text| check(&mut errors, "email", EmailAddress::parse(text)));
        let region = match phone {
            Some(_) => self.organisations.get(org)?.and_then(|organisation| organisation.region),
            None => None,
        };
        let phone = phone.and_then(|text| check(&mut errors, "phone", Phone::parse(text, region)));
        let (Some(visitor), true) = (visitor, errors.is_empty()) else {
            return Err(errors.into());
        };
        let now = self.clock.now();
        let capture = Capture {
            org,
            visitor,
            conversation: ConversationId(new.conversation),
            name,
            email,
            phone,
            // A clock that is ahead must not date a contact into the future.
            at: new.at.map_or(now, |at| to_micros(at).min(now)),
        };
        self.captures.capture(&capture, ContactId(self.ids.next()), actor, now).map(drop)
    }
}

/// Returns the text unless it is blank: an empty form field gives nothing.
fn stated(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text::trim(text).is_empty())
}

fn check<T, E: ToString>(
    errors: &mut Vec<Invalid>,
    field: &str,
    parsed: Result<T, E>,
) -> Option<T> {
    parsed.map_err(|reason| errors.push(Invalid::new(field, reason))).ok()
}
