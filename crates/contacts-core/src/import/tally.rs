//! Counts of the rows of a file (R34, R35).

use std::collections::BTreeMap;

use super::{KeyConflict, Unreadable};
use crate::contact::{Contact, InvalidEmail, InvalidName};

/// Counts of rows: added + updated + skipped = rows read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that added a contact.
    pub added: u64,
    /// Rows that changed a contact.
    pub updated: u64,
    /// Rows that were skipped, by reason.
    pub skipped: BTreeMap<SkipCode, u64>,
    /// Cells that were lost although their row was applied.
    pub warnings: u64,
}

impl Tally {
    /// Number of rows that were read.
    pub fn rows(&self) -> u64 {
        self.added + self.updated + self.skips()
    }

    /// Number of rows that were skipped, for any reason.
    pub fn skips(&self) -> u64 {
        self.skipped.values().sum()
    }

    /// Counts a skipped row.
    pub fn skip(&mut self, code: SkipCode) {
        *self.skipped.entry(code).or_default() += 1;
    }

    /// Counts a skipped row, or the cells that an applied row has lost.
    pub fn count(&mut self, skipped: Option<Skip>, warnings: usize) {
        match skipped {
            Some(skip) => self.skip(skip.code()),
            None => self.warnings += warnings as u64,
        }
    }

    /// Subtracts a row that was skipped before and comes again.
    pub fn unskip(&mut self, code: SkipCode) {
        if let Some(rows) = self.skipped.get_mut(&code) {
            *rows = rows.saturating_sub(1);
        }
        self.skipped.retain(|_, rows| *rows > 0);
    }

    /// Adds the counts of another tally.
    pub fn add(&mut self, other: &Self) {
        self.added += other.added;
        self.updated += other.updated;
        self.warnings += other.warnings;
        for (code, rows) in &other.skipped {
            *self.skipped.entry(*code).or_default() += rows;
        }
    }
}

/// The reason why a row is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Skip {
    /// The row could not be read.
    Unreadable(Unreadable),
    /// The row has no name (R6).
    MissingName,
    /// The name breaks R9.
    InvalidName(InvalidName),
    /// The row has no address (R6).
    MissingEmail,
    /// The address breaks R7.
    InvalidEmail(InvalidEmail),
    /// The row changes nothing.
    Unchanged,
    /// The contact exists, and the policy only adds contacts.
    Known,
    /// The contact does not exist, and the policy adds nobody.
    Unknown,
    /// The row has no name, no address, and no external id of an existing contact.
    Nobody,
    /// The external id is too long, or contains control characters.
    InvalidId,
    /// The id of the row is not the id of a contact (R50).
    NotFound,
    /// The id, the external id and the address of the row mean two contacts (R50).
    Ambiguous(KeyConflict),
    /// No contact has the address of an opt-out list: it is suppressed (R52).
    Suppressed,
    /// The contact has no room for another address (R48).
    TooManyAddresses,
}

/// A [`Skip`] without its detail, for counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipCode {
    /// The row could not be read.
    Unreadable,
    /// The row has no name.
    MissingName,
    /// The name is invalid.
    InvalidName,
    /// The row has no address.
    MissingEmail,
    /// The address breaks R7.
    InvalidEmail,
    /// The row changes nothing.
    Unchanged,
    /// The contact exists, and the policy only adds contacts.
    Known,
    /// The contact does not exist, and the policy adds nobody.
    Unknown,
    /// The row has neither a name nor an address.
    Nobody,
    /// The external id is invalid.
    InvalidId,
    /// The id is not the id of a contact.
    NotFound,
    /// The keys of the row mean two contacts.
    Ambiguous,
    /// No contact has the address: it is suppressed.
    Suppressed,
    /// The contact has no room for another address.
    TooManyAddresses,
}

impl Skip {
    /// The code of the reason.
    pub fn code(self) -> SkipCode {
        match self {
            Self::Unreadable(_) => SkipCode::Unreadable,
            Self::MissingName => SkipCode::MissingName,
            Self::InvalidName(_) => SkipCode::InvalidName,
            Self::MissingEmail => SkipCode::MissingEmail,
            Self::InvalidEmail(_) => SkipCode::InvalidEmail,
            Self::Unchanged => SkipCode::Unchanged,
            Self::Known => SkipCode::Known,
            Self::Unknown => SkipCode::Unknown,
            Self::Nobody => SkipCode::Nobody,
            Self::InvalidId => SkipCode::InvalidId,
            Self::NotFound => SkipCode::NotFound,
            Self::Ambiguous(_) => SkipCode::Ambiguous,
            Self::Suppressed => SkipCode::Suppressed,
            Self::TooManyAddresses => SkipCode::TooManyAddresses,
        }
    }

    /// The reason as a sentence fragment for people.
    pub fn sentence(self) -> String {
        match self {
            Self::Unreadable(reason) => reason.to_string(),
            Self::MissingName => "the name is missing".to_owned(),
            Self::InvalidName(reason) => format!("the name {reason}"),
            Self::MissingEmail => "the email address is missing".to_owned(),
            Self::InvalidEmail(reason) => format!("the email address {reason}"),
            Self::Unchanged => "the row contains no changes".to_owned(),
            Self::Known => "the contact already exists, and this import only adds".to_owned(),
            Self::Unknown => "the contact does not exist, and this import adds nobody".to_owned(),
            Self::Nobody => "it has neither a name nor an email address".to_owned(),
            Self::InvalidId => {
                "its id is longer than 500 characters, or has control characters".to_owned()
            }
            Self::NotFound => "no contact has this id".to_owned(),
            Self::Ambiguous(conflict) => conflict.sentence(),
            Self::Suppressed => {
                "no contact has the address; a contact that gets it will be unsubscribed".to_owned()
            }
            Self::TooManyAddresses => format!(
                "the contact already has {} email addresses: remove one of them first",
                Contact::MAX_ADDRESSES
            ),
        }
    }

    /// Whether the row can be corrected and imported again.
    pub fn is_issue(self) -> bool {
        !matches!(self, Self::Unchanged | Self::Suppressed)
    }
}

impl SkipCode {
    /// Every code.
    pub const ALL: [Self; 14] = [
        Self::Unreadable,
        Self::MissingName,
        Self::InvalidName,
        Self::MissingEmail,
        Self::InvalidEmail,
        Self::Unchanged,
        Self::Known,
        Self::Unknown,
        Self::Nobody,
        Self::InvalidId,
        Self::NotFound,
        Self::Ambiguous,
        Self::Suppressed,
        Self::TooManyAddresses,
    ];

    /// The code's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::MissingName => "missing_name",
            Self::InvalidName => "invalid_name",
            Self::MissingEmail => "missing_email",
            Self::InvalidEmail => "invalid_email",
            Self::Unchanged => "unchanged",
            Self::Known => "already_known",
            Self::Unknown => "not_known",
            Self::Nobody => "no_name_or_email",
            Self::InvalidId => "invalid_id",
            Self::NotFound => "not_found",
            Self::Ambiguous => "ambiguous",
            Self::Suppressed => "suppressed",
            Self::TooManyAddresses => "too_many_addresses",
        }
    }

    /// The code of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }
}
