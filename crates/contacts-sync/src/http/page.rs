//! What an answer holds.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use contacts_core::sync::{Record, Trouble, Value};
use serde_json::value::RawValue;

use super::ask::Answer;
use crate::json::{Kind, Members, kind};
use crate::limits::amount;
use crate::words::words;

/// The longest row of a CSV, in bytes.
const LONGEST_ROW: usize = 1 << 20;

/// What is at the end of a path in an answer, if anything is.
pub(super) fn at<'a>(json: &'a RawValue, path: &[String]) -> Option<&'a RawValue> {
    let mut json = json;
    for name in path {
        let Members(members) = serde_json::from_str(json.get()).ok()?;
        json = members.into_iter().find(|(member, _)| member == name)?.1;
    }
    Some(json)
}

/// The list of records in an answer.
pub(super) fn list<'a>(json: &'a RawValue, path: &[String]) -> Result<Vec<&'a RawValue>, Trouble> {
    match at(json, path).and_then(|json| kind(json).ok()) {
        Some(Kind::List(items)) => Ok(items),
        // How some say that there are none.
        Some(Kind::Null) if !path.is_empty() => Ok(Vec::new()),
        _ if path.is_empty() => {
            let why = "the answer is no list: say in the setting records where in it the list is";
            Err(Trouble::Settings(format!("{why}; it begins with {}", words(json.get()))))
        }
        _ => {
            Err(Trouble::Settings(format!("there is no list at {} in the answer", path.join("."))))
        }
    }
}

/// The text or number at a path; what is empty or false is none.
pub(super) fn scalar(json: &RawValue, path: &[String]) -> Option<String> {
    match kind(at(json, path)?).ok()? {
        Kind::Scalar(text) if !text.is_empty() && text != "false" => Some(text.into_owned()),
        _ => None,
    }
}

/// Reads the rows of a CSV as they come.
pub(super) fn rows(
    answer: Answer<'_>,
    delimiter: u8,
    key: &[String],
    mut take: impl FnMut(Record) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let length = Rc::new(Cell::new(0));
    let body = Body { answer, piece: Vec::new(), at: 0, length: length.clone() };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(body);
    let mut row = csv::ByteRecord::new();
    let mut names: Option<Vec<String>> = None;
    while reader.read_byte_record(&mut row).map_err(trouble)? {
        length.set(0);
        let cells = row.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned());
        let Some(names) = &names else {
            let cells = cells.map(|cell| cell.trim_start_matches('\u{feff}').to_owned());
            names = Some(cells.collect());
            continue;
        };
        let fields = names.iter().cloned().zip(cells).filter(|(_, cell)| !cell.is_empty());
        let mut record = Record::default();
        record.fields = fields.map(|(name, cell)| (name, Value::Text(cell))).collect();
        record.id = id(&record, key);
        take(record)?;
    }
    Ok(())
}

fn id(record: &Record, key: &[String]) -> Option<String> {
    let part = |name: &String| match record.fields.get(name)? {
        Value::Text(text) => Some(text.as_str()),
        Value::List(_) => None,
    };
    let parts: Option<Vec<_>> = key.iter().map(part).collect();
    parts.map(|parts| parts.join(","))
}

/// What went wrong while the body came.
fn trouble(error: csv::Error) -> Trouble {
    let said = error.to_string();
    let inner = match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into_inner(),
        _ => None,
    };
    match inner.map(|inner| inner.downcast::<Trouble>()) {
        Some(Ok(trouble)) => *trouble,
        _ => Trouble::Broken(format!("its CSV cannot be read: {}", words(&said))),
    }
}

/// A body that is read as it comes.
struct Body<'a> {
    answer: Answer<'a>,
    piece: Vec<u8>,
    at: usize,
    /// How much was read since the last row.
    length: Rc<Cell<usize>>,
}

impl Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.length.get() > LONGEST_ROW {
            let longest = amount(LONGEST_ROW as u64);
            let why = format!("it sent a row of more than {longest}");
            return Err(io::Error::other(Trouble::Limit(why)));
        }
        if self.at == self.piece.len() {
            self.at = 0;
            self.piece = match self.answer.piece().map_err(io::Error::other)? {
                Some(piece) => piece.as_ref().to_owned(),
                None => return Ok(0),
            };
        }
        let length = buffer.len().min(self.piece.len() - self.at);
        buffer[..length].copy_from_slice(&self.piece[self.at..self.at + length]);
        self.at += length;
        self.length.set(self.length.get() + length);
        Ok(length)
    }
}
