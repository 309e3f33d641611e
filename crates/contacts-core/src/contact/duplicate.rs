//! Contacts that may be one person (R17, R20).

mod service;

use time::OffsetDateTime;

pub use self::service::DuplicateService;
use super::{Contact, ContactId};
use crate::{OrgId, Result};

/// Why two contacts may be one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DuplicateReason {
    /// A visitor of a widget left the addresses of both, or the address of one and the name of
    /// the other.
    Captured,
    /// They have the same phone number, in E.164 form.
    Phone,
    /// They have the same name but for case and accents, and one of them has no address.
    Name,
}

/// A contact that may be the same person as another.
#[derive(Clone, Debug, PartialEq)]
pub struct Duplicate {
    /// It.
    pub contact: Contact,
    /// Why: one reason at least.
    pub reasons: Vec<DuplicateReason>,
}

impl DuplicateReason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Captured, Self::Phone, Self::Name];

    /// The reason's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Phone => "phone",
            Self::Name => "name",
        }
    }

    /// What two contacts have in common that one person's have.
    pub fn between(one: &Contact, other: &Contact) -> Vec<Self> {
        let number = |contact: &Contact| {
            contact.phone.as_ref().and_then(|phone| phone.e164().map(str::to_owned))
        };
        let mut reasons = Vec::new();
        if number(one).is_some() && number(one) == number(other) {
            reasons.push(Self::Phone);
        }
        let lacks_address = one.email.is_none() || other.email.is_none();
        if lacks_address && one.name.is_some() && one.name_key() == other.name_key() {
            reasons.push(Self::Name);
        }
        reasons
    }
}

/// Tells which contacts may be one person.
///
/// Every implementation passes `contacts_testkit::duplicate_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait DuplicateRepository: Send + Sync {
    /// Those that may be the same person as a contact, in the order of their ids, after one of
    /// them, so many at most; without those of which somebody said that they are not.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn duplicates(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<Duplicate>>;

    /// Remembers that two contacts are two people, whatever they have in common; says whether
    /// both are there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn dismiss(
        &self,
        org: OrgId,
        contact: ContactId,
        other: ContactId,
        now: OffsetDateTime,
    ) -> Result<bool>;
}
