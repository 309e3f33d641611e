use std::io::Cursor;

use contacts_core::import::{Format, Quoting, Row};
use proptest::prelude::*;
use rstest::rstest;

use super::*;

type Cells = Result<Vec<String>, Unreadable>;

fn rows(text: &[u8]) -> Vec<(u64, Cells)> {
    let rows = Records::from_line(1, Cursor::new(text), b',');
    rows.map(|row| row.unwrap()).map(|Row { line, cells }| (line, cells)).collect()
}

fn cells(cells: &[&str]) -> Cells {
    Ok(cells.iter().map(|&cell| cell.to_owned()).collect())
}

#[rstest]
#[case("\n")]
#[case("\r\n")]
#[case("\r")]
fn lines_are_counted_with_every_line_end(#[case] end: &str) {
    let text = ["a,b", "", "\"two", "lines\",x", ",", "last,y"].join(end);
    let two = format!("two{end}lines");
    let expected =
        vec![(1, cells(&["a", "b"])), (3, cells(&[&two, "x"])), (6, cells(&["last", "y"]))];
    assert_eq!(rows(text.as_bytes()), expected);
    assert_eq!(rows((text + end).as_bytes()), expected);
}

#[test]
fn cells_are_returned_as_they_are() {
    assert_eq!(
        rows(b" a ,\"say \"\"hi\"\"\",x\"y\"z,,\"\""),
        [(1, cells(&[" a ", "say \"hi\"", "x\"y\"z", "", ""]))]
    );
}

#[rstest]
#[case(" , \t,\n")]
#[case("\u{a0},\u{200b}\n")]
#[case("\x1a")]
fn rows_without_text_are_left_out(#[case] text: &str) {
    assert_eq!(rows(text.as_bytes()), []);
}

#[test]
fn malformed_bytes_become_replacement_characters() {
    assert_eq!(rows(b"J\xf6,\xc3,\xb6"), [(1, cells(&["J\u{fffd}", "\u{fffd}", "\u{fffd}"]))]);
}

#[test]
fn nuls_are_kept() {
    assert_eq!(rows(b"a\0b,c"), [(1, cells(&["a\0b", "c"]))]);
}

#[test]
fn an_unclosed_quotation_mark_loses_its_line_only() {
    assert_eq!(
        rows(b"a,b\nx,\"y\nfoo,bar\nlast,z"),
        [
            (1, cells(&["a", "b"])),
            (2, Err(Unreadable::UnclosedQuote)),
            (3, cells(&["foo", "bar"])),
            (4, cells(&["last", "z"])),
        ]
    );
}

#[test]
fn a_stray_mark_is_not_closed_by_the_one_that_opens_a_later_cell() {
    assert_eq!(
        rows(b"x,\"y\nfoo,bar\nAnn,\"Lee, Inc\"\n"),
        [
            (1, Err(Unreadable::UnclosedQuote)),
            (2, cells(&["foo", "bar"])),
            (3, cells(&["Ann", "Lee, Inc"])),
        ]
    );
}

#[test]
fn white_space_after_a_closing_mark_is_allowed() {
    assert_eq!(rows(b"a,\"b\nc\" \nd,e").len(), 2);
}

#[test]
fn the_search_for_a_closing_mark_ends_at_the_longest_row() {
    let mut text = b"x,\"y\n".to_vec();
    for _ in 0..200_000 {
        text.extend_from_slice(b"foo,bar\n");
    }
    text.extend_from_slice(b"the,\"end\"\n");
    let rows = rows(&text);
    assert_eq!(rows[0], (1, Err(Unreadable::UnclosedQuote)));
    assert_eq!(rows[1], (2, cells(&["foo", "bar"])));
    assert_eq!(rows.last(), Some(&(200_002, cells(&["the", "end"]))));
}

#[test]
fn a_stray_mark_on_every_line_is_read_in_linear_time() {
    let text = b"\"a\",\"b\n".repeat(300_000);
    let rows = rows(&text);
    assert_eq!(rows.len(), 300_000);
    assert_eq!(rows.last(), Some(&(300_000, Err(Unreadable::UnclosedQuote))));
}

#[rstest]
#[case(b"")]
#[case(b"\"")]
fn a_row_that_is_too_long_is_skipped(#[case] quote: &[u8]) {
    let text = [b"a\n", quote, &b"x".repeat(5 * Row::MAX_BYTES), quote, b"\r\nb\n"].concat();
    assert_eq!(
        rows(&text),
        [(1, cells(&["a"])), (2, Err(Unreadable::TooLong)), (3, cells(&["b"]))]
    );
}

#[test]
fn a_row_of_the_maximum_length_is_read_and_a_longer_one_is_not() {
    let longest = "x".repeat(Row::MAX_BYTES);
    assert_eq!(rows(longest.as_bytes()), [(1, cells(&[&longest]))]);
    assert_eq!(rows(format!("{longest}\n").as_bytes()), [(1, cells(&[&longest]))]);
    assert_eq!(rows(format!("{longest}x\n").as_bytes()), [(1, Err(Unreadable::TooLong))]);
}

#[test]
fn the_rows_begin_below_the_header() {
    let format = TextFormat {
        encoding: "windows-1252".to_owned(),
        delimiter: ';',
        quoting: Quoting::Standard,
    };
    let text = b"An \"odd\npreamble\nname;value\nJ\xf6rg;'=1+1\n;\nAnn;2\n";
    let rows: Vec<_> = super::rows(Cursor::new(text), &format, &layout(3))
        .map(|row| row.unwrap())
        .map(|row| (row.line, row.cells))
        .collect();
    assert_eq!(rows, [(4, cells(&["Jörg", "=1+1"])), (6, cells(&["Ann", "2"]))]);
}

