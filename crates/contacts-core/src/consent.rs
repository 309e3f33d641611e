//! Consent: whether campaigns may include a contact. An unsubscribe has a reason, a time and an actor
//! (R51).
//!
//! Consent belongs to the addresses of a contact, not only to the contact: the store keeps it under
//! the keyed hash of each address ([`crate::campaign::AddressKey`]), so that it survives deletion,
//! merging and a new import.

mod note;
mod repository;
mod request;
mod service;

use time::OffsetDateTime;
use uuid::Uuid;

pub use self::note::{ConsentNote, InvalidConsentNote};
pub use self::repository::ConsentRepository;
#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockConsentRepository;
pub use self::request::RawConsent;
pub use self::service::ConsentService;
use crate::Actor;

/// Whether a contact wants messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// Campaigns may include the contact.
    #[default]
    Subscribed,
    /// No action of ours adds the contact to a campaign (R28).
    Unsubscribed(Unsubscribe),
}

/// The earliest known unsubscribe of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsubscribe {
    /// Reason of the unsubscribe.
    pub reason: ConsentReason,
    /// Time of the unsubscribe.
    pub at: OffsetDateTime,
    /// Who reported the unsubscribe.
    pub actor: Actor,
    /// Free text about the unsubscribe. Stored with the contact only, never under the hash of an
    /// address, because it may contain personal data.
    pub note: Option<ConsentNote>,
}

/// Reason why a contact is unsubscribed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsentReason {
    /// The person unsubscribed in a message of a campaign.
    Campaign,
    /// The person asked the organisation.
    Asked,
    /// The address does not accept messages.
    Bounced,
    /// The person reported a message as spam.
    Complained,
    /// A file said so.
    Imported,
    /// A connected source said so.
    Source,
}

/// A change of consent by the door for single contacts, or by a bulk action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentChange {
    /// Unsubscribes the contact. Every door may do this.
    Lower {
        /// Reason of the unsubscribe.
        reason: ConsentReason,
        /// Free text about the unsubscribe.
        note: Option<ConsentNote>,
    },
    /// Subscribes the contact again. Only an administrator may do this.
    Raise {
        /// How the person agreed.
        note: ConsentNote,
    },
}

impl Consent {
    /// Returns whether campaigns may include the contact.
    pub fn is_subscribed(&self) -> bool {
        *self == Self::Subscribed
    }

    /// Returns the unsubscribe, if the contact is unsubscribed.
    pub fn unsubscribe(&self) -> Option<&Unsubscribe> {
        match self {
            Self::Subscribed => None,
            Self::Unsubscribed(unsubscribe) => Some(unsubscribe),
        }
    }

    /// Returns the name of the state.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Subscribed => "subscribed",
            Self::Unsubscribed(_) => "unsubscribed",
        }
    }

    /// Unsubscribes, unless an earlier unsubscribe is known. Returns whether anything changed. The
    /// result does not depend on the order of several calls.
    pub fn lower(&mut self, unsubscribe: Unsubscribe) -> bool {
        let is_first = self.unsubscribe().is_none_or(|known| unsubscribe.key() < known.key());
        if is_first {
            *self = Self::Unsubscribed(unsubscribe);
        }
        is_first
    }
}

impl Unsubscribe {
    /// Returns the key by which the earliest unsubscribe is chosen.
    fn key(&self) -> (OffsetDateTime, &'static str, (&'static str, Option<Uuid>)) {
        (self.at, self.reason.as_str(), self.actor.parts())
    }

    /// Returns the part that is stored under the hash of an address: everything except the note.
    pub fn without_note(&self) -> Self {
        Self { note: None, ..*self }
    }
}

impl ConsentReason {
    /// Every reason.
    pub const ALL: [Self; 6] = [
        Self::Campaign,
        Self::Asked,
        Self::Bounced,
        Self::Complained,
        Self::Imported,
        Self::Source,
    ];

    /// Returns the name of the reason.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::Asked => "asked",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Imported => "imported",
            Self::Source => "source",
        }
    }

    /// Parses the name of a reason.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

impl ConsentChange {
    /// Returns the unsubscribe that the change makes, or `None` when it raises consent.
    pub fn unsubscribe(&self, actor: Actor, at: OffsetDateTime) -> Option<Unsubscribe> {
        match self {
            Self::Lower { reason, note } => {
                Some(Unsubscribe { reason: *reason, at, actor, note: note.clone() })
            }
            Self::Raise { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const START: OffsetDateTime = datetime!(2026-01-01 10:00 UTC);

    fn unsubscribe(reason: ConsentReason, second: i64, note: Option<&str>) -> Unsubscribe {
        let at = START + time::Duration::seconds(second);
        let note = note.map(|text| ConsentNote::parse(text).unwrap());
        Unsubscribe { reason, at, actor: Actor::System, note }
    }

    #[test]
    fn lowering_twice_keeps_the_first_in_any_order() {
        let all = [
            unsubscribe(ConsentReason::Asked, 3, Some("by phone")),
            unsubscribe(ConsentReason::Campaign, 2, None),
            unsubscribe(ConsentReason::Asked, 2, None),
        ];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut consent = Consent::default();
            assert!(consent.lower(all[order[0]].clone()));
            consent.lower(all[order[1]].clone());
            consent.lower(all[order[2]].clone());
            assert_eq!(consent, Consent::Unsubscribed(all[2].clone()), "{order:?}");
        }
    }

    #[test]
    fn the_same_unsubscribe_without_its_note_changes_nothing() {
        let asked = unsubscribe(ConsentReason::Asked, 3, Some("by phone"));
        let mut consent = Consent::Unsubscribed(asked.clone());
        assert!(!consent.lower(asked.without_note()));
        assert_eq!(consent.unsubscribe(), Some(&asked));
    }

    #[test]
    fn every_reason_is_read_back() {
        for reason in ConsentReason::ALL {
            assert_eq!(ConsentReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(ConsentReason::parse("Asked"), None);
    }
}
