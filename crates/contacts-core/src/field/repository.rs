//! The port that stores custom fields.

use time::OffsetDateTime;

use super::{Field, FieldKey, FieldPatch, NewField};
use crate::{Actor, OrgId, Result};

/// Stores custom fields.
///
/// Every implementation passes `contacts_testkit::field_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait FieldRepository: Send + Sync {
    /// Lists all fields, archived ones too, by position and then key.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId) -> Result<Vec<Field>>;

    /// Adds a field after all others, records it in the audit trail (R61), and returns it.
    /// Concurrent calls cannot exceed the limit.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Taken`] when another field has the key; [`crate::Error::Conflict`] when
    /// the organisation already has `limit` fields.
    fn insert(
        &self,
        org: OrgId,
        field: &NewField,
        limit: usize,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Field>;

    /// Applies a patch to the locked field, as [`Field::apply`] does, and records a change in the
    /// audit trail (R61). Returns the new state; `None` when there is none.
    ///
    /// When contacts begin or cease to be found by its values ([`Field::is_searched`]), their
    /// stored search texts are rebuilt ([`crate::job::Job::RebuildSearch`]).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Conflict`] when the type would change while contacts have values of it;
    /// [`crate::Error::Stale`] when the field does not have the expected version.
    fn patch(
        &self,
        org: OrgId,
        key: &FieldKey,
        patch: &FieldPatch,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Field>>;

    /// Moves the fields with these keys to the front, in this order; the others follow in their old
    /// order. A field whose position changes gets a new version, and a new order is recorded in the
    /// audit trail (R61).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn reorder(
        &self,
        org: OrgId,
        keys: &[FieldKey],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<()>;
}
