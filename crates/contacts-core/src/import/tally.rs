//! What happened to the rows of a file (R34, R35).

use std::collections::BTreeMap;

use super::Unreadable;
use crate::contact::{InvalidEmail, InvalidName};

/// Counts what happened: added + updated + skipped = rows read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that made a contact.
    pub added: u64,
    /// Rows that changed one.
    pub updated: u64,
    /// Rows that were not taken, by reason.
    pub skipped: BTreeMap<SkipCode, u64>,
    /// Cells that were lost though their row was taken.
    pub warnings: u64,
}

impl Tally {
    /// How many rows were read.
    pub fn rows(&self) -> u64 {
        self.added + self.updated + self.skips()
    }

    /// How many rows were skipped, for any reason.
    pub fn skips(&self) -> u64 {
        self.skipped.values().sum()
    }

    /// Counts one more skipped row.
    pub fn skip(&mut self, code: SkipCode) {
        *self.skipped.entry(code).or_default() += 1;
    }

    /// Counts a row that was not taken, or the cells that it lost when it was.
    pub fn count(&mut self, skipped: Option<Skip>, warnings: usize) {
        match skipped {
            Some(skip) => self.skip(skip.code()),
            None => self.warnings += warnings as u64,
        }
    }

    /// Adds what another counted.
    pub fn add(&mut self, other: &Self) {
        self.added += other.added;
        self.updated += other.updated;
        self.warnings += other.warnings;
        for (code, rows) in &other.skipped {
            *self.skipped.entry(*code).or_default() += rows;
        }
    }
}

/// Why a row is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Skip {
    /// It could not be read.
    Unreadable(Unreadable),
    /// It has no name (R6).
    MissingName,
    /// Its name breaks R9.
    InvalidName(InvalidName),
    /// It has no address (R6).
    MissingEmail,
    /// Its address breaks R7.
    InvalidEmail(InvalidEmail),
    /// It says nothing new.
    Unchanged,
    /// Its person is known, and only new ones are to be added.
    Known,
    /// Its person is not known, and only known ones are to be updated.
    Unknown,
    /// It has neither a name nor an address, nor an external id that is known.
    Nobody,
    /// Its external id is too long, or has control characters.
    InvalidId,
}

/// A [`Skip`] without its detail, for counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipCode {
    /// It could not be read.
    Unreadable,
    /// It has no name.
    MissingName,
    /// Its name cannot be kept.
    InvalidName,
    /// It has no address.
    MissingEmail,
    /// Its address is none.
    InvalidEmail,
    /// It says nothing new.
    Unchanged,
    /// Its person is known, and only new ones are to be added.
    Known,
    /// Its person is not known, and only known ones are to be updated.
    Unknown,
    /// It has neither a name nor an address.
    Nobody,
    /// Its external id cannot be kept.
    InvalidId,
}

impl Skip {
    /// The reason without its detail.
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
        }
    }

    /// The reason as people read it.
    pub fn sentence(self) -> String {
        match self {
            Self::Unreadable(why) => why.to_string(),
            Self::MissingName => "the name is missing".to_owned(),
            Self::InvalidName(why) => format!("the name {why}"),
            Self::MissingEmail => "the email address is missing".to_owned(),
            Self::InvalidEmail(why) => format!("the email address {why}"),
            Self::Unchanged => "nothing in the row is new".to_owned(),
            Self::Known => "the contact is known, and this import only adds".to_owned(),
            Self::Unknown => "the contact is not known, and this import only updates".to_owned(),
            Self::Nobody => "it has neither a name nor an email address".to_owned(),
            Self::InvalidId => {
                "its id is longer than 500 characters, or has control characters".to_owned()
            }
        }
    }

    /// Whether the row can be corrected and imported again, so that people want to see it.
    pub fn is_issue(self) -> bool {
        self != Self::Unchanged
    }
}

impl SkipCode {
    /// Every code.
    pub const ALL: [Self; 10] = [
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
        }
    }

    /// The code of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }
}
