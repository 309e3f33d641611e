//! Where an export takes its people from.

use time::OffsetDateTime;

use super::Columns;
use crate::contact::{ContactFilter, ContactId, SourceKind};
use crate::{OrgId, Result};

/// A contact as a file shows it: the text of its values, as it was written, without the checks
/// that it passed when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRow {
    /// Its id.
    pub id: ContactId,
    /// What the person is called.
    pub name: Option<String>,
    /// Where the person is written to.
    pub email: Option<String>,
    /// The phone number as it was typed.
    pub phone: Option<String>,
    /// Its tags in the order of their keys; none unless the columns ask for them.
    pub tags: Vec<String>,
    /// The values of the columns' custom fields, in their order.
    pub custom: Vec<Option<String>>,
    /// How it first came, and the file's name when it was one; nothing unless the columns ask.
    pub source: Option<(SourceKind, Option<String>)>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When its profile last changed.
    pub updated_at: OffsetDateTime,
}

impl ExportRow {
    /// About how many bytes it takes.
    pub fn size(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let custom: usize = self.custom.iter().map(|value| 24 + text(value)).sum();
        let tags: usize = self.tags.iter().map(|tag| 24 + tag.len()).sum();
        160 + text(&self.name) + text(&self.email) + text(&self.phone) + custom + tags
    }
}

/// Who is exported.
#[derive(Clone, Copy, Debug)]
pub enum People<'a> {
    /// Those that the filter means, among so many that are looked at.
    Matching(&'a ContactFilter, usize),
    /// Those of these ids, which stand in order. Whoever is gone is left out.
    These(&'a [ContactId]),
}

/// Some contacts, in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportPage {
    /// The contacts.
    pub rows: Vec<ExportRow>,
    /// After whom the next page begins; nothing when this is the last.
    pub next: Option<ContactId>,
}

impl ExportPage {
    /// A page that takes more bytes than this ends, so that its size is bounded, too, where
    /// contacts are large.
    pub const BYTES: usize = 4 << 20;
}

/// Gives out contacts for exports, by id, some at a time.
///
/// Every implementation passes `contacts_testkit::export_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait ExportRepository: Send + Sync {
    /// The next of the people, after a contact, with what the columns ask for.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn page<'a>(
        &self,
        org: OrgId,
        people: People<'a>,
        after: Option<ContactId>,
        columns: &Columns,
    ) -> Result<ExportPage>;
}
