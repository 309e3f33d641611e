//! Batches: many contacts that a program adds and changes with one request, and upserts of one
//! contact (R55).

mod item;
mod service;

use time::OffsetDateTime;

pub use self::item::RawItem;
pub use self::service::{BatchService, RawBatch, UpsertKey, Upserted};
use crate::contact::{ContactId, Source, SourceDetail};
use crate::field::{FieldKey, FieldValue};
use crate::import::{PlannedRow, RowOrigin, RowOutcome, RowRules, Skip};
use crate::{Actor, Invalid, OrgId, Result};

/// The valid items of a batch, decided like the rows of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Organisation of the contacts.
    pub org: OrgId,
    /// Actor of the changes.
    pub actor: Actor,
    /// What the items may do.
    pub rules: RowRules,
    /// The items, in the order in which they are applied.
    pub items: Vec<PlannedRow>,
}

impl Batch {
    /// Returns the values of custom fields in all items.
    pub fn custom_values(&self) -> impl Iterator<Item = (&FieldKey, &FieldValue)> {
        self.items.iter().filter_map(|item| item.row.as_ref().ok()).flat_map(|row| &row.custom)
    }
}

impl RowOrigin for Batch {
    fn org(&self) -> OrgId {
        self.org
    }

    fn actor(&self) -> Actor {
        self.actor
    }

    fn rules(&self) -> RowRules {
        self.rules
    }

    fn source(&self, _row: u64, at: OffsetDateTime) -> Source {
        Source { at, detail: SourceDetail::Manual { by: self.actor } }
    }
}

/// The outcome of one item of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemOutcome {
    /// The item added the contact.
    Created(ContactId),
    /// The item changed the contact.
    Updated(ContactId),
    /// The contact already had everything that the item contains.
    Unchanged(ContactId),
    /// The item has no effect.
    Skipped {
        /// The reason.
        reason: Skip,
        /// The contact that the item is about, if it means one contact.
        contact: Option<ContactId>,
    },
    /// The item breaks a rule. Lists every invalid part.
    Invalid(Vec<Invalid>),
}

impl From<RowOutcome> for ItemOutcome {
    fn from(outcome: RowOutcome) -> Self {
        match outcome {
            RowOutcome::Added(contact) => Self::Created(contact),
            RowOutcome::Updated(contact) => Self::Updated(contact),
            RowOutcome::Skipped { skip: Skip::Unchanged, contact: Some(contact) } => {
                Self::Unchanged(contact)
            }
            RowOutcome::Skipped { skip, contact } => Self::Skipped { reason: skip, contact },
        }
    }
}

/// Applies batches.
///
/// Every implementation passes `contacts_testkit::batch_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait BatchRepository: Send + Sync {
    /// Applies the items in one transaction, as [`crate::import::ChunkPlan`] plans them. Returns
    /// their outcomes, in their order.
    ///
    /// - Contacts are added and changed with the events and the activity of single changes.
    /// - When another transaction changes one of the contacts, or takes one of the keys, the items
    ///   are decided again.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] when a value does not fit the type that its field has now (R11):
    /// the items must be read again. Then nothing is changed.
    fn apply(&self, batch: &Batch, now: OffsetDateTime) -> Result<Vec<RowOutcome>>;
}
