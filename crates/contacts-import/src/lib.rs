//! Reads and writes CSV files: detects a file's layout, reads its rows one by one, writes rows.
//!
//! Everything here is a pure function of bytes, and memory use does not grow with the file.
//! [`Csv`] implements [`Spreadsheets`], the port of the core.

mod decode;
mod encoding;
mod quoting;
mod records;
mod sniff;
mod write;

use std::io::Read;

use contacts_core::import::{Inspection, Layout, Rows, Spreadsheets, TableProblem};

pub use write::{guard, unguard};

/// CSV files as real programs write them: any delimiter, encoding and line end of R31.
#[derive(Clone, Copy, Debug, Default)]
pub struct Csv;

impl Spreadsheets for Csv {
    fn inspect(&self, head: &[u8], whole: bool) -> Result<Inspection, TableProblem> {
        sniff::inspect(head, whole)
    }

    fn rows(&self, source: Box<dyn Read + Send>, layout: &Layout) -> Rows {
        records::below_header(source, layout)
    }

    fn write_row(&self, cells: &[&str], out: &mut Vec<u8>) {
        write::row(cells, out);
    }
}
