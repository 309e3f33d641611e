//! The stored JSON of the parts of a layout that a user chose.

use contacts_core::import::{HeaderRow, LayoutChoice, Quoting};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::database::{PgResult, unreadable};

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct StoredLayout {
    #[serde(skip_serializing_if = "Option::is_none")]
    sheet: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delimiter: Option<char>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quoting: Option<String>,
    /// The line of the header; 0 without a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    header_line: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    repair_text: bool,
}

impl StoredLayout {
    /// Returns the stored form; `None` where nothing was chosen.
    pub(super) fn write(choice: &LayoutChoice) -> Option<Value> {
        if *choice == LayoutChoice::default() {
            return None;
        }
        let LayoutChoice { sheet, encoding, delimiter, quoting, header, repair_text } = choice;
        // JSON text may contain the zero character, which Postgres does not accept.
        let clean = |text: &Option<String>| text.as_ref().map(|t| t.replace('\0', "\u{FFFD}"));
        Some(json!(Self {
            sheet: clean(sheet),
            encoding: clean(encoding),
            delimiter: *delimiter,
            quoting: quoting.map(|quoting| quoting.as_str().to_owned()),
            header_line: header.map(HeaderRow::line),
            repair_text: *repair_text,
        }))
    }

    pub(super) fn read(value: Value) -> PgResult<LayoutChoice> {
        let stored: Self = serde_json::from_value(value).map_err(contacts_core::Error::store)?;
        let quoting = stored
            .quoting
            .map(|name| Quoting::parse(&name).ok_or_else(|| unreadable("imports.layout")));
        Ok(LayoutChoice {
            sheet: stored.sheet,
            encoding: stored.encoding,
            delimiter: stored.delimiter,
            quoting: quoting.transpose()?,
            header: stored.header_line.map(HeaderRow::from_line),
            repair_text: stored.repair_text,
        })
    }
}
