//! The formats of numbers, which cells refer to by the number of their style.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Read};

use quick_xml::events::Event;

use crate::workbook::number::NumberFormat;
use crate::workbook::storage::damaged;
use crate::workbook::xml::{Xml, attribute};

/// Maximum styles of cells in spreadsheet programs.
const MAX_STYLES: usize = 65_536;

/// Reads the format of each style.
pub(super) fn formats(mut xml: Xml<impl Read>) -> io::Result<Vec<NumberFormat>> {
    let mut codes = HashMap::new();
    let mut formats = Vec::new();
    let mut is_cell_style = false;
    loop {
        match xml.next()? {
            Event::Start(element) => match element.local_name().as_ref() {
                "numFmt" => {
                    let code = attribute(&element, "formatCode")?.unwrap_or_default();
                    let id = format_id(attribute(&element, "numFmtId")?)?;
                    codes.insert(id, NumberFormat::parse(&code));
                }
                "cellXfs" => is_cell_style = true,
                "xf" if is_cell_style => {
                    let id = format_id(attribute(&element, "numFmtId")?)?;
                    let format = codes.get(&id).copied();
                    formats.push(format.unwrap_or_else(|| NumberFormat::built_in(id)));
                }
                _ => {}
            },
            Event::End(element) if element.local_name().as_ref() == "cellXfs" => {
                is_cell_style = false;
            }
            Event::Eof => return Ok(formats),
            _ => {}
        }
        if formats.len().max(codes.len()) > MAX_STYLES {
            return Err(damaged());
        }
    }
}

/// The number of a format; that of general numbers when there is none.
fn format_id(attribute: Option<Cow<'_, str>>) -> io::Result<u32> {
    attribute.map_or(Ok(0), |id| id.parse()).map_err(|_not_a_number| damaged())
}
