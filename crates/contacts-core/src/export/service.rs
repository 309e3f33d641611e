//! The use cases of exports.

use std::sync::Arc;

use super::run::{FIRST_PAGE_SIZE, Next};
use super::{Column, Columns, Export, ExportRepository, Sheet};
use crate::contact::{ContactFilter, FilterText};
use crate::field::FieldRepository;
use crate::import::{CellKind, FileBytes, Spreadsheets};
use crate::segment::Segment;
use crate::trail::{TrailEvent, TrailRepository};
use crate::{Actor, Clock, OrgId, Ports, Result};

/// The columns and the encoding of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportFormat {
    /// The names of its columns, in order; `None` means all.
    pub columns: Option<Vec<String>>,
    /// Whether it begins with a byte order mark. Excel needs one to read UTF-8; most other programs
    /// expect none.
    pub byte_order_mark: bool,
}

/// The kind of the file of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileFormat {
    /// Text of RFC 4180.
    #[default]
    Csv,
    /// A workbook of Excel, in which numbers, days and truth values are such, and all else is text:
    /// spreadsheet programs change no phone number and no leading zero.
    Xlsx,
}

impl FileFormat {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Csv, Self::Xlsx];

    /// The name of the format, which is the extension of its files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// The use cases of exports.
#[derive(Clone)]
pub struct ExportService {
    contacts: Arc<dyn ExportRepository>,
    fields: Arc<dyn FieldRepository>,
    spreadsheets: Arc<dyn Spreadsheets>,
    trail: Arc<dyn TrailRepository>,
    clock: Arc<dyn Clock>,
}

impl ExportService {
    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            contacts: ports.exports.clone(),
            fields: ports.fields.clone(),
            spreadsheets: ports.spreadsheets.clone(),
            trail: ports.trail.clone(),
            clock: ports.clock.clone(),
        }
    }

    /// Exports the contacts that match a filter, in the order of their ids. A contact that changes
    /// meanwhile is exported as before or as after the change.
    ///
    /// The start is recorded before anything is read, with the conditions of `text`, which is the
    /// filter as it was requested, without personal data; the end with the number of contacts (R61).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `columns`.
    pub fn matching(
        &self,
        org: OrgId,
        filter: ContactFilter,
        text: &FilterText,
        format: &ExportFormat,
        actor: Actor,
    ) -> Result<Export> {
        let sheet = self.sheet(org, format)?;
        self.trail.record(org, &TrailEvent::export_started(text), actor, self.clock.now())?;
        Ok(Export {
            contacts: self.contacts.clone(),
            trail: self.trail.clone(),
            clock: self.clock.clone(),
            sheet,
            org,
            actor,
            filter,
            next: Next::Header,
            page_size: FIRST_PAGE_SIZE,
            written: 0,
            has_ended: false,
        })
    }

    /// Returns a file with the columns of `format` as `file_format`, while it is written or read.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`].
    pub fn convert(
        &self,
        org: OrgId,
        csv: FileBytes,
        format: &ExportFormat,
        file_format: FileFormat,
    ) -> Result<FileBytes> {
        if file_format == FileFormat::Csv {
            return Ok(csv);
        }
        let fields = self.fields.list(org)?;
        let columns = match &format.columns {
            // A column whose field was deleted since it was exported is text.
            Some(names) => names.iter().map(|name| Column::parse(name)).collect(),
            None => Columns::all(&fields).columns().iter().cloned().map(Some).collect::<Vec<_>>(),
        };
        let kind = |column: &Option<Column>| {
            column.as_ref().map_or(CellKind::Text, |column| column.cell_kind(&fields))
        };
        Ok(self.spreadsheets.workbook(csv, columns.iter().map(kind).collect()))
    }

    /// Returns the names of the columns of a segment's view that can be exported, in their order
    /// (R62). `None` when the segment leaves the columns to the reader.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `view`, when none of them can be exported.
    pub fn columns_of(&self, org: OrgId, segment: &Segment) -> Result<Option<Vec<String>>> {
        let view = &segment.layout.columns;
        if view.is_empty() {
            return Ok(None);
        }
        let columns = Columns::of_view(view, &self.fields.list(org)?)?;
        Ok(Some(columns.columns().iter().map(Column::unique_name).collect()))
    }

    /// Checks that a file can be written in a format.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `columns`.
    pub fn check(&self, org: OrgId, format: &ExportFormat) -> Result<()> {
        self.sheet(org, format).map(drop)
    }

    /// Returns the format with its columns listed, so that fields that are added later are not
    /// exported.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `columns`.
    pub fn fixed(&self, org: OrgId, format: &ExportFormat) -> Result<ExportFormat> {
        let sheet = self.sheet(org, format)?;
        let names = sheet.columns().columns().iter().map(Column::unique_name).collect();
        Ok(ExportFormat { columns: Some(names), ..*format })
    }

    /// Returns the writer of rows in a format.
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
