//! Workbooks that are damaged, too large or protected, and files that are no workbooks.

use std::io::{self, Read, Seek, SeekFrom};

use proptest::prelude::*;
use rstest::rstest;

use super::package::{Package, ods, ods_row, ods_value, row, table, xlsx, xlsx_value};
use super::*;

fn people() -> String {
    row(&["Name", "Email"]) + &row(&["Ann", "ann@example.org"])
}

/// An old Office document whose directory has a stream.
fn compound(stream: &str) -> Vec<u8> {
    let mut file = vec![0; 2048];
    file[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    file[30] = 9;
    file[48] = 1;
    for (at, name) in ["Root Entry", stream].iter().enumerate() {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let at = 1024 + at * 128;
        file[at..at + name.len()].copy_from_slice(&name);
    }
    file
}

#[rstest]
#[case("EncryptedPackage", TableProblem::Encrypted)]
#[case("Workbook", TableProblem::NotTable("an old Excel workbook"))]
#[case("Book", TableProblem::NotTable("an old Excel workbook"))]
#[case("WordDocument", TableProblem::NotTable("a Word document"))]
#[case("WordDocuments", TableProblem::NotTable("an old Office document"))]
fn an_old_document_is_named(#[case] stream: &str, #[case] expected: TableProblem) {
    assert_eq!(problem(&compound(stream)), expected);
}

#[rstest]
#[case("word/document.xml", TableProblem::NotTable("a Word document"))]
#[case("ppt/presentation.xml", TableProblem::NotTable("a presentation"))]
#[case("xl/workbook.bin", TableProblem::NotTable("a binary Excel workbook"))]
#[case(
    "Index/Document.iwa",
    TableProblem::NotTable("a document of Numbers or another program of Apple")
)]
#[case("encrypted-package", TableProblem::Encrypted)]
#[case("people.csv", TableProblem::Archive("a ZIP archive"))]
fn an_archive_is_named_by_its_parts(#[case] part: &str, #[case] expected: TableProblem) {
    assert_eq!(problem(&Package::default().with(part, "text").packed()), expected);
    assert_eq!(problem(&Package::default().packed()), TableProblem::Archive("a ZIP archive"));
}

#[test]
fn an_open_document_without_sheets_or_with_a_password_is_refused() {
    let package = ods_value("<table:table-cell/>");
    let manifest = "<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>";
    let encrypted = package.clone().with("META-INF/manifest.xml", manifest);
    assert_eq!(problem(&encrypted.packed()), TableProblem::Encrypted);
    let text = package.with("content.xml", "<office:body><office:text/></office:body>");
    let expected = TableProblem::NotTable("an OpenDocument file without sheets");
    assert_eq!(problem(&text.packed()), expected);
}

#[test]
fn a_workbook_without_sheets_or_rows_is_empty() {
    for package in
        [xlsx(&[]), xlsx(&[("People", "visible", "")]), ods("", ""), ods("", &table("A", ""))]
    {
        assert_eq!(problem(&package.packed()), TableProblem::Empty);
    }
}

#[rstest]
#[case::no_workbook("xl/workbook.xml", None)]
#[case::no_xml("xl/workbook.xml", Some("name,email"))]
#[case::not_closed(
    "xl/worksheets/sheet1.xml",
    Some("<worksheet><sheetData><row><c t=\"str\"><v>Name")
)]
#[case::wrong_end("xl/worksheets/sheet1.xml", Some("<worksheet><sheetData></worksheet>"))]
#[case::no_such_text(
    "xl/worksheets/sheet1.xml",
    Some("<worksheet><sheetData><row><c t=\"s\"><v>5</v></c></row></sheetData></worksheet>")
)]
#[case::bad_reference(
    "xl/worksheets/sheet1.xml",
    Some("<worksheet><sheetData><row><c r=\"5\"/></row></sheetData></worksheet>")
)]
#[case::bad_row(
    "xl/worksheets/sheet1.xml",
    Some("<worksheet><sheetData><row r=\"x\"/></sheetData></worksheet>")
)]
#[case::entity(
    "xl/worksheets/sheet1.xml",
    Some(
        "<!DOCTYPE w [<!ENTITY a \"Name\">]><worksheet><sheetData><row><c t=\"str\"><v>&a;</v></c></row></sheetData></worksheet>"
    )
)]
fn a_workbook_that_does_not_follow_its_format_is_damaged(
    #[case] part: &str,
    #[case] text: Option<&str>,
) {
    let package = xlsx(&[("People", "visible", &people())]);
    let package = match text {
        Some(text) => package.with(part, text),
        None => package.without(part),
    };
    let expected =
        if text == Some("name,email") { TableProblem::Empty } else { TableProblem::Damaged };
    assert_eq!(problem(&package.packed()), expected);
}

