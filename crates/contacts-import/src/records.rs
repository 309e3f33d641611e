//! The records of a file, one by one, however broken the file is.
//!
//! A record never takes more memory than [`Row::MAX_BYTES`], and a quotation mark that nothing
//! closes costs its own line only: the danger is that it would swallow the million rows below.

mod lines;

use std::io::{self, ErrorKind, Read};

use contacts_core::import::{Layout, Row, Rows, TableProblem, Unreadable};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use encoding_rs::{Encoding, UTF_8};

use self::lines::{closes, is_line_end, line_end, line_ends};
use crate::decode::decoded;
use crate::write::unguard;

/// How much is asked of the source at a time.
const PIECE: usize = 64 * 1024;

/// How much may be read in vain, looking for closing quotation marks, ...
const MOST_CREDIT: usize = 16 * Row::MAX_BYTES;

/// ... and how much of that each byte read to good purpose earns back. Without a limit, a file
/// with a stray quotation mark on every line would be read once for every line.
const CREDIT_PER_BYTE: usize = 8;

/// The rows below the header.
pub(crate) fn below_header(source: Box<dyn Read + Send>, layout: &Layout) -> Rows {
    let encoding = Encoding::for_label(layout.encoding.as_bytes()).unwrap_or(UTF_8);
    let delimiter = u8::try_from(layout.delimiter).unwrap_or(b',');
    let records = Records::from_line(layout.header_line, decoded(source, encoding), delimiter);
    let mut below = false;
    let rows = records.filter(move |row| row.is_err() || std::mem::replace(&mut below, true));
    Box::new(rows.map(|row| row.map(unguarded)))
}

fn unguarded(mut row: Row) -> Row {
    for cell in row.cells.iter_mut().flatten() {
        if unguard(cell).len() < cell.len() {
            cell.remove(0);
        }
    }
    row
}

/// Reads records of UTF-8. Rows without any text are left out.
pub(crate) struct Records<R> {
    source: R,
    parser: Reader,
    delimiter: u8,
    /// What has been read and not yet handed over is `buffer[start..end]`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The source has no more bytes.
    ended: bool,
    /// There is nothing more to hand over.
    finished: bool,
    /// Lines above this one are not looked at.
    first_line: u64,
    /// The line on which `start` is; 0 before the first byte has been read.
    line: u64,
    /// How much may still be read in vain.
    credit: usize,
    /// The record's cells without quotation marks, end to end, ...
    cells: Vec<u8>,
    /// ... and where each of them ends.
    ends: Vec<usize>,
    /// How many cells the last record has, those included that are too many.
    width: usize,
}

/// What is found at the start of a record.
enum Found {
    /// A record: its length without its line end, its number of cells.
    Record(usize, usize),
    /// A quotation mark that nothing closes, as far as was looked.
    Unclosed(usize),
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
    /// Reads `source`, passing over the lines above `first_line`.
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
            credit: MOST_CREDIT,
            cells: vec![0; 1024],
            ends: vec![0; 64],
            width: 0,
        }
    }

    /// How many cells the record has that was handed over last. Its row has
    /// [`TableProblem::MAX_COLUMNS`] of them at most.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    fn row(&mut self) -> io::Result<Option<Row>> {
        if self.line == 0 {
            self.begin()?;
        }
        loop {
            while self.pass_line_end()? {}
            if self.peek()?.is_none() {
                return Ok(None);
            }
            let line = self.line;
            let cells = match self.find()? {
                Found::Record(length, count) => {
                    self.pass(length);
                    if self.is_blank(count) {
                        continue;
                    }
                    self.width = self.used(count);
                    // Others can belong to no column, and a row of commas would take thirty
                    // times its length.
                    Ok(self.strings(self.width.min(TableProblem::MAX_COLUMNS)))
                }
                Found::Unclosed(looked) => {
                    self.credit = self.credit.saturating_sub(looked);
                    self.pass_line()?;
                    Err(Unreadable::UnclosedQuote)
                }
                Found::TooLong => {
                    self.pass_line()?;
                    Err(Unreadable::TooLong)
                }
            };
            return Ok(Some(Row { line, cells }));
        }
    }

    /// Passes over the byte order mark and the lines above the first.
    fn begin(&mut self) -> io::Result<()> {
        self.line = 1;
        while self.end < 3 && self.fill()? {}
        if self.buffer[..self.end].starts_with("\u{feff}".as_bytes()) {
            self.start = 3;
        }
        while self.line < self.first_line && self.peek()?.is_some() {
            self.pass_line()?;
            self.pass_line_end()?;
        }
        Ok(())
    }

    /// Looks for the end of the record at `start`.
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

    /// How far ahead the record's end may be: its own line always, the lines below as long as
    /// not too much has been read in vain.
    fn horizon(&mut self) -> io::Result<usize> {
        const MOST: usize = Row::MAX_BYTES + 1;
        if self.credit >= MOST {
            return Ok(MOST);
        }
        let mut looked = 0;
        loop {
            if let Some(at) = line_end(&self.buffer[self.start + looked..self.end]) {
                return Ok((looked + at + 1).max(self.credit).min(MOST));
            }
            looked = self.end - self.start;
            if looked >= MOST || !self.fill()? {
                return Ok(MOST);
            }
        }
    }

    /// A stray quotation mark is "closed" by the one that opens a cell further down. That is seen
    /// by what follows: a mark that really closes stands before a delimiter or a line end.
    fn judge(&self, length: usize, count: usize) -> Found {
        let record = &self.buffer[self.start..self.start + length];
        if line_ends(record) > 0 && !closes(record, self.delimiter) {
            return Found::Unclosed(length);
        }
        Found::Record(length, count)
    }

    fn is_blank(&self, count: usize) -> bool {
        let length = count.checked_sub(1).map_or(0, |last| self.ends[last]);
        let text = &self.cells[..length];
        !text.iter().any(u8::is_ascii_graphic)
            && String::from_utf8_lossy(text).chars().all(is_blank)
    }

    /// The number of cells, without empty ones at the end of a row that has too many.
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

    /// Passes over bytes of a record.
    fn pass(&mut self, length: usize) {
        self.line += line_ends(&self.buffer[self.start..self.start + length]);
        self.start += length;
        self.credit = (self.credit + length * CREDIT_PER_BYTE).min(MOST_CREDIT);
    }

    /// Passes over what is left of a line, up to its end.
    fn pass_line(&mut self) -> io::Result<()> {
        loop {
            let rest = &self.buffer[self.start..self.end];
            let length = line_end(rest).unwrap_or(rest.len());
            self.start += length;
            self.credit = (self.credit + length * CREDIT_PER_BYTE).min(MOST_CREDIT);
            if self.peek()?.is_none_or(is_line_end) {
                return Ok(());
            }
        }
    }

    /// Passes over one line end: LF, CRLF or CR.
    fn pass_line_end(&mut self) -> io::Result<bool> {
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

    /// Reads some more behind `end`; false when there is no more.
    fn fill(&mut self) -> io::Result<bool> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.buffer.len() < self.end + PIECE {
            self.buffer.resize(self.end + PIECE, 0);
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

/// White space of any kind, what does not show, and the control characters that old programs
/// leave behind, such as the end-of-file mark of DOS.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests;
