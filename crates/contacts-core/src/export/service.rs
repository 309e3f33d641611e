//! Making exports.

use std::sync::Arc;

use super::run::{FIRST_LOOK, Next, Rows};
use super::{Columns, Export, ExportPage, ExportRepository, People};
use crate::contact::{ContactFilter, ContactId};
use crate::field::FieldRepository;
use crate::import::Spreadsheets;
use crate::{OrgId, Result};

/// How a file is to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportFormat {
    /// The names of its columns, in order; nothing means every one.
    pub columns: Option<Vec<String>>,
    /// Whether it begins with a byte order mark, without which Excel takes UTF-8 for something
    /// else. Most programs want none.
    pub byte_order_mark: bool,
}

/// The use cases of exports.
#[derive(Clone)]
pub struct ExportService {
    /// Where the people are kept.
    pub people: Arc<dyn ExportRepository>,
    /// The organisation's custom fields.
    pub fields: Arc<dyn FieldRepository>,
    /// What writes the file.
    pub spreadsheets: Arc<dyn Spreadsheets>,
}

impl ExportService {
    /// How many of given people are read at a time.
    const BATCH: usize = 1_000;

    /// Everybody that a filter means, in the order of their ids. People that come or change
    /// meanwhile may be in it as they were before or as they are after.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `columns`.
    pub fn matching(
        &self,
        org: OrgId,
        filter: ContactFilter,
        format: &ExportFormat,
    ) -> Result<Export> {
        Ok(Export {
            people: self.people.clone(),
            rows: self.rows(org, format)?,
            org,
            filter,
            next: Next::Header,
            look_at: FIRST_LOOK,
            written: 0,
        })
    }

    /// Checks that a file can be written so.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `columns`.
    pub fn check(&self, org: OrgId, format: &ExportFormat) -> Result<()> {
        self.rows(org, format).map(drop)
    }

    /// The part of a file that holds these people, whose ids stand in order; the first part
    /// begins with the header. Gives it out in pieces, and returns who was there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `columns`, and those of `give`.
    pub fn part(
        &self,
        org: OrgId,
        format: &ExportFormat,
        ids: &[ContactId],
        is_first: bool,
        give: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<Vec<ContactId>> {
        let rows = self.rows(org, format)?;
        let mut out = Vec::new();
        if is_first {
            rows.header(&mut out);
            give(&out)?;
        }
        let mut there = Vec::with_capacity(ids.len());
        for batch in ids.chunks(Self::BATCH) {
            let mut after = None;
            loop {
                let page = self.people.page(org, People::These(batch), after, &rows.columns)?;
                let ExportPage { rows: read, next } = page;
                out.clear();
                read.iter().for_each(|row| rows.row(row, &mut out));
                there.extend(read.iter().map(|row| row.id));
                give(&out)?;
                after = next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(there)
    }

    fn rows(&self, org: OrgId, format: &ExportFormat) -> Result<Rows> {
        let fields = self.fields.list(org)?;
        let columns = match &format.columns {
            Some(names) => Columns::choose(names, &fields)?,
            None => Columns::all(&fields),
        };
        Ok(Rows {
            columns,
            spreadsheets: self.spreadsheets.clone(),
            byte_order_mark: format.byte_order_mark,
        })
    }
}
