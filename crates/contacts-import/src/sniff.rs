//! Detects the layout of a file: its encoding, its delimiter and its header row (R30, R31).

pub(crate) mod dialect;
mod encoding;
mod kind;

use std::cmp::Reverse;
use std::io::{self, Read};

use contacts_core::import::{
    Format, Inspection, Layout, Quoting, Row, TableProblem, TextFormat, Unreadable,
};

use crate::decode::decoded;
use crate::encoding::TextEncoding;
use crate::quoting::standardised;
use crate::records::{Records, cell_text, is_blank};

/// Number of bytes at the start of a file from which delimiter and header are detected.
const MAX_HEAD_BYTES: usize = 1 << 20;

/// Number of rows that are examined: enough for a preamble, the header and the samples.
pub(crate) const MAX_HEAD_ROWS: usize = 100;

/// Number of bytes that are decoded to tell text from other files, and to find a `sep=` line.
const OPENING_BYTES: usize = 16 * 1024;

/// Reads as much of a file as [`inspect`] needs. Returns the bytes, and whether they are the whole
/// file.
///
/// It reads the first mebibyte. If that is only ASCII, the encoding is still unknown, so it reads
/// on to the first other letters, however late they occur, and includes them.
///
/// # Errors
///
/// Those of `source`.
pub(crate) fn read_head(source: &mut dyn Read) -> io::Result<(Vec<u8>, bool)> {
    const HEAD: u64 = 1 << 20;
    const WINDOW: u64 = 1 << 16;
    let mut head = Vec::new();
    source.take(HEAD).read_to_end(&mut head)?;
    if (head.len() as u64) < HEAD {
        return Ok((head, true));
    }
    let mut window = Vec::new();
    while head.is_ascii() {
        window.clear();
        if source.take(WINDOW).read_to_end(&mut window)? == 0 {
            break;
        }
        if !window.is_ascii() {
            head.extend_from_slice(&window);
        }
    }
    Ok((head, false))
}

/// Detects the layout of text from its first bytes, or from all of it when `whole` is true. Bytes
/// beyond the first mebibyte only serve to detect the encoding; see [`read_head`].
pub(crate) fn inspect(head: &[u8], whole: bool) -> Result<Inspection, TableProblem> {
    if let Some(problem) = kind::of(head) {
        return Err(problem);
    }
    let encoding = encoding::of(head);
    let truncated = head.len() > MAX_HEAD_BYTES;
    let (head, whole) = if truncated { (&head[..MAX_HEAD_BYTES], false) } else { (head, whole) };
    let first = Head { bytes: head, encoding, whole, first_line: 1 };
    let text = first.opening();
    if kind::is_binary(&text) {
        return Err(TableProblem::NotTable("binary data"));
    }
    if text.chars().all(is_blank) {
        return Err(TableProblem::Empty);
    }
    let declared = dialect::declared(&text);
    let head = Head { first_line: if declared.is_some() { 2 } else { 1 }, ..first };
    let Dialect { delimiter, quoting, rows } = head.dialect(declared, &text);
    let Some(at) = dialect::header(&rows) else {
        return Err(if rows.is_empty() {
            head.unreadable(delimiter, quoting)
        } else {
            TableProblem::NoHeader
        });
    };
    let width = head.width(delimiter, quoting, rows[at].0);
    if width > TableProblem::MAX_COLUMNS {
        return Err(TableProblem::TooManyColumns(width));
    }
    let encoding = encoding.name();
    let format = TextFormat { encoding, delimiter: char::from(delimiter), quoting };
    Ok(inspection(Format::Text(format), rows, at))
}

/// Returns what is known of a table whose header is `rows[at]`.
pub(crate) fn inspection(format: Format, rows: Vec<Numbered>, at: usize) -> Inspection {
    let header = rows[at].1.iter().map(|cell| cell_text(cell).trim_matches(is_blank).to_owned());
    let row_numbers = dialect::has_row_numbers(&rows[at..]).then(String::new);
    let header = row_numbers.into_iter().chain(header).collect();
    let layout = Layout { format, header_line: rows[at].0, header };
    let samples = rows.into_iter().skip(at + 1).take(Inspection::SAMPLES);
    let samples = samples.map(|(_, cells)| cells.iter().map(|c| cell_text(c).to_owned()).collect());
    Inspection { layout, samples: samples.collect(), sheets: Vec::new() }
}

/// The line on which a readable row begins, and its cells.
pub(crate) type Numbered = (u64, Vec<String>);

/// A way to read a file, and the first rows that it yields.
struct Dialect {
    delimiter: u8,
    quoting: Quoting,
    rows: Vec<Numbered>,
}

