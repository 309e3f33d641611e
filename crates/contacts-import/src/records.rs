//! Reads the records of a file one by one, however broken the file is (R34).
//!
//! A record never takes more memory than [`Row::MAX_BYTES`]. A quotation mark that is never closed
//! loses its own line only: the danger is that it would swallow the million rows below.

mod lines;
mod repair;

use std::io::{self, ErrorKind, Read};

use contacts_core::import::{Layout, Row, Rows, TableProblem, TextFormat, Unreadable};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use self::lines::{closes, is_line_end, line_end, line_ends};
use self::repair::repaired;
use crate::decode::decoded;
use crate::encoding::TextEncoding;
use crate::quoting::standardised;
use crate::write::unguard;

/// Number of bytes read from the source at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Number of bytes that may be searched in vain for closing quotation marks. Without a limit, a
/// file with a stray quotation mark on every line would be read once for every line.
const MAX_CREDIT_BYTES: usize = 16 * Row::MAX_BYTES;

/// Number of bytes of credit that each byte of a readable record, or of a lost line, earns back.
const CREDIT_PER_BYTE: usize = 8;

/// Returns the rows below the header, without the apostrophes of the formula guard.
pub(crate) fn rows(
    source: impl Read + Send + 'static,
    format: &TextFormat,
    layout: &Layout,
) -> Rows {
    let delimiter = u8::try_from(format.delimiter).unwrap_or(b',');
    let text = decoded(source, TextEncoding::for_name(&format.encoding));
    let text = standardised(text, delimiter, format.quoting);
    let records = Records::from_line(layout.header_line, text, delimiter);
    let records = records.expecting(layout.header.len());
    let mut below = !layout.has_header;
    let rows = records.filter(move |row| row.is_err() || std::mem::replace(&mut below, true));
    Box::new(rows.map(|row| row.map(unguarded)))
}

/// Returns a row with the text of its cells, see [`cell_text`].
pub(crate) fn unguarded(mut row: Row) -> Row {
    for cell in row.cells.iter_mut().flatten() {
        let text = cell_text(cell);
        if text.len() < cell.len() {
            *cell = text.to_owned();
        }
    }
    row
}

/// Returns the text of a cell without the apostrophe of the formula guard, or without the formula
/// in which programs wrap digits for Excel, such as `="01067"`.
pub(crate) fn cell_text(cell: &str) -> &str {
    let text = unguard(cell);
    let is_formula = text.len() == cell.len();
    let inside = || cell.strip_prefix("=\"")?.strip_suffix('"');
    if is_formula { inside().filter(|inside| !inside.contains('"')).unwrap_or(text) } else { text }
}

/// Reads records from UTF-8. Records without any text are left out.
pub(crate) struct Records<R> {
    source: R,
    parser: Reader,
    delimiter: u8,
    /// The bytes `buffer[start..end]` were read from the source, but not returned yet.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Whether the source has no more bytes.
    ended: bool,
    /// Whether the last record or an error was returned.
    finished: bool,
    /// Lines above this one are skipped.
    first_line: u64,
    /// The line of `buffer[start]`; 0 before the first byte has been read.
    line: u64,
    /// Number of bytes that may still be searched in vain for closing quotation marks.
    credit: usize,
    /// The cells of the current record, concatenated, without quotation marks.
    cells: Vec<u8>,
    /// The end of each cell in `cells`.
    ends: Vec<usize>,
    /// Number of cells of the last record, including those beyond the maximum.
    width: usize,
    /// Number of cells of the header, if it is known: lines with stray quotation marks are read as
    /// so many.
    expected_width: Option<usize>,
}

/// The outcome of searching the end of a record.
enum Found {
    /// A record: its number of bytes without the line end, and its number of cells.
    Record(usize, usize),
    /// A quotation mark that is not closed within this number of bytes.
    Unclosed(usize),
    /// A record longer than [`Row::MAX_BYTES`].
    TooLong,
}

impl<R: Read> Iterator for Records<R> {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<io::Result<Row>> {
        if self.finished {
            return None;
        }
        let row = self.row().transpose();
        self.finished = !matches!(row, Some(Ok(_)));
        row
    }
}

