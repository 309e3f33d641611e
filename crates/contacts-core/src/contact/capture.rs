//! Captures: contact details that a visitor leaves in a chat widget (R17, R3).

mod service;

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

pub use self::service::{CaptureService, NewCapture};
use super::{
    Activity, ActivityKind, Change, Contact, ContactId, ContactPatch, CustomValues, EmailAddress,
    Name, Patch, Phone, Source, SourceDetail, SourceKind,
};
use crate::consent::Consent;
use crate::conversation::{Conversation, ConversationId, Visitor};
use crate::{Actor, OrgId, Result};

/// Contact details that a visitor left in a conversation: at least a name or an address.
#[derive(Clone, Debug, PartialEq)]
pub struct Capture {
    /// Organisation that owns the widget.
    pub org: OrgId,
    /// The visitor.
    pub visitor: Visitor,
    /// The conversation.
    pub conversation: ConversationId,
    /// Name of the visitor.
    pub name: Option<Name>,
    /// E-mail address of the visitor.
    pub email: Option<EmailAddress>,
    /// Phone number of the visitor.
    pub phone: Option<Phone>,
    /// Time at which the visitor left the details.
    pub at: OffsetDateTime,
}

/// Contact that a capture matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureMatch {
    /// No contact matches: the capture adds one.
    New {
        /// The visitor's own contact, which has another address: a possible duplicate.
        possible_duplicate: Option<ContactId>,
    },
    /// An existing contact matches.
    Known {
        /// The matching contact.
        contact: ContactId,
        /// The visitor's own contact, when it is a different one: a possible duplicate.
        possible_duplicate: Option<ContactId>,
    },
    /// The address belongs to one contact and the visitor to another that only captures know: the
    /// second is merged into the first.
    Folded {
        /// Contact that has the address.
        contact: ContactId,
        /// The visitor's own contact, which is merged.
        from: ContactId,
    },
}

/// Contact of a visitor.
#[derive(Clone, Copy, Debug)]
pub struct VisitorContact<'a> {
    /// Contact of the visitor.
    pub contact: &'a Contact,
    /// Whether only captures added and changed the contact: see [`is_only_captured`].
    pub is_only_captured: bool,
}

/// Returns whether only captures added and changed a contact, judging by its row, its sources and
/// its activity. Such a contact was not edited, tagged, imported or merged, so it can be merged
/// into another without a loss. The values of archived fields must be loaded.
pub fn is_only_captured<'a>(
    contact: &Contact,
    sources: &[Source],
    activity: impl IntoIterator<Item = &'a Activity>,
) -> bool {
    let is_capture = |entry: &Activity| {
        use ActivityKind::{Captured, Created, SourceAdded};
        matches!(entry.what, Created | SourceAdded(_) | Captured(_))
    };
    contact.tags.is_empty()
        && contact.custom.is_empty()
        && sources.iter().all(|source| source.detail.kind() == SourceKind::Chat)
        && activity.into_iter().all(is_capture)
}

impl Capture {
    /// Decides which contact the capture matches, given the contact that has the address and the
    /// visitor's own contact.
    pub fn match_contacts(
        &self,
        of_address: Option<&Contact>,
        own: Option<VisitorContact<'_>>,
    ) -> CaptureMatch {
        let match_known =
            |contact: &Contact, possible_duplicate: Option<&Contact>| CaptureMatch::Known {
                contact: contact.id,
                possible_duplicate: possible_duplicate
                    .map(|possible_duplicate| possible_duplicate.id),
            };
        match (of_address, own) {
            (None, None) => CaptureMatch::New { possible_duplicate: None },
            (Some(contact), None) => match_known(contact, None),
            (Some(contact), Some(own)) if own.contact.id == contact.id => {
                match_known(contact, None)
            }
            (Some(contact), Some(own)) if own.contact.email.is_none() && own.is_only_captured => {
                CaptureMatch::Folded { contact: contact.id, from: own.contact.id }
            }
            (Some(contact), Some(own)) => match_known(contact, Some(own.contact)),
            (None, Some(own)) if self.email.is_none() || own.contact.email.is_none() => {
                match_known(own.contact, None)
            }
            (None, Some(own)) => CaptureMatch::New { possible_duplicate: Some(own.contact.id) },
        }
    }

