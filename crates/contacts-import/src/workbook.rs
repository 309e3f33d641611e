//! Reads the sheets of XLSX and ODS workbooks row by row (R56).
//!
//! A workbook is an archive of XML files, and anybody may send one: an archive of some kilobytes
//! can unpack to gigabytes. So its parts are read as streams within limits, which are counted while
//! they are read. What an archive declares about sizes is not believed.

mod archive;
mod compound;
mod number;
mod ods;
mod rows;
mod storage;
mod write;
mod xlsx;
mod xml;

use std::io::{self, Read};
use std::iter;

use contacts_core::file::FileContent;
use contacts_core::import::{
    Format, HeaderRow, Inspection, Layout, LayoutChoice, Outline, Row, Rows, Sheet, TableProblem,
};

use self::archive::Archive;
use self::rows::SheetRows;
use self::storage::{Storage, settled};
pub(crate) use self::write::workbook;
use self::xlsx::XlsxBook;
use crate::records::unguarded;
use crate::sniff::{self, MAX_HEAD_ROWS, Numbered};

/// Number of bytes at the start of a file that tell a workbook from text.
pub(crate) const MAGIC_BYTES: u64 = 8;

/// Maximum memory of the rows that are examined for the header, in bytes.
const MAX_HEAD_BYTES: usize = 4 << 20;

/// Maximum sheets of a workbook, which are listed in every answer about it.
const MAX_SHEETS: usize = 1_000;

/// Maximum sheets that are examined for the suggestion: each takes some seconds, where a workbook
/// is as large as it may be.
const MAX_CANDIDATES: usize = 20;

/// Maximum characters of the name of a sheet. Those of Excel have 31 at most.
const MAX_NAME_CHARS: usize = 255;

/// Returns whether a file begins like an archive, or like the containers of old Office documents
/// and of encrypted workbooks.
pub(crate) fn is_workbook(magic: &[u8]) -> bool {
    archive::MAGIC.iter().any(|archive| magic.starts_with(archive))
        || magic.starts_with(compound::MAGIC)
}

/// Detects the header of a sheet: see [`contacts_core::import::Spreadsheets::inspect`].
///
/// # Errors
///
/// A [`TableProblem`], or an error of the storage.
pub(crate) fn inspect(file: Box<dyn FileContent>, choice: &LayoutChoice) -> io::Result<Inspection> {
    let mut file = Storage(file);
    inspect_sheets(&mut file, choice).map_err(settled)
}

/// Lists the sheets and the first rows of the chosen sheet, or of the first sheet with rows: see
/// [`contacts_core::import::Spreadsheets::outline`].
///
/// # Errors
///
/// Those of the storage.
pub(crate) fn outline(file: Box<dyn FileContent>, choice: &LayoutChoice) -> io::Result<Outline> {
    let mut file = Storage(file);
    match outline_sheets(&mut file, choice).map_err(settled) {
        Ok(outline) => Ok(outline),
        Err(error) => TableProblem::of(error).map(|_problem| Outline::default()),
    }
}

fn outline_sheets(file: &mut impl FileContent, choice: &LayoutChoice) -> io::Result<Outline> {
    let workbook = Workbook::open(file)?;
    let mut sheets = workbook.sheets(file)?;
    sheets.sort_by_key(|sheet| sheet.is_hidden);
    let is_candidate =
        |sheet: &&Sheet| choice.sheet.as_ref().is_none_or(|name| sheet.name == *name);
    for Sheet { name, .. } in sheets.iter().filter(is_candidate).take(MAX_CANDIDATES) {
        // A sheet that is damaged has no rows to show, but the others can be chosen.
        let head = workbook
            .head(file, name)
            .or_else(|error| TableProblem::of(error).map(|_problem| Ok(Vec::new())))?;
        let rows = head.unwrap_or_default();
        if !rows.is_empty() || choice.sheet.is_some() {
            let format = Some(Format::Sheet(name.clone()));
            return Ok(Outline { sheets, ..Outline::new(format, rows) });
        }
    }
    Ok(Outline { sheets, ..Outline::default() })
}

fn inspect_sheets(file: &mut impl FileContent, choice: &LayoutChoice) -> io::Result<Inspection> {
    let workbook = Workbook::open(file)?;
    let mut sheets = workbook.sheets(file)?;
    sheets.sort_by_key(|sheet| sheet.is_hidden);
    let header = choice.header;
    if let Some(name) = choice.sheet.as_deref() {
        if !sheets.iter().any(|sheet| sheet.name == name) {
            return Err(TableProblem::NoSheet(name.to_owned()).into());
        }
        return Ok(Inspection { sheets, ..workbook.inspect(file, name, header)?? });
    }
    let mut problem = TableProblem::Empty;
    // A sheet without rows below its header, such as a cover.
    let mut cover = None;
    for Sheet { name, is_hidden } in sheets.iter().take(MAX_CANDIDATES) {
        // A hidden sheet would be a surprise where a visible one has rows.
        if *is_hidden && (cover.is_some() || problem != TableProblem::Empty) {
            break;
        }
        match workbook.inspect(file, name, header)? {
            Ok(inspection) if inspection.samples.is_empty() => {
                cover.get_or_insert(inspection);
            }
            Ok(inspection) => return Ok(Inspection { sheets, ..inspection }),
            Err(found) if problem == TableProblem::Empty => problem = found,
            Err(_) => {}
        }
    }
    cover.map(|inspection| Inspection { sheets, ..inspection }).ok_or_else(|| problem.into())
}

