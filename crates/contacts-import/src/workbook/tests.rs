mod ods;
mod package;
mod problems;
mod xlsx;

use std::io::Cursor;

use contacts_core::file::FileContent;
use contacts_core::import::{Inspection, Layout, LayoutChoice, Row, Spreadsheets, TableProblem};

use crate::TableFiles;

fn content(file: &[u8]) -> Box<dyn FileContent> {
    Box::new(Cursor::new(file.to_vec()))
}

fn inspected(file: &[u8], sheet: Option<&str>) -> Result<Inspection, TableProblem> {
    let choice = LayoutChoice { sheet: sheet.map(str::to_owned), ..LayoutChoice::default() };
    TableFiles.inspect(content(file), &choice).unwrap()
}

fn problem(file: &[u8]) -> TableProblem {
    inspected(file, None).unwrap_err()
}

/// The rows below the header, with their numbers.
fn numbered(file: &[u8], layout: &Layout) -> Vec<(u64, Vec<String>)> {
    let rows = TableFiles.rows(content(file), layout);
    rows.map(Result::unwrap).map(|Row { line, cells }| (line, cells.unwrap())).collect()
}

/// The cells below the header of the suggested sheet.
fn rows(file: &[u8]) -> Vec<Vec<String>> {
    let found = inspected(file, None).unwrap();
    let rows: Vec<_> = numbered(file, &found.layout).into_iter().map(|(_, cells)| cells).collect();
    let first = rows.iter().take(Inspection::SAMPLES);
    assert!(first.eq(&found.samples), "the samples are the first rows");
    rows
}

/// The only cell in the column below the header `Value`.
fn value(file: &[u8]) -> String {
    let mut rows = rows(file);
    assert_eq!(rows.len(), 1);
    rows.remove(0).pop().unwrap()
}
