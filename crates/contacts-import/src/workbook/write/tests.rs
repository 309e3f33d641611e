use std::io::{Cursor, Read};

use contacts_core::import::{Layout, LayoutChoice, Spreadsheets};
use rstest::rstest;

use super::*;
use crate::TableFiles;

/// The header, and the cells of the rows of each sheet that a workbook of a CSV file has.
fn sheets(csv: &str, kinds: &[CellKind], max_rows: usize) -> Vec<(Vec<String>, Vec<Vec<String>>)> {
    let file = written(csv, kinds, max_rows);
    let inspected = |sheet: Option<String>| {
        let choice = LayoutChoice { sheet, ..LayoutChoice::default() };
        TableFiles.inspect(Box::new(Cursor::new(file.clone())), &choice).unwrap().unwrap()
    };
    let names = inspected(None).sheets.into_iter().map(|sheet| sheet.name);
    let read = |layout: &Layout| {
        let rows = TableFiles.rows(Box::new(Cursor::new(file.clone())), layout);
        rows.map(|row| row.unwrap().cells.unwrap()).collect()
    };
    let layouts = names.map(|name| inspected(Some(name)).layout);
    layouts.map(|layout| (layout.header.clone(), read(&layout))).collect()
}

fn written(csv: &str, kinds: &[CellKind], max_rows: usize) -> Vec<u8> {
    // Chunks end within cells and characters.
    let chunks: Vec<_> = csv.as_bytes().chunks(5).map(|chunk| Ok(chunk.to_vec())).collect();
    let bytes = Workbook::new(Box::new(chunks.into_iter()), kinds.to_vec(), max_rows);
    bytes.flat_map(Result::unwrap).collect()
}

/// The XML of a part.
fn part(file: Vec<u8>, path: &str) -> String {
    let mut xml = String::new();
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    archive.by_name(path).unwrap().read_to_string(&mut xml).unwrap();
    xml
}

#[rstest]
#[case(
    CellKind::Text,
    "01067",
    r#"s="2" t="inlineStr"><is><t xml:space="preserve">01067</t></is>"#
)]
#[case(
    CellKind::Text,
    "+49 1512 345",
    r#"s="2" t="inlineStr"><is><t xml:space="preserve">+49 1512 345</t></is>"#
)]
#[case(
    CellKind::Text,
    "'=SUM(A1)",
    r#"s="2" t="inlineStr"><is><t xml:space="preserve">=SUM(A1)</t></is>"#
)]
#[case(CellKind::Text, "''=a", r#"s="2" t="inlineStr"><is><t xml:space="preserve">''=a</t></is>"#)]
#[case(CellKind::Number, "-12.50", "><v>-12.50</v>")]
#[case(
    CellKind::Number,
    "1234567890123456",
    r#"s="2" t="inlineStr"><is><t xml:space="preserve">1234567890123456</t></is>"#
)]
#[case(CellKind::Date, "1900-03-01", r#"s="1"><v>61</v>"#)]
#[case(CellKind::Date, "2026-11-30", r#"s="1"><v>46356</v>"#)]
#[case(
    CellKind::Date,
    "1900-02-28",
    r#"s="2" t="inlineStr"><is><t xml:space="preserve">1900-02-28</t></is>"#
)]
#[case(CellKind::Boolean, "true", r#"t="b"><v>1</v>"#)]
#[case(CellKind::Boolean, "false", r#"t="b"><v>0</v>"#)]
fn cells_are_of_the_kind_of_their_column_where_they_can_be(
    #[case] kind: CellKind,
    #[case] text: &str,
    #[case] expected: &str,
) {
    let file = written(&format!("email,value\r\na@x.org,{text}\r\n"), &[CellKind::Text, kind], 9);
    let xml = part(file, "xl/worksheets/sheet1.xml");
    let cell = xml.split(r#"<c r="B2""#).nth(1).unwrap();
    let (cell, _) = cell.split_once("</c>").unwrap();
    assert_eq!(cell.trim_start(), expected);
}

#[test]
fn texts_are_read_as_they_were() {
    let csv = "email,value\r\na@x.org,\" a \n\"\"b\"\" <&> _x000D_ \u{b}\r\n\"\r\nb@x.org,\r\nc@x.org,\u{e9}\r\n";
    let [(header, rows)] = &sheets(csv, &[], 9)[..] else { panic!("one sheet") };
    assert_eq!(header, &["email", "value"]);
    let expected = [
        vec!["a@x.org", " a \n\"b\" <&> _x000D_ \u{b}\r\n"],
        vec!["b@x.org"],
        vec!["c@x.org", "\u{e9}"],
    ];
    assert_eq!(rows, &expected);
}

#[test]
fn rows_that_do_not_fit_are_continued_in_another_sheet() {
    let csv = "email\r\na@x.org\r\nb@x.org\r\nc@x.org\r\n";
    let row = |cell: &str| vec![cell.to_owned()];
    let expected = [
        (row("email"), vec![row("a@x.org"), row("b@x.org")]),
        (row("email"), vec![row("c@x.org")]),
    ];
    assert_eq!(sheets(csv, &[], 3), expected);
}

#[test]
fn the_error_of_the_file_ends_the_workbook() {
    let chunks = vec![Ok(b"email\r\n".to_vec()), Err(Error::Busy)];
    let mut bytes = workbook(Box::new(chunks.into_iter()), Vec::new());
    assert!(matches!(bytes.next(), Some(Err(Error::Busy))));
    assert!(bytes.next().is_none());
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_header() {
    let file = written("\u{feff}email\r\n", &[], 9);
    let xml = part(file, "xl/worksheets/sheet1.xml");
    assert!(xml.contains(">email<"), "{xml:?}");
}