impl<R: Read> Records<R> {
    /// Reads `source` from the line `first_line` on; the first line is 1.
    pub(crate) fn from_line(first_line: u64, source: R, delimiter: u8) -> Self {
        Self {
            source,
            parser: ReaderBuilder::new().delimiter(delimiter).build(),
            delimiter,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            ended: false,
            finished: false,
            first_line,
            line: 0,
            credit: MAX_CREDIT_BYTES,
            cells: vec![0; 1024],
            ends: vec![0; 64],
            width: 0,
            expected_width: None,
        }
    }

    /// Reads lines with stray quotation marks as rows of this number of cells.
    #[must_use]
    pub(crate) fn expecting(mut self, width: usize) -> Self {
        self.expected_width = Some(width);
        self
    }

    /// Number of cells of the record that was returned last. Its row has at most
    /// [`TableProblem::MAX_COLUMNS`] of them.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    fn row(&mut self) -> io::Result<Option<Row>> {
        if self.line == 0 {
            self.skip_preamble()?;
        }
        loop {
            while self.skip_line_end()? {}
            if self.peek()?.is_none() {
                return Ok(None);
            }
            let line = self.line;
            let cells = match self.find()? {
                Found::Record(length, count) => {
                    let repaired = self.repaired(length, count);
                    self.consume(length);
                    if let Some(cells) = repaired {
                        self.width = cells.len();
                        return Ok(Some(Row { line, cells: Ok(cells) }));
                    }
                    if self.is_blank(count) {
                        continue;
                    }
                    self.width = self.used(count);
                    // Further cells belong to no column, and a row of commas would take thirty
                    // times its length in memory.
                    Ok(self.strings(self.width.min(TableProblem::MAX_COLUMNS)))
                }
                Found::Unclosed(searched) => {
                    self.credit = self.credit.saturating_sub(searched);
                    self.skip_line()?;
                    Err(Unreadable::UnclosedQuote)
                }
                Found::TooLong => {
                    self.skip_line()?;
                    Err(Unreadable::TooLong)
                }
            };
            return Ok(Some(Row { line, cells }));
        }
    }

    /// Skips the byte order mark and the lines above the first line.
    fn skip_preamble(&mut self) -> io::Result<()> {
        self.line = 1;
        while self.end < 3 && self.fill()? {}
        if self.buffer[..self.end].starts_with("\u{feff}".as_bytes()) {
            self.start = 3;
        }
        while self.line < self.first_line && self.peek()?.is_some() {
            self.skip_line()?;
            self.skip_line_end()?;
        }
        Ok(())
    }

    /// Searches the end of the record at `start`.
    fn find(&mut self) -> io::Result<Found> {
        let horizon = self.horizon()?;
        self.parser.reset();
        let (mut read, mut written, mut count) = (0, 0, 0);
        loop {
            let available = (self.end - self.start).min(horizon);
            let mut at_end = false;
            if read == available {
                if read == horizon {
                    let line = line_end(&self.buffer[self.start..self.start + read]);
                    return Ok(if line.is_some() { Found::Unclosed(read) } else { Found::TooLong });
                }
                if self.fill()? {
                    continue;
                }
                at_end = true;
            }
            // At the end of the file a line end closes whatever is not inside quotation marks.
            let input = if at_end {
                b"\n"
            } else {
                &self.buffer[self.start + read..self.start + available]
            };
            let (result, nin, nout, nend) =
                self.parser.read_record(input, &mut self.cells[written..], &mut self.ends[count..]);
            written += nout;
            count += nend;
            if !at_end {
                read += nin;
            }
            match result {
                ReadRecordResult::Record | ReadRecordResult::End => {
                    return Ok(self.judge(if at_end { read } else { read - 1 }, count));
                }
                ReadRecordResult::OutputFull => self.cells.resize(self.cells.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::InputEmpty if at_end => return Ok(Found::Unclosed(read)),
                ReadRecordResult::InputEmpty => {}
            }
        }
    }

    /// Number of bytes within which the end of the record is searched: its own line always, and
    /// the lines below as far as the credit allows.
    fn horizon(&mut self) -> io::Result<usize> {
        const MAX_RECORD_BYTES: usize = Row::MAX_BYTES + 1;
        if self.credit >= MAX_RECORD_BYTES {
            return Ok(MAX_RECORD_BYTES);
        }
        let mut searched = 0;
        loop {
            if let Some(at) = line_end(&self.buffer[self.start + searched..self.end]) {
                return Ok((searched + at + 1).max(self.credit).min(MAX_RECORD_BYTES));
            }
            searched = self.end - self.start;
            if searched >= MAX_RECORD_BYTES || !self.fill()? {
                return Ok(MAX_RECORD_BYTES);
            }
        }
    }

    /// Tells a record from a stray quotation mark that is "closed" by the one that opens a cell
    /// further down: a mark that really closes is followed by a delimiter or a line end.
    fn judge(&self, length: usize, count: usize) -> Found {
        let record = &self.buffer[self.start..self.start + length];
        if line_ends(record) > 0 && !closes(record, self.delimiter) {
            return Found::Unclosed(length);
        }
        Found::Record(length, count)
    }

    /// Reads a record with another number of cells than the header as if one of its quotation
    /// marks were text, if that fits.
    fn repaired(&self, length: usize, count: usize) -> Option<Vec<String>> {
        let width = self.expected_width.filter(|width| *width != count)?;
        let record = &self.buffer[self.start..self.start + length];
        if !record.contains(&b'"') || line_ends(record) > 0 {
            return None;
        }
        repaired(&String::from_utf8_lossy(record), char::from(self.delimiter), width)
    }

    fn is_blank(&self, count: usize) -> bool {
        let length = count.checked_sub(1).map_or(0, |last| self.ends[last]);
        let text = &self.cells[..length];
        !text.iter().any(u8::is_ascii_graphic)
            && String::from_utf8_lossy(text).chars().all(is_blank)
    }

    /// Number of cells, without the empty ones at the end of a record that has too many.
    fn used(&self, count: usize) -> usize {
        let ends = &self.ends[..count];
        match ends.last() {
            Some(&length) if count > TableProblem::MAX_COLUMNS => {
                (ends.partition_point(|end| *end < length) + 1).min(count)
            }
            _ => count,
        }
    }

    fn strings(&self, count: usize) -> Vec<String> {
        let ends = &self.ends[..count];
        let bytes = &self.cells[..ends.last().copied().unwrap_or(0)];
        let text = str::from_utf8(bytes).ok();
        let mut start = 0;
        let mut strings = Vec::with_capacity(count);
        for &end in ends {
            strings.push(match text.and_then(|text| text.get(start..end)) {
                Some(cell) => cell.to_owned(),
                None => String::from_utf8_lossy(&bytes[start..end]).into_owned(),
            });
            start = end;
        }
        strings
    }

    /// Consumes the bytes of a record.
    fn consume(&mut self, length: usize) {
        self.line += line_ends(&self.buffer[self.start..self.start + length]);
        self.start += length;
        self.credit = (self.credit + length * CREDIT_PER_BYTE).min(MAX_CREDIT_BYTES);
    }

    /// Skips the rest of a line, up to its line end.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let rest = &self.buffer[self.start..self.end];
            let length = line_end(rest).unwrap_or(rest.len());
            self.start += length;
            self.credit = (self.credit + length * CREDIT_PER_BYTE).min(MAX_CREDIT_BYTES);
            if self.peek()?.is_none_or(is_line_end) {
                return Ok(());
            }
        }
    }

    /// Skips one line end (LF, CRLF or CR); false when there is none.
    fn skip_line_end(&mut self) -> io::Result<bool> {
        let Some(byte) = self.peek()?.filter(|byte| is_line_end(*byte)) else { return Ok(false) };
        self.start += 1;
        self.line += 1;
        if byte == b'\r' && self.peek()? == Some(b'\n') {
            self.start += 1;
        }
        Ok(true)
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.start == self.end && !self.fill()? {
            return Ok(None);
        }
        Ok(Some(self.buffer[self.start]))
    }

    /// Reads more bytes to the end of the buffer; false when the source has no more.
    fn fill(&mut self) -> io::Result<bool> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.buffer.len() < self.end + CHUNK_BYTES {
            self.buffer.resize(self.end + CHUNK_BYTES, 0);
        }
        while !self.ended {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(length) => {
                    self.end += length;
                    self.ended = length == 0;
                    return Ok(length > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}

/// Whether a character is invisible: white space of any kind, zero-width characters, and the
/// control characters that old programs leave behind, such as the end-of-file mark of DOS.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests;
