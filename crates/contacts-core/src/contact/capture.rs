//! What a chat widget captures of its visitors (R17, R3).

mod service;

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

pub use self::service::{CaptureService, NewCapture};
use super::{
    Activity, ActivityKind, Arrival, Change, Contact, ContactId, ContactPatch, CustomValues,
    EmailAddress, Name, Origin, Patch, Phone, SourceKind,
};
use crate::conversation::{Conversation, ConversationId, Visitor};
use crate::{Actor, OrgId, Result};

/// What a visitor said of themselves in a conversation: a name or an address at least.
#[derive(Clone, Debug, PartialEq)]
pub struct Capture {
    /// Whose widget it is.
    pub org: OrgId,
    /// Who said it.
    pub visitor: Visitor,
    /// Where.
    pub conversation: ConversationId,
    /// What they call themselves.
    pub name: Option<Name>,
    /// Their address.
    pub email: Option<EmailAddress>,
    /// Their number.
    pub phone: Option<Phone>,
    /// When they said it.
    pub at: OffsetDateTime,
}

/// Whom a capture is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// Somebody new, who may be the same person as the one beside.
    New {
        /// The visitor's own contact, if it has another address.
        beside: Option<ContactId>,
    },
    /// Somebody known, who may be the same person as the one beside.
    Known {
        /// Whom.
        contact: ContactId,
        /// The visitor's own contact, if that is another one.
        beside: Option<ContactId>,
    },
    /// The contact of the address, and the visitor's own, of which nothing else is known, is the
    /// same: it is folded into the other.
    Folded {
        /// The contact of the address.
        contact: ContactId,
        /// The visitor's own.
        from: ContactId,
    },
}

/// A visitor's own contact.
#[derive(Clone, Copy, Debug)]
pub struct OwnContact<'a> {
    /// It.
    pub contact: &'a Contact,
    /// Whether nothing but captures is behind it: see [`is_only_captured`].
    pub is_only_captured: bool,
}

/// Whether nothing but captures is behind a contact, as far as its own row, the ways it came
/// and what happened to it tell. Nobody edited, tagged, imported or merged it; so it can be
/// folded into another without anybody's missing it. Its values must be whole.
pub fn is_only_captured<'a>(
    contact: &Contact,
    arrivals: &[Arrival],
    activity: impl IntoIterator<Item = &'a Activity>,
) -> bool {
    let is_capture = |entry: &Activity| {
        use ActivityKind::{Arrived, Captured, Created};
        matches!(entry.what, Created | Arrived(_) | Captured(_))
    };
    contact.tags.is_empty()
        && contact.custom.is_empty()
        && arrivals.iter().all(|arrival| arrival.origin.kind() == SourceKind::Chat)
        && activity.into_iter().all(is_capture)
}

impl Capture {
    /// Whom it is about, given the contact of its address and the visitor's own.
    pub fn meet(&self, of_address: Option<&Contact>, own: Option<OwnContact<'_>>) -> Meeting {
        let known = |contact: &Contact, beside: Option<&Contact>| Meeting::Known {
            contact: contact.id,
            beside: beside.map(|beside| beside.id),
        };
        match (of_address, own) {
            (None, None) => Meeting::New { beside: None },
            (Some(contact), None) => known(contact, None),
            (Some(contact), Some(own)) if own.contact.id == contact.id => known(contact, None),
            (Some(contact), Some(own)) if own.contact.email.is_none() && own.is_only_captured => {
                Meeting::Folded { contact: contact.id, from: own.contact.id }
            }
            (Some(contact), Some(own)) => known(contact, Some(own.contact)),
            (None, Some(own)) if self.email.is_none() || own.contact.email.is_none() => {
                known(own.contact, None)
            }
            (None, Some(own)) => Meeting::New { beside: Some(own.contact.id) },
        }
    }

    /// The contact that it makes.
    pub fn to_contact(&self, id: ContactId, now: OffsetDateTime) -> Contact {
        Contact {
            org: self.org,
            id,
            name: self.name.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
            custom: CustomValues::new(),
            tags: Vec::new(),
            source: self.arrival(),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// What is said, part by part.
    pub fn said(&self) -> BTreeSet<String> {
        let name = self.name.as_ref().map(|name| part("name", name.as_str()));
        let email = self.email.as_ref().map(|email| part("email", email.key()));
        let phone = self.phone.as_ref().map(|phone| part("phone", phone.as_str()));
        [name, email, phone].into_iter().flatten().collect()
    }

    /// Whom it was about before, given what the visitor said of each in this conversation: it is
    /// sent again, when nothing in it is new.
    pub fn is_repeated(&self, said: &BTreeMap<ContactId, BTreeSet<String>>) -> Option<ContactId> {
        let parts = self.said();
        said.iter().find(|(_, before)| parts.is_subset(before)).map(|(contact, _)| *contact)
    }

    /// It without what was said before in the same conversation: somebody may have cleared that
    /// since.
    pub fn unsaid(&self, before: &BTreeSet<String>) -> Self {
        let mut unsaid = self.clone();
        unsaid.name.take_if(|name| before.contains(&part("name", name.as_str())));
        unsaid.email.take_if(|email| before.contains(&part("email", email.key())));
        unsaid.phone.take_if(|phone| before.contains(&part("phone", phone.as_str())));
        unsaid
    }

    /// Fills what is blank of a contact; what somebody or a file said of it stays.
    pub fn fill(&self, contact: &mut Contact, now: OffsetDateTime) -> Change {
        let patch = ContactPatch {
            name: self.name.clone().map_or(Patch::Keep, Patch::Set),
            email: self.email.clone().map_or(Patch::Keep, Patch::Set),
            phone: self.phone.clone().map_or(Patch::Keep, Patch::Set),
            ..ContactPatch::default()
        };
        contact.fill(patch, now)
    }

    /// The way in which the contact came.
    pub fn arrival(&self) -> Arrival {
        let origin = Origin::Chat {
            widget: self.visitor.widget(),
            visitor: self.visitor.id().to_owned(),
            conversation: self.conversation.to_string(),
        };
        Arrival { at: self.at, origin }
    }

    /// The conversation, as far as the capture tells.
    pub fn conversation(&self) -> Conversation {
        Conversation::untold(self.org, self.conversation, self.visitor.clone(), self.at)
    }

    /// Whether the conversation is taken from another contact that has it: an address says more
    /// than that the visitor is the same.
    pub fn takes_conversation(&self) -> bool {
        self.email.is_some()
    }
}

fn part(field: &str, value: &str) -> String {
    format!("{field} {value}")
}

/// Keeps what widgets capture.
///
/// Every implementation passes `contacts_testkit::capture_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait CaptureRepository: Send + Sync {
    /// Does what [`Capture::meet`] says, with an id for somebody new. The contact gets the source
    /// and the conversation, and its blanks are filled; a visitor who was not known is that
    /// contact from now on, and what they said before is theirs, but for conversations that had a
    /// contact who was deleted; whoever is beside is recorded as a possible duplicate. What the
    /// visitor has said in the conversation before changes nothing, whatever has become of it
    /// since. Returns whom it is about.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be kept.
    fn capture(
        &self,
        capture: &Capture,
        id: ContactId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<ContactId>;
}

#[cfg(test)]
mod tests;