    /// Makes the contact that the capture adds.
    pub fn to_contact(&self, id: ContactId, now: OffsetDateTime) -> Contact {
        Contact {
            org: self.org,
            id,
            external_id: None,
            name: self.name.clone(),
            email: self.email.clone(),
            other_emails: Vec::new(),
            phone: self.phone.clone(),
            custom: CustomValues::new(),
            tags: Vec::new(),
            consent: Consent::default(),
            source: self.source(),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Returns the parts that the visitor gave, as text that can be compared.
    pub fn stated(&self) -> BTreeSet<String> {
        let name = self.name.as_ref().map(|name| part("name", name.as_str()));
        let email = self.email.as_ref().map(|email| part("email", email.key()));
        let phone = self.phone.as_ref().map(|phone| part("phone", phone.as_str()));
        [name, email, phone].into_iter().flatten().collect()
    }

    /// Returns the contact that the capture matched before, when it contains nothing new: it was
    /// sent twice. `stated` holds what the visitor gave in this conversation, by contact.
    pub fn is_repeated(&self, stated: &BTreeMap<ContactId, BTreeSet<String>>) -> Option<ContactId> {
        let parts = self.stated();
        stated.iter().find(|(_, before)| parts.is_subset(before)).map(|(contact, _)| *contact)
    }

    /// Returns the capture without the parts that the visitor gave before in the same conversation:
    /// somebody may have cleared them since.
    pub fn without_known(&self, before: &BTreeSet<String>) -> Self {
        let mut without_known = self.clone();
        without_known.name.take_if(|name| before.contains(&part("name", name.as_str())));
        without_known.email.take_if(|email| before.contains(&part("email", email.key())));
        without_known.phone.take_if(|phone| before.contains(&part("phone", phone.as_str())));
        without_known
    }

    /// Fills the blank fields of a contact. Values that a person or a file gave stay (R17).
    pub fn fill(&self, contact: &mut Contact, now: OffsetDateTime) -> Change {
        let patch = ContactPatch {
            name: self.name.clone().map_or(Patch::Keep, Patch::Set),
            email: self.email.clone().map_or(Patch::Keep, Patch::Set),
            phone: self.phone.clone().map_or(Patch::Keep, Patch::Set),
            ..ContactPatch::default()
        };
        contact.fill(patch, now)
    }

    /// Returns the source that the capture adds to its contact.
    pub fn source(&self) -> Source {
        let detail = SourceDetail::Chat {
            widget: self.visitor.widget(),
            visitor: self.visitor.id().to_owned(),
            conversation: self.conversation.to_string(),
        };
        Source { at: self.at, detail }
    }

    /// Returns the conversation, as far as the capture describes it.
    pub fn conversation(&self) -> Conversation {
        Conversation::unreported(self.org, self.conversation, self.visitor.clone(), self.at)
    }

    /// Returns whether the conversation moves here from another contact: an address identifies a
    /// contact better than a visitor's id does.
    pub fn takes_conversation(&self) -> bool {
        self.email.is_some()
    }
}

fn part(field: &str, value: &str) -> String {
    format!("{field} {value}")
}

/// Stores captures.
///
/// Every implementation passes `contacts_testkit::capture_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait CaptureRepository: Send + Sync {
    /// Applies the decision of [`Capture::match_contacts`] and returns it. `id` is the id of a new contact.
    ///
    /// - The contact gets the source and the conversation, and its blank fields are filled.
    /// - A new visitor belongs to that contact from now on, with their earlier conversations,
    ///   except those whose contact was deleted.
    /// - A different own contact of the visitor is stored as a possible duplicate.
    /// - Details that the visitor gave before in this conversation change nothing, even when they
    ///   were edited or cleared since.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
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
