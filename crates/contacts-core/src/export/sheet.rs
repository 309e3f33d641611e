//! Writes the rows of a file, and a large file in parts.

use std::sync::Arc;

use time::format_description::well_known::Rfc3339;

use super::{Column, Columns, ExportPage, ExportRow};
use crate::Result;
use crate::contact::ContactId;
use crate::import::{Spreadsheets, phone_cell, tags_cell};

/// Writes the rows of a file.
pub struct Sheet {
    pub(super) columns: Columns,
    pub(super) spreadsheets: Arc<dyn Spreadsheets>,
    pub(super) byte_order_mark: bool,
}

/// Reads the contacts of a part of a file, and stores its bytes.
pub trait ExportPartIo {
    /// Returns the next page of the contacts with these ids, after a contact.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn page(&mut self, ids: &[ContactId], after: Option<ContactId>) -> Result<ExportPage>;

    /// Appends bytes to the file; they are never empty.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be written.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;
}

impl Sheet {
    /// Number of ids that are read at a time.
    const IDS_PER_READ: usize = 1_000;
    /// Approximate number of bytes that are written at a time.
    const BYTES_PER_WRITE: usize = 1 << 20;

    /// The columns of the file.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Writes the contacts with these ids, which are sorted, into a part of a file; the first part
    /// begins with the header. Returns the ids of the contacts that exist. Memory use does not
    /// grow with their rows.
    ///
    /// # Errors
    ///
    /// Those of `io`.
    pub fn part(
        &self,
        ids: &[ContactId],
        is_first: bool,
        io: &mut dyn ExportPartIo,
    ) -> Result<Vec<ContactId>> {
        let (mut out, mut written_ids) = (Vec::new(), Vec::with_capacity(ids.len()));
        if is_first {
            self.header(&mut out);
        }
        for batch in ids.chunks(Self::IDS_PER_READ) {
            let mut after = None;
            loop {
                let page = io.page(batch, after)?;
                for row in &page.rows {
                    self.row(row, &mut out);
                    written_ids.push(row.id);
                    if out.len() >= Self::BYTES_PER_WRITE {
                        io.write(&out)?;
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
            io.write(&out)?;
        }
        Ok(written_ids)
    }

    /// Appends the header.
    pub fn header(&self, out: &mut Vec<u8>) {
        if self.byte_order_mark {
            out.extend_from_slice("\u{feff}".as_bytes());
        }
        let names: Vec<_> = self.columns.header().iter().map(String::as_str).collect();
        self.spreadsheets.write_row(&names, out);
    }

    pub(super) fn row(&self, row: &ExportRow, out: &mut Vec<u8>) {
        // Cells that must be composed; the others are borrowed from the row.
        let mut composed: Vec<String> = Vec::with_capacity(6);
        for column in self.columns.columns() {
            match column {
                Column::Id => composed.push(row.id.to_string()),
                Column::Phone => {
                    composed.push(row.phone.as_deref().map(phone_cell).unwrap_or_default())
                }
                Column::OtherEmails => composed.push(row.other_emails.join("; ")),
                Column::Tags => composed.push(tags_cell(&row.tags)),
                Column::Consent => composed.push(consent_cell(row).to_owned()),
                Column::Source => composed.push(source_cell(row)),
                // A time that was stored can be formatted.
                Column::CreatedAt => {
                    composed.push(row.created_at.format(&Rfc3339).unwrap_or_default());
                }
                Column::UpdatedAt => {
                    composed.push(row.updated_at.format(&Rfc3339).unwrap_or_default());
                }
                Column::ExternalId | Column::Name | Column::Email | Column::Field(_) => {}
            }
        }
        let (mut composed, mut custom) = (composed.iter(), row.custom.iter());
        let mut cells: Vec<&str> = Vec::with_capacity(self.columns.columns().len());
        for column in self.columns.columns() {
            cells.push(match column {
                Column::ExternalId => row.external_id.as_deref().unwrap_or_default(),
                Column::Name => row.name.as_deref().unwrap_or_default(),
                Column::Email => row.email.as_deref().unwrap_or_default(),
                Column::Field(_) => custom.next().and_then(Option::as_deref).unwrap_or_default(),
                _ => composed.next().map_or("", String::as_str),
            });
        }
        self.spreadsheets.write_row(&cells, out);
    }
}

/// The cell of the consent.
fn consent_cell(row: &ExportRow) -> &'static str {
    match row.is_subscribed {
        Some(true) => "subscribed",
        Some(false) => "unsubscribed",
        None => "",
    }
}

/// The cell of the first source: `csv_import: people.csv`, or the kind alone.
fn source_cell(row: &ExportRow) -> String {
    match &row.source {
        Some((kind, Some(name))) => format!("{}: {name}", kind.as_str()),
        Some((kind, None)) => kind.as_str().to_owned(),
        None => String::new(),
    }
}
