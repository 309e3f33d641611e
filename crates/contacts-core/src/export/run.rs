//! A file that is written piece by piece, in memory that does not grow with it.

use std::sync::Arc;

use time::format_description::well_known::Rfc3339;

use super::{Column, Columns, ExportPage, ExportRepository, ExportRow, People};
use crate::contact::{ContactFilter, ContactId};
use crate::import::{Spreadsheets, phone_cell, tags_cell};
use crate::{OrgId, Result};

/// The bytes of a file, piece by piece. A piece may be empty: then people were looked at of whom
/// nobody is meant.
pub struct Export {
    pub(super) people: Arc<dyn ExportRepository>,
    pub(super) rows: Rows,
    pub(super) org: OrgId,
    pub(super) filter: ContactFilter,
    pub(super) next: Next,
    pub(super) look_at: usize,
    pub(super) written: u64,
}

/// What comes next.
pub(super) enum Next {
    /// The header, and the first people.
    Header,
    /// Those after somebody.
    After(ContactId),
    End,
}

/// At first so many are looked at, that the first piece comes at once; ...
pub(super) const FIRST_LOOK: usize = 500;

/// ... and at most so many, ...
const LONGEST_LOOK: usize = 8_000;

/// ... as long as a piece is about as large as this.
const PIECE: usize = 1 << 20;

impl Export {
    /// How many people are written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    fn piece(&mut self) -> Result<Option<Vec<u8>>> {
        let mut out = Vec::new();
        let after = match self.next {
            Next::End => return Ok(None),
            Next::Header => {
                self.rows.header(&mut out);
                None
            }
            Next::After(id) => Some(id),
        };
        let people = People::Matching(&self.filter, self.look_at);
        let ExportPage { rows, next } =
            self.people.page(self.org, people, after, &self.rows.columns)?;
        rows.iter().for_each(|row| self.rows.row(row, &mut out));
        self.written += rows.len() as u64;
        if out.len() < PIECE / 2 {
            self.look_at = (self.look_at * 2).min(LONGEST_LOOK);
        } else if out.len() > PIECE * 2 {
            self.look_at = (self.look_at / 2).max(1);
        }
        self.next = next.map_or(Next::End, Next::After);
        Ok(Some(out))
    }
}

impl Iterator for Export {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = self.piece().transpose();
        if matches!(piece, Some(Err(_))) {
            self.next = Next::End;
        }
        piece
    }
}

/// Writes the rows of a file.
pub(super) struct Rows {
    pub(super) columns: Columns,
    pub(super) spreadsheets: Arc<dyn Spreadsheets>,
    pub(super) byte_order_mark: bool,
}

impl Rows {
    pub(super) fn header(&self, out: &mut Vec<u8>) {
        if self.byte_order_mark {
            out.extend_from_slice("\u{feff}".as_bytes());
        }
        let names: Vec<_> = self.columns.header().iter().map(String::as_str).collect();
        self.spreadsheets.write_row(&names, out);
    }

    pub(super) fn row(&self, row: &ExportRow, out: &mut Vec<u8>) {
        // Those that must be put together; the others are written from where they are.
        let mut made: Vec<String> = Vec::with_capacity(6);
        for column in self.columns.columns() {
            match column {
                Column::Id => made.push(row.id.to_string()),
                Column::Phone => {
                    made.push(row.phone.as_deref().map(phone_cell).unwrap_or_default())
                }
                Column::Tags => made.push(tags_cell(&row.tags)),
                Column::Source => made.push(source_cell(row)),
                // A moment that was kept can be written.
                Column::CreatedAt => {
                    made.push(row.created_at.format(&Rfc3339).unwrap_or_default());
                }
                Column::UpdatedAt => {
                    made.push(row.updated_at.format(&Rfc3339).unwrap_or_default());
                }
                Column::Name | Column::Email | Column::Field(_) => {}
            }
        }
        let (mut made, mut custom) = (made.iter(), row.custom.iter());
        let mut cells: Vec<&str> = Vec::with_capacity(self.columns.columns().len());
        for column in self.columns.columns() {
            cells.push(match column {
                Column::Name => row.name.as_deref().unwrap_or_default(),
                Column::Email => row.email.as_deref().unwrap_or_default(),
                Column::Field(_) => custom.next().and_then(Option::as_deref).unwrap_or_default(),
                _ => made.next().map_or("", String::as_str),
            });
        }
        self.spreadsheets.write_row(&cells, out);
    }
}

/// `csv_import: people.csv`, or the kind alone.
fn source_cell(row: &ExportRow) -> String {
    match &row.source {
        Some((kind, Some(name))) => format!("{}: {name}", kind.as_str()),
        Some((kind, None)) => kind.as_str().to_owned(),
        None => String::new(),
    }
}