#[rstest]
fn a_text_that_the_workbook_lacks_is_damaged(
    #[values("1", "999", "1024", "4294967295", "99999999999", "-1")] number: &str,
) {
    let package = xlsx_value(&format!("<c t=\"s\"><v>{number}</v></c>"))
        .with("xl/sharedStrings.xml", "<sst><si><t>a</t></si></sst>");
    assert_eq!(rows_or_problem(&package.packed()), Err(TableProblem::Damaged));
}

#[test]
fn elements_that_are_nested_too_deeply_are_not_read() {
    let deep = "<a>".repeat(300) + &"</a>".repeat(300);
    let package = xlsx(&[("People", "visible", &(people() + &deep))]);
    let found = inspected(&package.packed(), None);
    assert_eq!(found, Err(TableProblem::Damaged));
}

/// A sheet whose unpacked length is some thousand times its packed one.
fn bomb(filler: &str, bytes: usize) -> Vec<u8> {
    let rows = people() + &filler.repeat(bytes / filler.len());
    // The first part is packed.
    let mut package = xlsx(&[("People", "visible", &rows)]);
    let at = package.0.iter().position(|(name, _)| name.ends_with("sheet1.xml")).unwrap();
    package.0.swap(0, at);
    package.packed()
}

#[rstest]
#[case::in_a_part_that_is_not_read("<row/>", 40 << 20)]
#[case::in_one_text("<!-- x -->", 40 << 20)]
fn a_bomb_is_defused_while_it_is_unpacked(#[case] filler: &str, #[case] bytes: usize) {
    let file = bomb(filler, bytes);
    assert!(file.len() < bytes / 150);
    assert_eq!(rows_or_problem(&file), Err(TableProblem::TooLarge));
}

#[test]
fn a_text_is_read_up_to_a_limit() {
    let rows = people() + &format!("<row><c t=\"str\"><v>{}</v></c></row>", "x".repeat(5 << 20));
    let file = xlsx(&[("People", "visible", &rows)]).packed();
    assert_eq!(problem(&file), TableProblem::TooLarge);
}

#[test]
fn a_row_that_is_repeated_too_often_is_not_read() {
    let head = ods_row(&["Name", "Email"]);
    let times = |row: &str, times: u64| {
        let repeated = format!("<table:table-row table:number-rows-repeated=\"{times}\"");
        row.replace("<table:table-row", &repeated)
    };
    let last = times("<table:table-row></table:table-row>", (1 << 24) - 2) + &ods_row(&["Ann"]);
    let read =
        |rows: &str| rows_or_problem(&ods("", &table("People", &(head.clone() + rows))).packed());
    assert_eq!(read(&last), Ok(1));
    assert_eq!(read(&(last + &ods_row(&["Ann"]))), Err(TableProblem::TooLarge));
    let blank = times("<table:table-row></table:table-row>", 16_777_000);
    assert_eq!(read(&(blank + &times(&ods_row(&["Ann"]), u64::MAX))), Err(TableProblem::TooLarge));
    assert_eq!(read(&times(&ods_row(&["Ann"]), 10_000)), Ok(10_000));
    assert_eq!(read(&times(&ods_row(&["Ann"]), 10_001)), Err(TableProblem::TooLarge));
    let long = times(&ods_row(&[&"x".repeat(800_000)]), 9_000);
    assert_eq!(read(&long), Err(TableProblem::TooLarge), "7 GB");
}

/// Number of rows of a file, or its problem.
fn rows_or_problem(file: &[u8]) -> Result<usize, TableProblem> {
    let layout = inspected(file, None)?.layout;
    let rows = TableFiles.rows(content(file), &layout);
    let rows: io::Result<Vec<_>> = rows.collect();
    rows.map(|rows| rows.len()).map_err(|error| TableProblem::of(error).unwrap())
}

