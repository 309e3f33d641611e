//! How the rows of a file are written, and a file part by part.

use std::sync::Arc;

use time::format_description::well_known::Rfc3339;

use super::{Column, Columns, ExportPage, ExportRow};
use crate::Result;
use crate::contact::ContactId;
use crate::import::{Spreadsheets, phone_cell, tags_cell};

/// How the rows of a file are written.
pub struct Sheet {
    pub(super) columns: Columns,
    pub(super) spreadsheets: Arc<dyn Spreadsheets>,
    pub(super) byte_order_mark: bool,
}

/// From where the people of a part come, and where its bytes go.
pub trait Copying {
    /// The next of these people, after a contact.
    ///
    /// # Errors
    ///
    /// The store's.
    fn page(&mut self, ids: &[ContactId], after: Option<ContactId>) -> Result<ExportPage>;

    /// Takes bytes of the file, never none.
    ///
    /// # Errors
    ///
    /// The store's.
    fn give(&mut self, bytes: &[u8]) -> Result<()>;
}

impl Sheet {
    /// How many of given people are read at a time.
    const BATCH: usize = 1_000;
    /// About how many bytes are given at a time.
    const BYTES: usize = 1 << 20;

    /// Its columns.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Copies these people, whose ids stand in order, into a part of a file; the first part
    /// begins with the header. Returns who was there. Memory does not grow with their number.
    ///
    /// # Errors
    ///
    /// Those of `copying`.
    pub fn part(
        &self,
        ids: &[ContactId],
        is_first: bool,
        copying: &mut dyn Copying,
    ) -> Result<Vec<ContactId>> {
        let (mut out, mut there) = (Vec::new(), Vec::with_capacity(ids.len()));
        if is_first {
            self.header(&mut out);
        }
        for batch in ids.chunks(Self::BATCH) {
            let mut after = None;
            loop {
                let page = copying.page(batch, after)?;
                for row in &page.rows {
                    self.row(row, &mut out);
                    there.push(row.id);
                    if out.len() >= Self::BYTES {
                        copying.give(&out)?;
                        out.clear();
                    }
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        if !out.is_empty() {
            copying.give(&out)?;
        }
        Ok(there)
    }

    /// Writes the header.
    pub fn header(&self, out: &mut Vec<u8>) {
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
