//! Reads the records of an answer: JSON or CSV.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use contacts_core::sync::{ConnectorError, Record, Value};
use serde_json::value::RawValue;

use super::client::Answer;
use crate::excerpt::excerpt;
use crate::json::{Kind, Members, kind};
use crate::limits::format_bytes;

/// Longest row of a CSV, in bytes.
const MAX_ROW_BYTES: usize = 1 << 20;

/// Returns the value at a path in an answer.
pub(super) fn at<'a>(json: &'a RawValue, path: &[String]) -> Option<&'a RawValue> {
    let mut json = json;
    for name in path {
        let Members(members) = serde_json::from_str(json.get()).ok()?;
        json = members.into_iter().find(|(member, _)| member == name)?.1;
    }
    Some(json)
}

/// Returns the list of records at a path in an answer.
pub(super) fn list<'a>(
    json: &'a RawValue,
    path: &[String],
) -> Result<Vec<&'a RawValue>, ConnectorError> {
    match at(json, path).and_then(|json| kind(json).ok()) {
        Some(Kind::List(items)) => Ok(items),
        // Some servers write null for an empty list.
        Some(Kind::Null) if !path.is_empty() => Ok(Vec::new()),
        _ if path.is_empty() => {
            let reason = "we couldn't find a list: enter its location in \"Path of the list\", for \
                       example people";
            let start = excerpt(json.get());
            Err(ConnectorError::Settings(format!("{reason}; the response starts with {start}")))
        }
        _ => Err(ConnectorError::Settings(format!(
            "there is no list at {} in the response",
            path.join(".")
        ))),
    }
}

/// Returns the text or number at a path; `None` for an empty text and for false.
pub(super) fn scalar(json: &RawValue, path: &[String]) -> Option<String> {
    match kind(at(json, path)?).ok()? {
        Kind::Scalar(text) if !text.is_empty() && text != "false" => Some(text.into_owned()),
        _ => None,
    }
}

/// Reads the rows of a CSV while it is received.
pub(super) fn rows(
    answer: Answer<'_>,
    delimiter: u8,
    key: &[String],
    mut take: impl FnMut(Record) -> Result<(), ConnectorError>,
) -> Result<(), ConnectorError> {
    let length = Rc::new(Cell::new(0));
    let body = Body { answer, chunk: Vec::new(), at: 0, length: length.clone() };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(body);
    let mut row = csv::ByteRecord::new();
    let mut names: Option<Vec<String>> = None;
    while reader.read_byte_record(&mut row).map_err(csv_error)? {
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

/// Converts an error of the CSV reader, which may be an error of the connection.
fn csv_error(error: csv::Error) -> ConnectorError {
    let message = error.to_string();
    let inner = match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into_inner(),
        _ => None,
    };
    match inner.map(|inner| inner.downcast::<ConnectorError>()) {
        Some(Ok(error)) => *error,
        _ => ConnectorError::Broken(format!("its CSV cannot be read: {}", excerpt(&message))),
    }
}

/// The body of an answer as a reader.
struct Body<'a> {
    answer: Answer<'a>,
    chunk: Vec<u8>,
    at: usize,
    /// Number of bytes read since the last row.
    length: Rc<Cell<usize>>,
}

impl Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.length.get() > MAX_ROW_BYTES {
            let longest = format_bytes(MAX_ROW_BYTES as u64);
            let reason = format!("it sent a row of more than {longest}");
            return Err(io::Error::other(ConnectorError::Limit(reason)));
        }
        if self.at == self.chunk.len() {
            self.at = 0;
            self.chunk = match self.answer.chunk().map_err(io::Error::other)? {
                Some(chunk) => chunk.as_ref().to_owned(),
                None => return Ok(0),
            };
        }
        let length = buffer.len().min(self.chunk.len() - self.at);
        buffer[..length].copy_from_slice(&self.chunk[self.at..self.at + length]);
        self.at += length;
        self.length.set(self.length.get() + length);
        Ok(length)
    }
}
