//! Detects the layout of a file: its encoding, its delimiter and its header row (R30, R31).

pub(crate) mod dialect;
mod encoding;
mod kind;

use std::cmp::Reverse;
use std::io::{self, Read};

use contacts_core::import::{
    Format, HeaderRow, Inspection, Layout, LayoutChoice, Outline, Quoting, Row, TableProblem,
    TextFormat, Unreadable, column_names,
};

use crate::decode::decoded;
use crate::encoding::TextEncoding;
use crate::quoting::standardised;
use crate::records::{Records, cell_text, is_blank, unguarded};

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

/// Detects the layout of text from its first bytes, or from all of it when `whole` is true, except
/// for the chosen parts. Bytes beyond the first mebibyte only serve to detect the encoding; see
/// [`read_head`].
pub(crate) fn inspect(
    head: &[u8],
    whole: bool,
    choice: &LayoutChoice,
) -> Result<Inspection, TableProblem> {
    let (head, Dialect { delimiter, quoting, rows }) = read(head, whole, choice)?;
    let header = if rows.is_empty() {
        return Err(head.unreadable(delimiter, quoting));
    } else {
        header_of(&rows, choice.header)?
    };
    let first = rows.get(header.unwrap_or_default());
    let width = first.map_or(0, |row| head.width(delimiter, quoting, row.0));
    let encoding = head.encoding.name();
    let format = Format::Text(TextFormat { encoding, delimiter: char::from(delimiter), quoting });
    let table = Table { format, rows, header, first_line: head.first_line };
    let width = width.max(table.width());
    if width > TableProblem::MAX_COLUMNS {
        return Err(TableProblem::TooManyColumns(width));
    }
    let mut inspection = table.inspection();
    let count = inspection.samples.len();
    inspection.samples = head.samples(&inspection.layout, delimiter, quoting, count);
    Ok(inspection)
}

/// Returns the first rows of text, as far as it is text.
pub(crate) fn outline(head: &[u8], whole: bool, choice: &LayoutChoice) -> Outline {
    let Ok((head, Dialect { delimiter, quoting, rows })) = read(head, whole, choice) else {
        return Outline::default();
    };
    let encoding = head.encoding.name();
    let format = TextFormat { encoding, delimiter: char::from(delimiter), quoting };
    Outline::new(Some(Format::Text(format)), rows)
}

/// Reads the first rows of text.
fn read<'a>(
    head: &'a [u8],
    whole: bool,
    choice: &LayoutChoice,
) -> Result<(Head<'a>, Dialect), TableProblem> {
    if let Some(problem) = kind::of(head) {
        return Err(problem);
    }
    let encoding = match &choice.encoding {
        None => encoding::of(head),
        Some(name) => TextEncoding::find(name)
            .ok_or_else(|| TableProblem::UnknownEncoding(name.chars().take(40).collect()))?,
    };
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
    let chosen = choice.delimiter.and_then(|delimiter| u8::try_from(delimiter).ok());
    let delimiter = chosen.or(declared);
    let dialect = match choice.quoting {
        Some(quoting) => head.dialect_of(quoting, delimiter),
        None => head.dialect(delimiter, &text),
    };
    Ok((head, dialect))
}

/// Returns the index of the header row, which is detected or chosen; `None` where a user chose that
/// there is none.
pub(crate) fn header_of(
    rows: &[Numbered],
    chosen: Option<HeaderRow>,
) -> Result<Option<usize>, TableProblem> {
    match chosen {
        None => dialect::header(rows).map(Some).ok_or(TableProblem::NoHeader),
        Some(HeaderRow::Absent) => Ok(None),
        Some(HeaderRow::Line(line)) => {
            let at = rows.iter().position(|(found, _)| *found == line);
            at.map(Some).ok_or(TableProblem::NoRow(line))
        }
    }
}

/// A table whose header is known.
pub(crate) struct Table {
    pub(crate) format: Format,
    /// The first rows.
    pub(crate) rows: Vec<Numbered>,
    /// The index of the header, if there is one.
    pub(crate) header: Option<usize>,
    /// The line on which the rows begin where there is no header.
    pub(crate) first_line: u64,
}

impl Table {
    /// Number of columns: of the header, or of the longest row where there is none.
    pub(crate) fn width(&self) -> usize {
        match self.header {
            Some(at) => self.rows[at].1.len(),
            None => self.rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or_default(),
        }
    }

    /// Cuts the rows to the maximum number of columns.
    pub(crate) fn within_columns(mut self) -> Self {
        for (_, cells) in &mut self.rows {
            cells.truncate(TableProblem::MAX_COLUMNS);
        }
        self
    }

    /// Returns what is known of the table.
    pub(crate) fn inspection(self) -> Inspection {
        let width = self.width();
        let Self { format, rows, header, first_line } = self;
        let (header_line, names) = match header {
            None => (first_line, column_names(width)),
            Some(at) => {
                let names = rows[at].1.iter().map(|cell| cell_text(cell).trim_matches(is_blank));
                let row_numbers = dialect::has_row_numbers(&rows[at..]).then_some("");
                (rows[at].0, row_numbers.into_iter().chain(names).map(str::to_owned).collect())
            }
        };
        let has_header = header.is_some();
        let layout = Layout { format, header_line, has_header, header: names };
        let below = rows.into_iter().skip(header.map_or(0, |at| at + 1));
        let samples = below
            .take(Inspection::SAMPLES)
            .map(|(_, cells)| cells.iter().map(|c| cell_text(c).to_owned()).collect());
        Inspection { layout, samples: samples.collect(), sheets: Vec::new() }
    }
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
    /// number of cells and the fewest cells have stray quotation marks. Apostrophes quote where only
    /// that makes all rows equally long.
    fn dialect(&self, declared: Option<u8>, opening: &str) -> Dialect {
        let mut best = self.dialect_of(Quoting::Standard, declared);
        for (mark, quoting) in [('"', Quoting::WholeLines), ('\'', Quoting::Apostrophes)] {
            if opening.contains(mark) && !best.all_agree() {
                let dialect = self.dialect_of(quoting, declared);
                if dialect.all_agree() {
                    return dialect;
                }
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

    /// The first rows below the header, read as those of the import: lines with stray quotation marks
    /// have as many cells as the header.
    fn samples(
        &self,
        layout: &Layout,
        delimiter: u8,
        quoting: Quoting,
        count: usize,
    ) -> Vec<Vec<String>> {
        let records = self.records(layout.header_line, delimiter, quoting);
        let rows = records.expecting(layout.header.len()).flatten();
        let below = rows.skip(usize::from(layout.has_header));
        below.filter_map(|row| unguarded(row).cells.ok()).take(count).collect()
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
