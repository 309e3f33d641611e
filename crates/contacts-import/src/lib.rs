//! Reads and writes tables: detects a file's layout, reads its rows one by one, writes rows.
//!
//! Text (CSV) and the sheets of workbooks (XLSX, ODS) are read, and CSV is written. Everything here
//! is a pure function of bytes, and memory use does not grow with the number of rows.
//! [`TableFiles`] implements [`Spreadsheets`], the port of the core.

mod decode;
mod encoding;
mod quoting;
mod records;
mod sniff;
mod workbook;
mod write;

use std::io::{self, Read, Seek};

use contacts_core::file::FileContent;
use contacts_core::import::{
    CellKind, FileBytes, Format, Inspection, Layout, LayoutChoice, Outline, Rows, Spreadsheets,
    TableProblem,
};

pub use write::{guard, unguard};

/// Files with a table, as real programs write them: text of any delimiter, encoding and line end
/// (R31), and workbooks (R56).
#[derive(Clone, Copy, Debug, Default)]
pub struct TableFiles;

impl Spreadsheets for TableFiles {
    fn inspect(
        &self,
        mut file: Box<dyn FileContent>,
        choice: &LayoutChoice,
    ) -> io::Result<Result<Inspection, TableProblem>> {
        if is_workbook(&mut file)? {
            return match workbook::inspect(file, choice) {
                Ok(inspection) => Ok(Ok(inspection)),
                Err(error) => TableProblem::of(error).map(Err),
            };
        }
        let (head, is_whole) = sniff::read_head(&mut file)?;
        Ok(sniff::inspect(&head, is_whole, choice))
    }

    fn outline(
        &self,
        mut file: Box<dyn FileContent>,
        choice: &LayoutChoice,
    ) -> io::Result<Outline> {
        if is_workbook(&mut file)? {
            return workbook::outline(file, choice);
        }
        let (head, is_whole) = sniff::read_head(&mut file)?;
        Ok(sniff::outline(&head, is_whole, choice))
    }

    fn rows(&self, file: Box<dyn FileContent>, layout: &Layout) -> Rows {
        match &layout.format {
            Format::Text(format) => records::rows(file, format, layout),
            Format::Sheet(sheet) => workbook::rows(file, sheet, layout),
        }
    }

    fn write_row(&self, cells: &[&str], out: &mut Vec<u8>) {
        write::row(cells, out);
    }

    fn workbook(&self, csv: FileBytes, kinds: Vec<CellKind>) -> FileBytes {
        workbook::workbook(csv, kinds)
    }
}

/// Returns whether a file begins like a workbook, and rewinds it.
fn is_workbook(file: &mut Box<dyn FileContent>) -> io::Result<bool> {
    let mut magic = Vec::new();
    file.take(workbook::MAGIC_BYTES).read_to_end(&mut magic)?;
    file.rewind()?;
    Ok(workbook::is_workbook(&magic))
}
