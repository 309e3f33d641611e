//! The port that reads contacts for exports.

use time::OffsetDateTime;

use super::Columns;
use crate::contact::{ContactFilter, ContactId, SourceKind};
use crate::{OrgId, Result};

/// A contact for a file: the text of its values as stored, which is not parsed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRow {
    /// The contact's id.
    pub id: ContactId,
    /// The organisation's own id.
    pub external_id: Option<String>,
    /// Name of the contact.
    pub name: Option<String>,
    /// The primary address.
    pub email: Option<String>,
    /// The further addresses in the order of their keys.
    pub other_emails: Vec<String>,
    /// The phone number as it was typed.
    pub phone: Option<String>,
    /// The tags in the order of their keys; empty unless tags are a column.
    pub tags: Vec<String>,
    /// The values of the custom fields among the columns, in order.
    pub custom: Vec<Option<String>>,
    /// Whether the contact wants messages; `None` unless consent is a column.
    pub is_subscribed: Option<bool>,
    /// The kind of the first source, and the file name of an import; `None` unless the source is a
    /// column.
    pub source: Option<(SourceKind, Option<String>)>,
    /// When the contact was created.
    pub created_at: OffsetDateTime,
    /// When the profile last changed.
    pub updated_at: OffsetDateTime,
}

impl ExportRow {
    /// Approximate size in bytes.
    pub fn size(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let custom: usize = self.custom.iter().map(|value| 24 + text(value)).sum();
        let list = |texts: &[String]| texts.iter().map(|text| 24 + text.len()).sum::<usize>();
        160 + text(&self.external_id)
            + text(&self.name)
            + text(&self.email)
            + text(&self.phone)
            + custom
            + list(&self.tags)
            + list(&self.other_emails)
    }
}

/// The contacts that are exported.
#[derive(Clone, Copy, Debug)]
pub enum ExportScope<'a> {
    /// The contacts that match the filter, among the given number of contacts to examine.
    Matching(&'a ContactFilter, usize),
    /// The contacts with these ids, which are sorted. Deleted contacts are left out.
    Ids(&'a [ContactId]),
}

/// A page of contacts, in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportPage {
    /// The contacts.
    pub rows: Vec<ExportRow>,
    /// The contact after which the next page begins; `None` on the last page.
    pub next: Option<ContactId>,
}

impl ExportPage {
    /// A page ends when it is larger than this number of bytes, so that its size is bounded for
    /// large contacts too.
    pub const BYTES: usize = 4 << 20;
}

/// Reads contacts for exports, in pages by id.
///
/// Every implementation passes `contacts_testkit::export_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait ExportRepository: Send + Sync {
    /// Returns the next page of contacts after a contact, with the values that the columns need.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn page<'a>(
        &self,
        org: OrgId,
        scope: ExportScope<'a>,
        after: Option<ContactId>,
        columns: &Columns,
    ) -> Result<ExportPage>;
}