#[rstest::rstest]
#[case("=\"01067\"", "01067")]
#[case("'=\"01067\"", "=\"01067\"")]
#[case("=A1", "=A1")]
#[case("=\"a\"&\"b\"", "=\"a\"&\"b\"")]
fn digits_that_are_wrapped_for_excel_are_read(#[case] cell: &str, #[case] expected: &str) {
    assert_eq!(cell_text(cell), expected);
}

#[test]
fn a_read_error_is_returned_once() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("gone"))
        }
    }
    let mut rows = super::rows(Failing, &TextFormat::standard(), &layout(1));
    assert_eq!(rows.next().unwrap().unwrap_err().to_string(), "gone");
    assert!(rows.next().is_none());
}

/// Returns `chunk` bytes at a time.
struct SmallReads<'a>(&'a [u8], usize);

impl Read for SmallReads<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.0.len().min(self.1).min(out.len());
        out[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn written_values_are_read_back(
        table in prop::collection::vec(prop::collection::vec("[ab\",;\r\n '=é]{0,6}", 2..5), 0..6)
    ) {
        let mut text = Vec::new();
        for row in &table {
            crate::write::row(&row.iter().map(String::as_str).collect::<Vec<_>>(), &mut text);
        }
        let read: Vec<_> = rows(&text)
            .into_iter()
            .map(|(_, cells)| cells.unwrap().iter().map(|c| unguard(c).to_owned()).collect::<Vec<_>>())
            .filter(|row| !row.concat().chars().all(is_blank))
            .collect();
        let table: Vec<_> =
            table.into_iter().filter(|row| !row.concat().chars().all(is_blank)).collect();
        prop_assert_eq!(read, table);
    }

    #[test]
    fn well_formed_rows_are_read_as_the_csv_crate_reads_them(
        text in "((\"[ab,\n]{0,4}\"|[ab\"]?[ab]{1,3})[,\n]){0,12}"
    ) {
        let ours = rows(text.as_bytes());
        prop_assume!(ours.iter().all(|(_, cells)| cells.is_ok()));
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let theirs = reader.records().map(|record| record.unwrap());
        let theirs = theirs.map(|r| r.iter().map(str::to_owned).collect::<Vec<_>>());
        let theirs: Vec<_> = theirs.filter(|r| !r.concat().chars().all(is_blank)).collect();
        let ours: Vec<_> = ours.into_iter().map(|(_, cells)| cells.unwrap()).collect();
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn the_size_of_reads_does_not_matter(text in "[ab\",\r\n]{0,60}", chunk in 1_usize..7) {
        let whole = rows(text.as_bytes());
        let torn = Records::from_line(1, SmallReads(text.as_bytes(), chunk), b',');
        let torn: Vec<_> = torn.map(|row| row.unwrap()).map(|r| (r.line, r.cells)).collect();
        prop_assert_eq!(whole, torn);
    }

    #[test]
    fn every_line_with_text_belongs_to_a_row(text in prop::collection::vec("[ab\",]{0,5}", 0..12)) {
        let all = rows(text.join("\n").as_bytes());
        let mut last = 0;
        for (line, _) in all {
            prop_assert!(line > last && line <= text.len() as u64);
            last = line;
        }
    }
}

#[test]
fn cells_beyond_the_last_possible_column_are_dropped() {
    let most = TableProblem::MAX_COLUMNS;
    let mut records = Records::from_line(1, Cursor::new("x,".repeat(most + 500)), b',');
    assert_eq!(records.next().unwrap().unwrap().cells, Ok(vec!["x".to_owned(); most]));
    assert_eq!(records.width(), most + 500);
    let mut records = Records::from_line(1, Cursor::new(format!("a,b{}", ",".repeat(9_999))), b',');
    assert_eq!(records.next().unwrap().unwrap().cells, cells(&["a", "b"]));
    assert_eq!(records.width(), 2);
}

/// The layout of a file whose header begins on a line.
fn layout(header_line: u64) -> Layout {
    let format = Format::Text(TextFormat::standard());
    Layout { format, header_line, has_header: true, header: Vec::new() }
}

#[test]
fn a_stray_mark_moves_no_cell_of_a_line_into_another_column() {
    let text = "name,email,note\n\"Ann \"Lee, Jr\" Ro\",a@x.org,\n\"Ben,b@x.org,\"c, d\"\nEve,\"e\"@x.org\n";
    let header = ["name", "email", "note"].map(str::to_owned).to_vec();
    let layout = Layout { header, ..layout(1) };
    let Format::Text(format) = &layout.format else { unreachable!() };
    let rows = super::rows(Cursor::new(text), format, &layout);
    let rows: Vec<_> = rows.map(|row| row.unwrap()).map(|row| (row.line, row.cells)).collect();
    let expected = [
        (2, cells(&["Ann \"Lee, Jr\" Ro", "a@x.org", ""])),
        (3, cells(&["\"Ben", "b@x.org", "c, d"])),
        (4, cells(&["Eve", "e@x.org"])),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn without_a_header_the_first_line_is_a_row() {
    let (format, text) = (TextFormat::standard(), "sep=,\na,b\nc,d\n");
    let layout = Layout { has_header: false, ..layout(2) };
    let rows = super::rows(Cursor::new(text), &format, &layout).map(Result::unwrap);
    let rows: Vec<_> = rows.map(|row| (row.line, row.cells.unwrap().join("|"))).collect();
    assert_eq!(rows, [(2, "a|b".to_owned()), (3, "c|d".to_owned())]);
}
