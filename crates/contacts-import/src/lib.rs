//! Spreadsheets in and out: what a file is, its rows one by one, and rows written again.
//!
//! Everything here is a pure function of bytes, in memory that does not grow with them:
//! [`Csv`] implements [`Spreadsheets`], the port of the core.

mod decode;
mod records;
mod sniff;
mod write;

use std::io::Read;

use contacts_core::import::{Inspection, Layout, Rows, Spreadsheets, TableProblem};

pub use write::{guard, unguard};

/// Comma-separated values, as people's programs really write them (R31).
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
