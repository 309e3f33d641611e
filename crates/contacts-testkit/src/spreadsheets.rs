//! A reader and writer of simple comma-separated files.

use std::io::{self, BufRead, BufReader};

use contacts_core::file::FileContent;
use contacts_core::import::{
    CellKind, FileBytes, Format, HeaderRow, Inspection, Layout, LayoutChoice, Outline, Row, Rows,
    Sheet, Spreadsheets, TableProblem, TextFormat, Unreadable, column_names,
};

/// A reader and writer of comma-separated UTF-8 files whose first line is the header, unless another
/// row is chosen. Another delimiter can be chosen. Cells can be quoted, but cannot contain line
/// breaks. Text that looks like a formula is left as it is.
///
/// A file that begins with a line such as `[People]` or `[Lists hidden]` is a workbook: each such
/// line begins a sheet.
#[derive(Clone, Copy, Debug, Default)]
pub struct FakeSpreadsheets;

impl Spreadsheets for FakeSpreadsheets {
    fn inspect(
        &self,
        mut file: Box<dyn FileContent>,
        choice: &LayoutChoice,
    ) -> io::Result<Result<Inspection, TableProblem>> {
        let text = read(&mut file)?;
        if let Some(name) = choice.encoding.as_ref().filter(|name| *name != "utf-8") {
            return Ok(Err(TableProblem::UnknownEncoding(name.clone())));
        }
        let sheets = sheets(&text);
        let Some(first) = sheets.first() else {
            return Ok(inspect_lines(&text, None, choice));
        };
        let name = choice.sheet.as_deref().unwrap_or(&first.name);
        if !sheets.iter().any(|sheet| sheet.name == name) {
            return Ok(Err(TableProblem::NoSheet(name.to_owned())));
        }
        let found = inspect_lines(&text, Some(name), choice);
        Ok(found.map(|found| Inspection { sheets, ..found }))
    }

    fn outline(
        &self,
        mut file: Box<dyn FileContent>,
        choice: &LayoutChoice,
    ) -> io::Result<Outline> {
        let text = read(&mut file)?;
        let sheets = sheets(&text);
        let first = sheets.first().map(|sheet| sheet.name.as_str());
        let name = choice.sheet.as_deref().or(first);
        let (rows, format) = rows_of(&text, name, choice);
        Ok(Outline { sheets, ..Outline::new(Some(format), rows) })
    }

    fn rows(&self, file: Box<dyn FileContent>, layout: &Layout) -> Rows {
        let above = layout.header_line - u64::from(!layout.has_header);
        let delimiter = match &layout.format {
            Format::Text(format) => format.delimiter,
            Format::Sheet(_) => ',',
        };
        let lines = (1..).zip(BufReader::new(file).split(b'\n'));
        let end_of_sheet = |line: &[u8]| sheet_of(&String::from_utf8_lossy(line)).is_some();
        let below = lines.skip_while(move |(line, _)| *line <= above);
        let below = below
            .take_while(move |(_, bytes)| !bytes.as_ref().is_ok_and(|line| end_of_sheet(line)));
        let rows = below.map(move |(line, bytes)| {
            let text = String::from_utf8_lossy(&bytes?).into_owned();
            let cells = if text.len() > Row::MAX_BYTES {
                Err(Unreadable::TooLong)
            } else {
                Ok(cells(text.trim_end_matches('\r'), delimiter))
            };
            Ok(Row { line, cells })
        });
        let is_row = |row: &Row| !row.cells.as_ref().is_ok_and(|cells| is_blank(cells));
        Box::new(rows.filter(move |row: &io::Result<Row>| row.as_ref().map_or(true, is_row)))
    }

    fn write_row(&self, cells: &[&str], out: &mut Vec<u8>) {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            if cell.contains([',', '"', '\n', '\r']) {
                out.extend(format!("\"{}\"", cell.replace('"', "\"\"")).bytes());
            } else {
                out.extend(cell.bytes());
            }
        }
        out.extend(b"\r\n");
    }

    /// A workbook is the file itself.
    fn workbook(&self, csv: FileBytes, _kinds: Vec<CellKind>) -> FileBytes {
        csv
    }
}

