//! Previews an import into an organisation without contacts.

mod seen;
mod shelf;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;

use time::OffsetDateTime;
use uuid::Uuid;

use self::seen::OccurrenceBits;
use self::shelf::PartitionedRows;
pub use self::shelf::{Scratch, ScratchFile};
use super::{
    Decision, ImportRow, Issue, PlannedContact, PlannedContacts, PlannedRow, Policy, Row,
    RowReader, RowRules, Rows, Skip, Tally, added, decide,
};
use crate::OrgId;
use crate::contact::{Contact, ContactId, Source, SourceDetail};
use crate::import::ImportId;

/// The result of a preview.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// Counts of the rows.
    pub tally: Tally,
    /// Skipped rows and lost cells, in the order of the file; at most [`Preview::MAX_ISSUES`].
    pub issues: Vec<Issue>,
}

impl Preview {
    /// Maximum number of issues that are kept: every row of a file may have one.
    pub const MAX_ISSUES: usize = 100_000;
}

/// Reads the file twice: first to find the keys that occur several times, then to decide each row.
/// Rows that share an address are written to scratch files and processed part by part, so that
/// memory does not grow with the file. When rows have several keys, those that share a key with
/// another row are one part: two rows may be about one contact although neither key is the same.
///
/// # Errors
///
/// Those of the file and of the scratch files.
pub fn preview(
    open: &dyn Fn() -> io::Result<Rows>,
    reader: &RowReader,
    policy: Policy,
    scratch: &Scratch<'_>,
) -> io::Result<Preview> {
    let mut seen = OccurrenceBits::default();
    let mut links_keys = false;
    for row in open()? {
        if let Ok(row) = &reader.read(row?).0 {
            links_keys |= row.external_id.is_some() || !row.others.is_empty();
            hashes(row).for_each(|hash| seen.note(hash));
        }
    }
    let mut view = View { reader, policy, preview: Preview::default() };
    let mut shelf = PartitionedRows::new(scratch);
    for (number, row) in (1..).zip(open()?) {
        let row = row?;
        match reader.read(row.clone()).0 {
            Ok(read) if hashes(&read).any(|hash| seen.is_repeated(hash)) => {
                let part = if links_keys { None } else { hashes(&read).next() };
                shelf.put(part.unwrap_or_default(), number, &row)?;
            }
            _ => view.preview_row(number, row, &mut PlannedContacts::default()),
        }
    }
    for part in shelf.into_parts() {
        let mut contacts = PlannedContacts::default();
        for row in part? {
            let (number, row) = row?;
            view.preview_row(number, row, &mut contacts);
        }
    }
    view.preview.issues.sort_by_key(|issue| issue.row);
    Ok(view.preview)
}

struct View<'a> {
    reader: &'a RowReader,
    policy: Policy,
    preview: Preview,
}

impl View<'_> {
    /// Decides a row. `contacts` contains the contacts that earlier rows added or changed and that
    /// later rows may be about.
    fn preview_row(&mut self, number: u64, row: Row, contacts: &mut PlannedContacts) {
        let line = row.line;
        let (row, warnings) = self.reader.read(row);
        let skipped = match &row {
            Err(skipped) => Some(skipped.skip),
            Ok(row) => self.decide(number, row, contacts),
        };
        self.preview.tally.count(skipped, warnings.len());
        let planned = PlannedRow { number, line, id: ContactId(Uuid::nil()), row, warnings };
        let free_issues = Preview::MAX_ISSUES - self.preview.issues.len();
        self.preview.issues.extend(Issue::of(&planned, skipped).into_iter().take(free_issues));
    }

    fn decide(
        &mut self,
        number: u64,
        row: &ImportRow,
        contacts: &mut PlannedContacts,
    ) -> Option<Skip> {
        let rules = RowRules::from(self.policy);
        let matched = match rules.match_row(contacts.look_up(row)) {
            Ok(matched) => matched,
            Err(skip) => return Some(skip),
        };
        match decide(matched, row, rules, OffsetDateTime::UNIX_EPOCH) {
            Decision::Add => {
                self.preview.tally.added += 1;
                contacts.add(PlannedContact::added(placeholder_contact(row, number), number));
            }
            Decision::Update { contact, .. } => {
                self.preview.tally.updated += 1;
                contacts.replace(*contact);
            }
            Decision::Skip(skip) => return Some(skip),
        }
        None
    }
}

/// Returns a hash of each key of a row. Ids are no such keys: the organisation has no contacts.
fn hashes(row: &ImportRow) -> impl Iterator<Item = u64> {
    let emails = row.emails().map(|email| ("email", email.key()));
    let external_id = row.external_id.as_ref().map(|id| ("external_id", id.as_str()));
    emails.chain(external_id).map(|key| {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish()
    })
}

fn placeholder_contact(row: &ImportRow, number: u64) -> Contact {
    let detail = SourceDetail::CsvImport {
        import: ImportId(Uuid::nil()),
        file_name: String::new(),
        row: number,
    };
    let source = Source { at: OffsetDateTime::UNIX_EPOCH, detail };
    // Contacts differ by their ids; no row of a file names one of these.
    added(row, OrgId(Uuid::nil()), ContactId(Uuid::from_u128(number.into())), source)
}