#[test]
fn an_archive_of_too_many_parts_is_not_read() {
    let mut package = Package::default();
    package.0.extend((0..60_000).map(|at| (format!("xl/{at}/{}", "x".repeat(60)), String::new())));
    assert_eq!(problem(&package.packed()), TableProblem::TooLarge);
}

#[test]
fn a_failure_of_the_storage_is_not_a_problem_of_the_file() {
    /// Reads a file up to a position.
    struct Broken(io::Cursor<Vec<u8>>, u64);
    impl Read for Broken {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let is_beyond = self.0.position() >= self.1;
            if is_beyond { Err(io::ErrorKind::UnexpectedEof.into()) } else { self.0.read(out) }
        }
    }
    impl Seek for Broken {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }
    let file = xlsx(&[("People", "visible", &people())]).packed();
    let layout = inspected(&file, None).unwrap().layout;
    for readable in [0, 8, file.len() as u64 / 2] {
        let broken = || Box::new(Broken(io::Cursor::new(file.clone()), readable));
        let error = TableFiles.inspect(broken(), &LayoutChoice::default()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        let mut rows = TableFiles.rows(broken(), &layout);
        assert!(TableProblem::of(rows.next().unwrap().unwrap_err()).is_err());
    }
}

#[test]
fn a_workbook_that_is_cut_off_has_a_problem() {
    for package in [xlsx_value("<c><v>5</v></c>"), ods_value("<table:table-cell/>")] {
        let file = package.packed();
        assert!(rows_or_problem(&file).is_ok());
        for length in 4..file.len() {
            assert!(rows_or_problem(&file[..length]).is_err(), "{length} of {}", file.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_bytes_make_it_panic(
        is_ods in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let package = if is_ods { ods_value("<table:table-cell/>") } else { xlsx_value("<c><v>5</v></c>") };
        let mut file = package.packed();
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let _ = rows_or_problem(&file);
    }

    #[test]
    fn no_text_in_a_part_makes_it_panic(
        part in any::<prop::sample::Index>(),
        pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..40),
    ) {
        let mut package = xlsx_value(r#"<c t="s" s="0"><v>0</v></c>"#)
            .with("xl/styles.xml", "<styleSheet/>")
            .with("xl/sharedStrings.xml", "<sst><si><t>a</t></si></sst>");
        package.0.extend(ods_value("<table:table-cell/>").0);
        let at = part.index(package.0.len());
        package.0[at].1 = pieces.concat();
        let _ = rows_or_problem(&package.packed());
        let ods = Package(package.0.into_iter().filter(|(name, _)| !name.starts_with("xl/")).collect());
        let _ = rows_or_problem(&ods.packed());
    }
}

/// Pieces of the parts of workbooks.
const PIECES: &[&str] = &[
    "<worksheet>",
    "</worksheet>",
    "<sheetData>",
    "</sheetData>",
    "<row>",
    "<row r=\"0\">",
    "<row r=\"18446744073709551615\">",
    "</row>",
    "<c>",
    "<c r=\"A0\" t=\"s\" s=\"1\">",
    "</c>",
    "<v>",
    "</v>",
    "<f>",
    "</f>",
    "1",
    "é",
    "&amp;",
    "&#0;",
    "&#x10FFFF;",
    "<si>",
    "</si>",
    "<t>",
    "</t>",
    "<rPh>",
    "</rPh>",
    "<sst>",
    "</sst>",
    "<cellXfs>",
    "<xf numFmtId=\"14\"/>",
    "_x0000_",
    "<office:spreadsheet>",
    "</office:spreadsheet>",
    "<table:table table:name=\"A\">",
    "</table:table>",
    "<table:table-row table:number-rows-repeated=\"3\">",
    "</table:table-row>",
    "<table:table-cell office:value-type=\"time\" office:time-value=\"PT1H\">",
    "</table:table-cell>",
    "<table:covered-table-cell/>",
    "<text:p>",
    "</text:p>",
    "<text:s text:c=\"9\"/>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?xml",
    "?>",
    "<sheet name=\"A\" r:id=\"r1\"/>",
];
