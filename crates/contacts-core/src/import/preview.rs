//! What an import would do in an empty organisation.

mod seen;
mod shelf;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;

use time::OffsetDateTime;
use uuid::Uuid;

use self::seen::Seen;
use self::shelf::Shelf;
pub use self::shelf::{Scratch, ScratchFile};
use super::{
    Decision, ImportRow, Issue, PlannedRow, Policy, Row, RowReader, Rows, Skip, Tally, added,
    decide,
};
use crate::OrgId;
use crate::contact::{Arrival, Contact, ContactId, Origin};
use crate::import::ImportId;

/// What an import would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// Counts what would happen.
    pub tally: Tally,
    /// Rows that would be skipped and cells that would be lost, from the top; of a file that has
    /// more of them than [`Preview::MOST_ISSUES`], so many.
    pub issues: Vec<Issue>,
}

impl Preview {
    /// The most issues that are kept: a file may have one in every row.
    pub const MOST_ISSUES: usize = 100_000;
}

/// Reads the file twice: once to learn which addresses occur several times, and once to see
/// what becomes of the rows. Those that share an address are put aside in scratch files, and
/// looked at part by part, so that memory does not grow with the file.
///
/// # Errors
///
/// The file's own, and those of the scratch files.
pub fn preview(
    open: &dyn Fn() -> io::Result<Rows>,
    reader: &RowReader,
    policy: Policy,
    scratch: &Scratch<'_>,
) -> io::Result<Preview> {
    let mut seen = Seen::default();
    for row in open()? {
        if let Ok(row) = &reader.read(row?).0 {
            seen.note(hash(row));
        }
    }
    let mut view = View { reader, policy, preview: Preview::default() };
    let mut shelf = Shelf::new(scratch);
    for (number, row) in (1..).zip(open()?) {
        let row = row?;
        match reader.read(row.clone()).0 {
            Ok(read) if seen.is_repeated(hash(&read)) => shelf.put(hash(&read), number, &row)?,
            _ => view.look(number, row, &mut HashMap::new()),
        }
    }
    for part in shelf.into_parts() {
        let mut known = HashMap::new();
        for row in part? {
            let (number, row) = row?;
            view.look(number, row, &mut known);
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
    /// Looks at a row, where `known` has everybody whom a row above it made or changed and who
    /// could be met again.
    fn look(&mut self, number: u64, row: Row, known: &mut HashMap<String, Contact>) {
        let line = row.line;
        let (row, warnings) = self.reader.read(row);
        let skipped = match &row {
            Err(skip) => Some(*skip),
            Ok(row) => self.decide(number, row, known),
        };
        self.preview.tally.count(skipped, warnings.len());
        let planned = PlannedRow { number, line, id: ContactId(Uuid::nil()), row, warnings };
        let room = Preview::MOST_ISSUES - self.preview.issues.len();
        self.preview.issues.extend(Issue::of(&planned, skipped).into_iter().take(room));
    }

    fn decide(
        &mut self,
        number: u64,
        row: &ImportRow,
        known: &mut HashMap<String, Contact>,
    ) -> Option<Skip> {
        let key = row.email.key();
        let contact = match decide(known.get(key), row, self.policy, OffsetDateTime::UNIX_EPOCH) {
            Decision::Add => {
                self.preview.tally.added += 1;
                nobodys(row, number)
            }
            Decision::Update { contact, .. } => {
                self.preview.tally.updated += 1;
                *contact
            }
            Decision::Skip(skip) => return Some(skip),
        };
        known.insert(key.to_owned(), contact);
        None
    }
}

fn hash(row: &ImportRow) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.email.key().hash(&mut hasher);
    hasher.finish()
}

fn nobodys(row: &ImportRow, number: u64) -> Contact {
    let origin =
        Origin::CsvImport { import: ImportId(Uuid::nil()), file_name: String::new(), row: number };
    let source = Arrival { at: OffsetDateTime::UNIX_EPOCH, origin };
    added(row, OrgId(Uuid::nil()), ContactId(Uuid::nil()), source)
}
