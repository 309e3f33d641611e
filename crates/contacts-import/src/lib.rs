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
use contacts_core::import::{Format, Inspection, Layout, Rows, Spreadsheets, TableProblem};

pub use write::{guard, unguard};

/// Files with a table, as real programs write them: text of any delimiter, encoding and line end
/// (R31), and workbooks (R56).
#[derive(Clone, Copy, Debug, Default)]
pub struct TableFiles;

impl Spreadsheets for TableFiles {
    fn inspect(
        &self,
        mut file: Box<dyn FileContent>,
        sheet: Option<&str>,
    ) -> io::Result<Result<Inspection, TableProblem>> {
        let mut magic = Vec::new();
        (&mut file).take(workbook::MAGIC_BYTES).read_to_end(&mut magic)?;
        file.rewind()?;
        if workbook::is_workbook(&magic) {
            return match workbook::inspect(file, sheet) {
                Ok(inspection) => Ok(Ok(inspection)),
                Err(error) => TableProblem::of(error).map(Err),
            };
        }
        let (head, is_whole) = sniff::read_head(&mut file)?;
        Ok(sniff::inspect(&head, is_whole))
    }

    fn rows(&self, file: Box<dyn FileContent>, layout: &Layout) -> Rows {
        match &layout.format {
            Format::Text(format) => records::below_header(file, format, layout.header_line),
            Format::Sheet(sheet) => workbook::below_header(file, sheet, layout.header_line),
        }
    }

    fn write_row(&self, cells: &[&str], out: &mut Vec<u8>) {
        write::row(cells, out);
    }
}
