//! The value of a cell.

use std::io::{self, Read};

use contacts_core::import::Row;
use quick_xml::events::{BytesStart, Event};

use super::{count, value};
use crate::workbook::number::number;
use crate::workbook::xml::{Xml, text};

/// Maximum number of spaces that one element stands for.
const MAX_SPACES: u64 = 1_000;

/// What the attributes of a cell say.
#[derive(Default)]
pub(super) struct CellStart {
    /// The type of the value; empty when there is none.
    kind: String,
    /// The value, in the form that its type has in XML Schema.
    value: String,
}

impl CellStart {
    /// Reads the attributes of a cell. A covered cell, which a merged one hides, has no value.
    pub(super) fn read(element: &BytesStart<'_>) -> io::Result<Self> {
        let is_covered = element.name().as_ref() == "table:covered-table-cell";
        // An error is a text such as `#N/A`, which stands for no value.
        let is_error = value(element, "calcext:value-type")?.is_some_and(|kind| kind == "error");
        if is_covered || is_error {
            return Ok(Self { kind: "void".to_owned(), value: String::new() });
        }
        let kind = value(element, "office:value-type")?.unwrap_or_default();
        let name = match kind.as_str() {
            "date" => "office:date-value",
            "time" => "office:time-value",
            "boolean" => "office:boolean-value",
            "string" => "office:string-value",
            _ => "office:value",
        };
        let value = value(element, name)?.unwrap_or_default();
        Ok(Self { kind, value })
    }

    /// Reads the rest of the cell, and returns its text.
    pub(super) fn text(self, xml: &mut Xml<impl Read>) -> io::Result<String> {
        let shown = shown(xml)?;
        Ok(match self.kind.as_str() {
            "void" => String::new(),
            "float" | "currency" | "percentage" => {
                let number = number(&self.value);
                if is_padded(&shown, &number) { shown } else { number }
            }
            // Seconds may have a fraction.
            "date" => self.value.split('.').next().unwrap_or_default().to_owned(),
            "time" => clock(&self.value).unwrap_or(shown),
            "boolean" => self.value,
            _ if shown.is_empty() => self.value,
            _ => shown,
        })
    }
}

/// Reads the rest of a cell, and returns the text that the spreadsheet program shows.
fn shown(xml: &mut Xml<impl Read>) -> io::Result<String> {
    let outside = xml.depth() - 1;
    let mut shown = String::new();
    let (mut paragraphs, mut open, mut tables) = (0, 0_usize, 0_usize);
    while xml.depth() > outside {
        match xml.next()? {
            Event::Start(element) => match element.name().as_ref() {
                "table:table" => tables += 1,
                // A table within the cell is none of its text.
                _ if tables > 0 || shown.len() > Row::MAX_BYTES => {}
                "text:p" | "text:h" => {
                    if paragraphs > 0 {
                        shown.push('\n');
                    }
                    paragraphs += 1;
                    open += 1;
                }
                "text:s" => {
                    let spaces = count(&element, "text:c")?.min(MAX_SPACES);
                    shown.extend((0..spaces).map(|_| ' '));
                }
                "text:tab" => shown.push('\t'),
                "text:line-break" => shown.push('\n'),
                _ => {}
            },
            Event::End(element) => match element.name().as_ref() {
                "table:table" => tables = tables.saturating_sub(1),
                "text:p" | "text:h" if tables == 0 => open = open.saturating_sub(1),
                _ => {}
            },
            event if open > 0 && tables == 0 && shown.len() <= Row::MAX_BYTES => {
                shown.push_str(&text(&event)?);
            }
            _ => {}
        }
    }
    Ok(shown)
}

/// Whether a number is shown with zeros in front, as postal codes are.
fn is_padded(shown: &str, number: &str) -> bool {
    let is_whole = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    shown.starts_with('0')
        && is_whole(shown)
        && is_whole(number)
        && shown.trim_start_matches('0') == number.trim_start_matches('0')
}

/// Returns hours, minutes and seconds of a duration such as `PT09H30M00S`.
fn clock(duration: &str) -> Option<String> {
    let (hours, rest) = duration.strip_prefix("PT")?.split_once('H')?;
    let (minutes, rest) = rest.split_once('M')?;
    let seconds = rest.strip_suffix('S')?.split(['.', ',']).next()?;
    let number = |text: &str| text.parse::<u32>().ok();
    Some(format!("{:02}:{:02}:{:02}", number(hours)?, number(minutes)?, number(seconds)?))
}
