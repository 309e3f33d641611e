//! Where custom fields are kept.

use super::{Field, FieldKey};
use crate::{OrgId, Result};

/// Keeps the custom fields.
///
/// Every implementation passes `contacts_testkit::field_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait FieldRepository: Send + Sync {
    /// All fields, archived ones too, by position and then key.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId) -> Result<Vec<Field>>;

    /// Adds a field.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Taken`] when there is one of the key.
    fn insert(&self, org: OrgId, field: &Field) -> Result<()>;

    /// Replaces the field of the key; says whether there was one.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Conflict`] when its type would change while contacts have values of it.
    fn update(&self, org: OrgId, field: &Field) -> Result<bool>;

    /// Puts the fields of these keys first, in this order; the others follow as they stood.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn reorder(&self, org: OrgId, keys: &[FieldKey]) -> Result<()>;
}
