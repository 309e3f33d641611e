//! The cells of a sheet.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;

use contacts_core::import::Row;
use quick_xml::events::{BytesStart, Event};

use super::is_true;
use super::strings::Strings;
use crate::workbook::number::{Epoch, NumberFormat};
use crate::workbook::rows::{Cells, ReadRows, Span};
use crate::workbook::storage::damaged;
use crate::workbook::xml::{Xml, attribute, text};

/// Reads the rows of a sheet.
pub(super) struct SheetReader<F: Read> {
    xml: Xml<F>,
    strings: Arc<Strings>,
    /// The format of each style.
    formats: Arc<[NumberFormat]>,
    epoch: Epoch,
    /// The number of the row that was read last.
    line: u64,
    /// Whether the rows have begun: other elements have cells, too.
    is_in_rows: bool,
}

/// What the attributes of a cell say.
#[derive(Default)]
struct CellStart {
    column: Option<usize>,
    format: NumberFormat,
    kind: Kind,
}

/// How the value of a cell is stored.
#[derive(Clone, Copy, Default)]
enum Kind {
    #[default]
    Number,
    /// The number of a text that is stored apart.
    Shared,
    /// The text itself.
    Text,
    Truth,
    Error,
}

/// An event of a sheet.
enum Step {
    /// A row starts; its number, unless it is the next one.
    Row(Option<u64>),
    Cell(CellStart),
    RowEnd,
    End,
    Other,
}

impl<F: Read> ReadRows for SheetReader<F> {
    fn read(&mut self, cells: &mut Cells) -> io::Result<Option<Span>> {
        let mut next_column = 0;
        loop {
            match self.step()? {
                Step::Row(number) => {
                    self.line = number.unwrap_or(self.line.saturating_add(1));
                    next_column = 0;
                }
                Step::Cell(start) => {
                    let column = start.column.unwrap_or(next_column);
                    next_column = column + 1;
                    let value = self.value()?;
                    cells.set(column, self.cell(&start, value)?);
                }
                Step::RowEnd => return Ok(Some(Span { line: self.line, count: 1 })),
                Step::End => return Ok(None),
                Step::Other => {}
            }
        }
    }
}

impl<F: Read> SheetReader<F> {
    pub(super) fn new(
        xml: Xml<F>,
        strings: Arc<Strings>,
        formats: Arc<[NumberFormat]>,
        epoch: Epoch,
    ) -> Self {
        Self { xml, strings, formats, epoch, line: 0, is_in_rows: false }
    }

    fn step(&mut self) -> io::Result<Step> {
        Ok(match self.xml.next()? {
            Event::Start(element) => match element.local_name().as_ref() {
                "row" if self.is_in_rows => Step::Row(row_number(&element)?),
                "c" if self.is_in_rows => Step::Cell(cell_start(&element, &self.formats)?),
                "sheetData" => {
                    self.is_in_rows = true;
                    Step::Other
                }
                _ => Step::Other,
            },
            Event::End(element) => match element.local_name().as_ref() {
                "row" if self.is_in_rows => Step::RowEnd,
                "sheetData" => {
                    self.is_in_rows = false;
                    Step::Other
                }
                _ => Step::Other,
            },
            Event::Eof => Step::End,
            _ => Step::Other,
        })
    }

    /// Reads the value in the cell that was started last: the stored one of a formula.
    fn value(&mut self) -> io::Result<String> {
        let outside = self.xml.depth() - 1;
        let mut value = String::new();
        let mut is_value = false;
        while self.xml.depth() > outside {
            match self.xml.next()? {
                Event::Start(element) => {
                    is_value = matches!(element.local_name().as_ref(), "v" | "t");
                }
                Event::End(_) => is_value = false,
                event if is_value && value.len() <= Row::MAX_BYTES => {
                    value.push_str(&text(&event)?)
                }
                _ => {}
            }
        }
        Ok(value)
    }

    /// Returns the text of a cell.
    fn cell(&self, start: &CellStart, value: String) -> io::Result<String> {
        if value.is_empty() {
            return Ok(value);
        }
        Ok(match start.kind {
            Kind::Number => start.format.text(&value, self.epoch),
            Kind::Shared => {
                let number = value.trim().parse().ok();
                number.and_then(|number| self.strings.get(number)).ok_or_else(damaged)?.to_owned()
            }
            Kind::Text => without_escapes(&value).into_owned(),
            Kind::Truth => is_true(value.trim()).to_string(),
            // Such as `#N/A`, which stands for no value.
            Kind::Error => String::new(),
        })
    }
}

fn row_number(element: &BytesStart<'_>) -> io::Result<Option<u64>> {
    let number = attribute(element, "r")?;
    number.map(|number| number.parse().map_err(|_not_a_number| damaged())).transpose()
}

fn cell_start(element: &BytesStart<'_>, formats: &[NumberFormat]) -> io::Result<CellStart> {
    let mut start = CellStart::default();
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_malformed| damaged())?;
        let value = &*attribute.value;
        match attribute.key.as_ref() {
            "r" => start.column = Some(column(value).ok_or_else(damaged)?),
            "s" => {
                let style = value.parse::<usize>().ok();
                start.format = style.and_then(|s| formats.get(s)).copied().unwrap_or_default();
            }
            "t" => {
                start.kind = match value {
                    "s" => Kind::Shared,
                    "str" | "inlineStr" | "d" => Kind::Text,
                    "b" => Kind::Truth,
                    "e" => Kind::Error,
                    _ => Kind::Number,
                }
            }
            _ => {}
        }
    }
    Ok(start)
}

/// Returns the column of a reference such as `AB12`, from 0.
fn column(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters.take(8).fold(0, |number, letter| {
        number * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1
    });
    number.checked_sub(1)
}

/// Returns a text with the characters that XML cannot hold, which are written as `_x000D_`.
pub(super) fn without_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, escape) = rest.split_at(at);
        plain.push_str(before);
        match escaped(escape) {
            Some(c) => {
                plain.push(c);
                rest = &escape[7..];
            }
            None => {
                plain.push_str("_x");
                rest = &escape[2..];
            }
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Returns the character of the escape with which a text begins.
fn escaped(text: &str) -> Option<char> {
    let digits = text.get(2..6).filter(|_| text[6..].starts_with('_'))?;
    let is_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    char::from_u32(u32::from_str_radix(digits, 16).ok().filter(|_| is_hexadecimal)?)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("A1", Some(0))]
    #[case("z9", Some(25))]
    #[case("AA10", Some(26))]
    #[case("XFD1048576", Some(16_383))]
    #[case("12", None)]
    fn a_reference_names_a_column(#[case] reference: &str, #[case] expected: Option<usize>) {
        assert_eq!(column(reference), expected);
    }

    #[rstest]
    #[case("a_x000A_b", "a\nb")]
    #[case("_x005F_x000A_", "_x000A_")]
    #[case("a_x000A", "a_x000A")]
    #[case("_xé", "_xé")]
    #[case("_x", "_x")]
    #[case("_x_x0041_", "_xA")]
    fn escapes_are_characters(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(without_escapes(text), expected);
    }
}
