//! What rows may do, and to which contacts (R33, R49, R50, R55).

use std::fmt;

use time::OffsetDateTime;

use super::{Import, Lookup, Lookups, Match, MatchKey, Policy, Skip, match_by, match_row};
use crate::contact::Source;
use crate::{Actor, OrgId};

/// What the rows of a file or the items of a batch may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowRules {
    /// What a row may do to contacts.
    pub policy: Policy,
    /// The only key that finds the contact of a row; `None` applies the ladder of [`match_row`].
    pub key: Option<MatchKey>,
    /// The values that a row needs to add a contact.
    pub required: RequiredValues,
}

/// The values that a row needs to add a contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequiredValues {
    /// A name and an address: rows of files (R6).
    #[default]
    NameAndAddress,
    /// A name or an address: items of batches (R49).
    NameOrAddress,
}

impl From<Policy> for RowRules {
    /// Returns the rules of a file.
    fn from(policy: Policy) -> Self {
        Self { policy, ..Self::default() }
    }
}

impl RowRules {
    /// Decides which contact a row is about. An opt-out list writes no external ids, so one that no
    /// contact has contradicts nothing there: lists often have ids of their own (R52).
    ///
    /// # Errors
    ///
    /// Those of [`match_by`] if a key is given, or else those of [`match_row`].
    pub(super) fn match_row(self, mut lookups: Lookups<'_>) -> Result<Match<'_>, Skip> {
        if self.policy == Policy::OptOut && lookups.external_id == Lookup::Nobody {
            lookups.external_id = Lookup::Absent;
        }
        match self.key {
            Some(key) => match_by(key, lookups),
            None => match_row(lookups),
        }
    }
}

/// The import or the batch that rows belong to, as far as it decides what they do.
pub trait RowOrigin: fmt::Debug {
    /// Returns the organisation of the contacts.
    fn org(&self) -> OrgId;

    /// Returns the actor of the changes.
    fn actor(&self) -> Actor;

    /// Returns what the rows may do.
    fn rules(&self) -> RowRules;

    /// Returns the source of a contact that a row adds.
    fn source(&self, row: u64, at: OffsetDateTime) -> Source;
}

impl RowOrigin for Import {
    fn org(&self) -> OrgId {
        self.org
    }

    fn actor(&self) -> Actor {
        Actor::Import(self.id)
    }

    fn rules(&self) -> RowRules {
        self.plan.as_ref().map(|plan| plan.policy).unwrap_or_default().into()
    }

    fn source(&self, row: u64, at: OffsetDateTime) -> Source {
        Import::source(self, row, at)
    }
}
