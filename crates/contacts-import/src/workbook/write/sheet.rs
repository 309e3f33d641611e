//! The XML of the rows of a sheet.

use std::fmt::Write;

use contacts_core::import::CellKind;
use csv::ByteRecord;
use time::Date;
use time::macros::{date, format_description};

use super::parts::{DATE_STYLE, HEADER_STYLE, TEXT_STYLE};
use crate::records::cell_text;
use crate::write::unguard;

/// The beginning of a sheet, whose first row stays visible.
pub(super) const START: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
    r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#,
    r#"<sheetViews><sheetView workbookViewId="0">"#,
    r#"<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>"#,
    "</sheetView></sheetViews><sheetData>",
);

/// The end of a sheet.
pub(super) const END: &str = "</sheetData></worksheet>";

/// Number of digits that a number in a spreadsheet program keeps.
const MAX_DIGITS: usize = 15;

/// Writes the rows of one sheet after the other.
pub(super) struct SheetXml {
    kinds: Vec<CellKind>,
    rows: usize,
    bytes: usize,
    /// The row that was written last.
    row: String,
}

impl SheetXml {
    pub(super) fn new(kinds: Vec<CellKind>) -> Self {
        Self { kinds, rows: 0, bytes: 0, row: String::new() }
    }

    /// Number of rows of the sheet.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Number of bytes of the rows of the sheet.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the first row of another sheet.
    pub(super) fn header(&mut self, cells: &ByteRecord) -> &[u8] {
        (self.rows, self.bytes) = (0, 0);
        self.write(cells, |_| CellKind::Text, HEADER_STYLE)
    }

    /// Returns the next row.
    pub(super) fn row(&mut self, cells: &ByteRecord) -> &[u8] {
        let kinds = std::mem::take(&mut self.kinds);
        let kind = |column| kinds.get(column).copied().unwrap_or(CellKind::Text);
        self.write(cells, kind, TEXT_STYLE);
        self.kinds = kinds;
        self.row.as_bytes()
    }

    fn write(
        &mut self,
        cells: &ByteRecord,
        kind: impl Fn(usize) -> CellKind,
        text_style: usize,
    ) -> &[u8] {
        self.rows += 1;
        self.row.clear();
        // Writing to a string does not fail.
        let _ = write!(self.row, r#"<row r="{}">"#, self.rows);
        for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let cell = String::from_utf8_lossy(cell);
            let place = format!("{}{}", letters(column), self.rows);
            push_cell(&mut self.row, &place, plain(&cell), kind(column), text_style);
        }
        self.row.push_str("</row>");
        self.bytes += self.row.len();
        self.row.as_bytes()
    }
}

/// Returns the text of a cell without the apostrophe against formulas: text of a workbook is none.
/// It stays where an import would read the text as something else.
fn plain(cell: &str) -> &str {
    let text = unguard(cell);
    if cell_text(text) == text { text } else { cell }
}

/// Appends a cell of a kind, or of text where its text is none of that kind.
fn push_cell(xml: &mut String, place: &str, text: &str, kind: CellKind, text_style: usize) {
    let _ = match typed(text, kind) {
        Some(Typed::Number(number)) => write!(xml, r#"<c r="{place}"><v>{number}</v></c>"#),
        Some(Typed::Day(day)) => {
            write!(xml, r#"<c r="{place}" s="{DATE_STYLE}"><v>{day}</v></c>"#)
        }
        Some(Typed::Truth(truth)) => {
            write!(xml, r#"<c r="{place}" t="b"><v>{}</v></c>"#, u8::from(truth))
        }
        None => {
            let start = r#"<is><t xml:space="preserve">"#;
            let _ = write!(xml, r#"<c r="{place}" s="{text_style}" t="inlineStr">{start}"#);
            push_text(xml, text);
            xml.write_str("</t></is></c>")
        }
    };
}

enum Typed<'a> {
    Number(&'a str),
    /// Days since the thirtieth of December 1899.
    Day(i64),
    Truth(bool),
}

fn typed(text: &str, kind: CellKind) -> Option<Typed<'_>> {
    match kind {
        CellKind::Text => None,
        CellKind::Number => {
            let is_plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'.'));
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            let is_number = is_plain && digits <= MAX_DIGITS && text.parse::<f64>().is_ok();
            is_number.then_some(Typed::Number(text))
        }
        CellKind::Date => {
            // Spreadsheet programs count a 29th of February 1900, which never was.
            const FIRST: Date = date!(1900 - 03 - 01);
            let date = Date::parse(text, format_description!("[year]-[month]-[day]")).ok();
            let date = date.filter(|date| *date >= FIRST)?;
            Some(Typed::Day((date - date!(1899 - 12 - 30)).whole_days()))
        }
        CellKind::Boolean => match text {
            "true" => Some(Typed::Truth(true)),
            "false" => Some(Typed::Truth(false)),
            _ => None,
        },
    }
}

/// Appends text. Characters that XML cannot hold are written as `_x000D_`, and so is the beginning
/// of text that looks like that.
fn push_text(xml: &mut String, text: &str) {
    for (at, c) in text.char_indices() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '_' if is_escape(&text[at..]) => xml.push_str("_x005F_"),
            '\t' | '\n' => xml.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(xml, "_x{:04X}_", u32::from(c));
            }
            _ => xml.push(c),
        }
    }
}

/// Whether a text begins like `_x000D_`.
fn is_escape(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.by_ref().take(2).eq(*b"_x")
        && bytes.by_ref().take(4).filter(u8::is_ascii_hexdigit).count() == 4
        && bytes.next() == Some(b'_')
}

/// The letters of a column; the first is 0.
fn letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        letters.insert(0, char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    letters.into_iter().collect()
}
