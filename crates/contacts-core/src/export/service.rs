//! Making exports.

use std::sync::Arc;

use super::run::{FIRST_LOOK, Next};
use super::{Column, Columns, Export, ExportRepository, Sheet};
use crate::contact::ContactFilter;
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
            sheet: self.sheet(org, format)?,
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
        self.sheet(org, format).map(drop)
    }

    /// The same format with its columns fixed: fields that are added later are in none of them.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `columns`.
    pub fn fixed(&self, org: OrgId, format: &ExportFormat) -> Result<ExportFormat> {
        let sheet = self.sheet(org, format)?;
        let names = sheet.columns().columns().iter().map(Column::unique_name).collect();
        Ok(ExportFormat { columns: Some(names), ..*format })
    }

    /// How the rows of such a file are written.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `columns`.
    pub fn sheet(&self, org: OrgId, format: &ExportFormat) -> Result<Sheet> {
        let fields = self.fields.list(org)?;
        let columns = match &format.columns {
            Some(names) => Columns::choose(names, &fields)?,
            None => Columns::all(&fields),
        };
        Ok(Sheet {
            columns,
            spreadsheets: self.spreadsheets.clone(),
            byte_order_mark: format.byte_order_mark,
        })
    }
}