impl Dialect {
    /// Whether there are several rows, and all of them have the same number of cells.
    fn all_agree(&self) -> bool {
        self.rows.len() > 1 && dialect::agreeing(&self.rows) == self.rows.len()
    }

    /// Number of rows with the usual number of cells, and number of cells with stray quotation
    /// marks.
    fn fit(&self) -> (usize, Reverse<usize>) {
        (dialect::agreeing(&self.rows), Reverse(dialect::stray_quotes(&self.rows)))
    }
}

/// The first bytes of a file.
struct Head<'a> {
    bytes: &'a [u8],
    encoding: TextEncoding,
    /// Whether the file ends here.
    whole: bool,
    /// 2 when the first line is a `sep=` line, otherwise 1.
    first_line: u64,
}

impl Head<'_> {
    /// The decoded text of the first bytes, without a byte order mark.
    fn opening(&self) -> String {
        let mut text = Vec::new();
        let opening = &self.bytes[..self.bytes.len().min(OPENING_BYTES)];
        // Reading from memory does not fail.
        let _ = decoded(opening, self.encoding).read_to_end(&mut text);
        let text = String::from_utf8_lossy(&text);
        text.trim_start_matches('\u{feff}').to_owned()
    }

    /// Chooses the delimiter, and the way of quoting. A file that is quoted as in RFC 4180 is read
    /// so, unless each line is one cell. Otherwise the way counts by which most rows have the same
    /// number of cells and the fewest cells have stray quotation marks.
    fn dialect(&self, declared: Option<u8>, opening: &str) -> Dialect {
        let mut best = self.dialect_of(Quoting::Standard, declared);
        if !opening.contains('"') {
            return best;
        }
        if !best.all_agree() {
            let whole_lines = self.dialect_of(Quoting::WholeLines, declared);
            if whole_lines.all_agree() {
                return whole_lines;
            }
        }
        if dialect::is_well_quoted(opening, char::from(best.delimiter)) {
            return best;
        }
        for quoting in [Quoting::AfterSpaces, Quoting::Backslash] {
            let dialect = self.dialect_of(quoting, declared);
            if dialect.fit() > best.fit() {
                best = dialect;
            }
        }
        best
    }

    fn dialect_of(&self, quoting: Quoting, declared: Option<u8>) -> Dialect {
        let rows = |delimiter| self.rows(delimiter, quoting);
        let delimiter = declared.unwrap_or_else(|| dialect::delimiter(rows));
        Dialect { delimiter, quoting, rows: rows(delimiter) }
    }

    fn records(
        &self,
        first_line: u64,
        delimiter: u8,
        quoting: Quoting,
    ) -> Records<impl Read + Send> {
        let text = decoded(self.bytes, self.encoding);
        Records::from_line(first_line, standardised(text, delimiter, quoting), delimiter)
    }

    fn all_rows(&self, delimiter: u8, quoting: Quoting) -> impl Iterator<Item = Row> {
        self.records(self.first_line, delimiter, quoting).flatten()
    }

    /// The first readable rows. When the file continues after the head, the last row may be cut
    /// off, and an open quotation mark may be closed later: both are left out.
    fn rows(&self, delimiter: u8, quoting: Quoting) -> Vec<Numbered> {
        let mut rows: Vec<Numbered> = Vec::new();
        for row in self.all_rows(delimiter, quoting) {
            match row.cells {
                _ if rows.len() == MAX_HEAD_ROWS => return rows,
                Ok(cells) => rows.push((row.line, cells)),
                Err(Unreadable::UnclosedQuote) if !self.whole => return rows,
                // A row below an unreadable one is not the header.
                Err(_) if rows.is_empty() => return rows,
                Err(_) => {}
            }
        }
        if !self.whole {
            rows.pop();
        }
        rows
    }

    /// Number of cells of the record that begins on a line.
    fn width(&self, delimiter: u8, quoting: Quoting, line: u64) -> usize {
        let mut records = self.records(line, delimiter, quoting);
        // The record exists: it was read before.
        let _ = records.next();
        records.width()
    }

    /// The reason why there are no rows: the only line is too long or cut off, or its quotation
    /// mark is never closed.
    fn unreadable(&self, delimiter: u8, quoting: Quoting) -> TableProblem {
        let columns = self.bytes.iter().filter(|byte| **byte == delimiter).count() + 1;
        match self.all_rows(delimiter, quoting).next().map(|row| row.cells) {
            Some(Ok(_) | Err(Unreadable::TooLong)) if columns > TableProblem::MAX_COLUMNS => {
                TableProblem::TooManyColumns(columns)
            }
            _ => TableProblem::NoHeader,
        }
    }
}

#[cfg(test)]
mod tests;