/// Returns the rows below the header of a sheet.
pub(crate) fn rows(file: Box<dyn FileContent>, sheet: &str, layout: &Layout) -> Rows {
    let header_line = layout.header_line;
    let mut file = Storage(file);
    let rows = Workbook::open(&mut file).and_then(|workbook| workbook.rows(file, sheet));
    let rows = match rows {
        Ok(rows) => rows,
        Err(error) => return Box::new(iter::once(Err(settled(error)))),
    };
    let mut is_below = !layout.has_header;
    let below = rows.filter(move |row| match row {
        Ok(row) if !is_below => {
            is_below = row.line == header_line;
            false
        }
        _ => true,
    });
    Box::new(below.map(|row| row.map(within_columns).map(unguarded).map_err(settled)))
}

/// Returns a row without the cells that belong to no column.
fn within_columns(mut row: Row) -> Row {
    if let Ok(cells) = &mut row.cells {
        cells.truncate(TableProblem::MAX_COLUMNS);
    }
    row
}

/// A workbook whose parts are known.
enum Workbook {
    Xlsx(Archive, XlsxBook),
    Ods(Archive),
}

impl Workbook {
    fn open(file: &mut impl FileContent) -> io::Result<Self> {
        let mut magic = Vec::new();
        file.rewind()?;
        file.take(MAGIC_BYTES).read_to_end(&mut magic)?;
        if magic.starts_with(compound::MAGIC) {
            return Err(compound::problem(file)?.into());
        }
        let archive = Archive::read(file)?;
        match archive.kind() {
            Ok(archive::Kind::Xlsx) => {
                let book = XlsxBook::open(&archive, file)?;
                Ok(Self::Xlsx(archive, book))
            }
            Ok(archive::Kind::Ods) => {
                ods::check(&archive, file)?;
                Ok(Self::Ods(archive))
            }
            Err(problem) => Err(problem.into()),
        }
    }

    /// The sheets in the order of the workbook.
    fn sheets(&self, file: &mut impl FileContent) -> io::Result<Vec<Sheet>> {
        let sheets: Vec<_> = match self {
            Self::Xlsx(_, book) => book.sheets().cloned().collect(),
            Self::Ods(archive) => ods::sheets(archive, file)?,
        };
        let is_long = |sheet: &Sheet| sheet.name.chars().count() > MAX_NAME_CHARS;
        if sheets.len() > MAX_SHEETS || sheets.iter().any(is_long) {
            return Err(TableProblem::TooLarge.into());
        }
        Ok(sheets)
    }

    /// Returns the rows of a sheet that have text.
    fn rows<'a>(&self, file: impl FileContent + 'a, sheet: &str) -> io::Result<SheetRows<'a>> {
        match self {
            Self::Xlsx(archive, book) => book.rows(archive, file, sheet),
            Self::Ods(archive) => ods::rows(archive, file, sheet),
        }
    }

    /// Detects the header of a sheet.
    fn inspect(
        &self,
        file: &mut impl FileContent,
        sheet: &str,
        header: Option<HeaderRow>,
    ) -> io::Result<Result<Inspection, TableProblem>> {
        let head = match self.head(file, sheet)? {
            Ok(head) if head.is_empty() => return Ok(Err(TableProblem::Empty)),
            Ok(head) => head,
            Err(problem) => return Ok(Err(problem)),
        };
        let format = Format::Sheet(sheet.to_owned());
        let table = match sniff::header_of(&head, header) {
            Ok(at) => sniff::Table { format, rows: head, header: at, first_line: 1 },
            Err(problem) => return Ok(Err(problem)),
        };
        let width = table.width();
        if width > TableProblem::MAX_COLUMNS {
            return Ok(Err(TableProblem::TooManyColumns(width)));
        }
        Ok(Ok(table.within_columns().inspection()))
    }

    /// Reads the first rows of a sheet.
    fn head(
        &self,
        file: &mut impl FileContent,
        sheet: &str,
    ) -> io::Result<Result<Vec<Numbered>, TableProblem>> {
        let mut head: Vec<Numbered> = Vec::new();
        let mut bytes = 0;
        for row in self.rows(file, sheet)? {
            let row = row?;
            match row.cells {
                Ok(cells) => {
                    bytes +=
                        cells.iter().map(|cell| size_of::<String>() + cell.len()).sum::<usize>();
                    head.push((row.line, cells));
                }
                // A row below an unreadable one is not the header.
                Err(_) if head.is_empty() => return Ok(Err(TableProblem::NoHeader)),
                Err(_) => {}
            }
            if head.len() == MAX_HEAD_ROWS || bytes > MAX_HEAD_BYTES {
                break;
            }
        }
        Ok(Ok(head))
    }
}

#[cfg(test)]
mod tests;
