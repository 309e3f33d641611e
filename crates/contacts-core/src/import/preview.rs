//! What an import would do in an empty organisation.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Decision, ImportRow, Issue, PlannedRow, Policy, RowReader, Rows, Tally, added, decide,
};
use crate::OrgId;
use crate::contact::{Arrival, Contact, ContactId, Origin};
use crate::import::ImportId;

/// What an import would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// Counts what would happen.
    pub tally: Tally,
    /// Every row that would be skipped and every cell that would be lost.
    pub issues: Vec<Issue>,
}

/// Reads the file twice: once to learn which addresses occur several times, and once to see
/// what becomes of them. So only those people are in memory, and eight bytes of the others.
///
/// # Errors
///
/// The file's own.
pub fn preview(
    open: &dyn Fn() -> io::Result<Rows>,
    reader: &RowReader,
    policy: Policy,
) -> io::Result<Preview> {
    let mut hashes = Vec::new();
    for row in open()? {
        hashes.extend(reader.read(row?).0.ok().map(|row| hash(&row)));
    }
    hashes.sort_unstable();
    let repeated: HashSet<u64> =
        hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    drop(hashes);

    let mut known: HashMap<String, Contact> = HashMap::new();
    let mut preview = Preview::default();
    for (number, row) in (1..).zip(open()?) {
        let row = row?;
        let line = row.line;
        let (read, warnings) = reader.read(row);
        let planned = PlannedRow { number, line, id: ContactId(Uuid::nil()), row: read, warnings };
        let skipped = match &planned.row {
            Err(skip) => Some(*skip),
            Ok(row) => {
                let decision =
                    decide(known.get(row.email.key()), row, policy, OffsetDateTime::UNIX_EPOCH);
                match decision {
                    Decision::Add => {
                        preview.tally.added += 1;
                        if repeated.contains(&hash(row)) {
                            known.insert(row.email.key().to_owned(), nobodys(row, number));
                        }
                        None
                    }
                    Decision::Update { contact, .. } => {
                        preview.tally.updated += 1;
                        known.insert(row.email.key().to_owned(), *contact);
                        None
                    }
                    Decision::Skip(skip) => Some(skip),
                }
            }
        };
        preview.tally.count(skipped, planned.warnings.len());
        preview.issues.extend(Issue::of(&planned, skipped));
    }
    Ok(preview)
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