/// The sheet that a line begins.
fn sheet_of(line: &str) -> Option<Sheet> {
    let name = line.trim().strip_prefix('[')?.strip_suffix(']')?;
    let visible = name.strip_suffix(" hidden");
    Some(Sheet { name: visible.unwrap_or(name).to_owned(), is_hidden: visible.is_some() })
}

fn read(file: &mut dyn FileContent) -> io::Result<String> {
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The sheets of a workbook, hidden ones last.
fn sheets(text: &str) -> Vec<Sheet> {
    let mut sheets: Vec<_> = text.lines().filter_map(sheet_of).collect();
    sheets.sort_by_key(|sheet| sheet.is_hidden);
    sheets
}

/// Returns the rows of a text, or of one sheet, with their lines, and the format.
fn rows_of(
    text: &str,
    sheet: Option<&str>,
    choice: &LayoutChoice,
) -> (Vec<(u64, Vec<String>)>, Format) {
    let format = match sheet {
        Some(name) => Format::Sheet(name.to_owned()),
        None => {
            let delimiter = choice.delimiter.unwrap_or(',');
            let quoting = choice.quoting.unwrap_or_default();
            Format::Text(TextFormat { delimiter, quoting, ..TextFormat::standard() })
        }
    };
    let delimiter = if sheet.is_some() { ',' } else { choice.delimiter.unwrap_or(',') };
    let lines = (1..).zip(text.lines());
    let lines = lines.skip_while(|(_, line)| {
        sheet.is_some_and(|name| sheet_of(line).is_none_or(|found| found.name != name))
    });
    let lines = lines.skip(usize::from(sheet.is_some()));
    let lines = lines.take_while(|(_, line)| sheet_of(line).is_none());
    let rows = lines.map(|(number, line)| (number, cells(line, delimiter)));
    (rows.filter(|(_, row)| !is_blank(row)).collect(), format)
}

/// Inspects the lines of a text, or of one sheet.
fn inspect_lines(
    text: &str,
    sheet: Option<&str>,
    choice: &LayoutChoice,
) -> Result<Inspection, TableProblem> {
    let (rows, format) = rows_of(text, sheet, choice);
    let Some((first_line, first)) = rows.first() else { return Err(TableProblem::Empty) };
    let at = match choice.header {
        Some(HeaderRow::Absent) => None,
        Some(HeaderRow::Line(line)) => {
            let at = rows.iter().position(|(found, _)| *found == line);
            Some(at.ok_or(TableProblem::NoRow(line))?)
        }
        None if first.iter().any(|name| name.contains('@')) => return Err(TableProblem::NoHeader),
        None => Some(0),
    };
    let trimmed = |at: usize| rows[at].1.iter().map(|cell| cell.trim().to_owned()).collect();
    let (header_line, header): (u64, Vec<String>) = match at {
        Some(at) => (rows[at].0, trimmed(at)),
        None => {
            let width = rows.iter().map(|(_, cells)| cells.len()).max();
            (*first_line, column_names(width.unwrap_or_default()))
        }
    };
    if header.len() > TableProblem::MAX_COLUMNS {
        return Err(TableProblem::TooManyColumns(header.len()));
    }
    let below = rows.iter().skip(at.map_or(0, |at| at + 1)).map(|(_, cells)| cells.clone());
    Ok(Inspection {
        layout: Layout { format, header_line, has_header: at.is_some(), header },
        samples: below.take(Inspection::SAMPLES).collect(),
        sheets: Vec::new(),
    })
}

fn is_blank(cells: &[String]) -> bool {
    cells.iter().all(|cell| cell.trim().is_empty())
}

fn cells(line: &str, delimiter: char) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    let mut signs = line.chars().peekable();
    while let Some(sign) = signs.next() {
        let Some(cell) = cells.last_mut() else { break };
        match sign {
            '"' if is_quoted && signs.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' if is_quoted || cell.is_empty() => is_quoted = !is_quoted,
            sign if sign == delimiter && !is_quoted => cells.push(String::new()),
            sign => cell.push(sign),
        }
    }
    cells
}
