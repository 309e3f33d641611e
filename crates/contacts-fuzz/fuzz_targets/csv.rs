//! A file of any bytes is inspected and read. What is read and written again is read as the same.

#![no_main]

use std::io::Cursor;

use contacts_core::import::{Format, Layout, LayoutChoice, Row, Spreadsheets, TextFormat};
use contacts_import::TableFiles;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let content = Box::new(Cursor::new(file.to_vec()));
    let Ok(Ok(found)) = TableFiles.inspect(content, &LayoutChoice::default()) else { return };
    if let Format::Sheet(_) = found.layout.format {
        return;
    }
    let rows = read(file.to_vec(), &found.layout);
    let samples = rows.iter().filter_map(|row| row.cells.as_ref().ok()).take(found.samples.len());
    assert!(samples.eq(&found.samples), "the samples are the first rows");
    let mut written = Vec::new();
    TableFiles.write_row(&["a", "b"], &mut written);
    let mut kept = Vec::new();
    for cells in rows.into_iter().filter_map(|row| row.cells.ok()) {
        TableFiles.write_row(&cells.iter().map(String::as_str).collect::<Vec<_>>(), &mut written);
        kept.push(cells);
    }
    let layout = Layout {
        format: Format::Text(TextFormat::standard()),
        header_line: 1,
        has_header: true,
        header: vec!["a".to_owned(), "b".to_owned()],
    };
    let again: Vec<_> =
        read(written, &layout).into_iter().filter_map(|row| row.cells.ok()).collect();
    assert_eq!(again, kept);
});

fn read(file: Vec<u8>, layout: &Layout) -> Vec<Row> {
    TableFiles.rows(Box::new(Cursor::new(file)), layout).map(Result::unwrap).collect()
}
