//! A reader and writer of simple comma-separated files.

use std::io::{self, BufRead, BufReader, Read};

use contacts_core::file::FileContent;
use contacts_core::import::{
    Format, Inspection, Layout, Row, Rows, Sheet, Spreadsheets, TableProblem, TextFormat,
    Unreadable,
};

/// A reader and writer of comma-separated UTF-8 files whose first line is the header. Cells can be
/// quoted, but cannot contain line breaks. Text that looks like a formula is left as it is.
///
/// A file that begins with a line such as `[People]` or `[Lists hidden]` is a workbook: each such
/// line begins a sheet.
#[derive(Clone, Copy, Debug, Default)]
pub struct FakeSpreadsheets;

impl Spreadsheets for FakeSpreadsheets {
    fn inspect(
        &self,
        mut file: Box<dyn FileContent>,
        sheet: Option<&str>,
    ) -> io::Result<Result<Inspection, TableProblem>> {
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let text = String::from_utf8_lossy(&text);
        let mut sheets: Vec<_> = text.lines().filter_map(sheet_of).collect();
        sheets.sort_by_key(|sheet| sheet.is_hidden);
        let Some(first) = sheets.first() else {
            return Ok(inspect_lines(&text, None));
        };
        let name = sheet.unwrap_or(&first.name);
        Ok(match sheets.iter().any(|sheet| sheet.name == name) {
            true => inspect_lines(&text, Some(name)).map(|found| Inspection { sheets, ..found }),
            false => Err(TableProblem::NoSheet(name.to_owned())),
        })
    }

    fn rows(&self, file: Box<dyn FileContent>, layout: &Layout) -> Rows {
        let header_line = layout.header_line;
        let lines = (1..).zip(BufReader::new(file).split(b'\n'));
        let end_of_sheet = |line: &[u8]| sheet_of(&String::from_utf8_lossy(line)).is_some();
        let below = lines.skip_while(move |(line, _)| *line <= header_line);
        let below = below
            .take_while(move |(_, bytes)| !bytes.as_ref().is_ok_and(|line| end_of_sheet(line)));
        let rows = below.map(|(line, bytes)| {
            let text = String::from_utf8_lossy(&bytes?).into_owned();
            let cells = if text.len() > Row::MAX_BYTES {
                Err(Unreadable::TooLong)
            } else {
                Ok(cells(text.trim_end_matches('\r')))
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
}

/// The sheet that a line begins.
fn sheet_of(line: &str) -> Option<Sheet> {
    let name = line.trim().strip_prefix('[')?.strip_suffix(']')?;
    let visible = name.strip_suffix(" hidden");
    Some(Sheet { name: visible.unwrap_or(name).to_owned(), is_hidden: visible.is_some() })
}

/// Inspects the lines of a text, or of one sheet.
fn inspect_lines(text: &str, sheet: Option<&str>) -> Result<Inspection, TableProblem> {
    let lines = (1..).zip(text.lines());
    let lines = lines.skip_while(|(_, line)| {
        sheet.is_some_and(|name| sheet_of(line).is_none_or(|found| found.name != name))
    });
    let lines = lines.skip(usize::from(sheet.is_some()));
    let lines = lines.take_while(|(_, line)| sheet_of(line).is_none());
    let mut rows =
        lines.map(|(number, line)| (number, cells(line))).filter(|(_, row)| !is_blank(row));
    let (header_line, header) = rows.next().ok_or(TableProblem::Empty)?;
    let header: Vec<_> = header.iter().map(|cell| cell.trim().to_owned()).collect();
    if header.iter().any(|name| name.contains('@')) {
        return Err(TableProblem::NoHeader);
    }
    if header.len() > TableProblem::MAX_COLUMNS {
        return Err(TableProblem::TooManyColumns(header.len()));
    }
    let format = sheet.map_or_else(
        || Format::Text(TextFormat::standard()),
        |name| Format::Sheet(name.to_owned()),
    );
    Ok(Inspection {
        layout: Layout { format, header_line, header },
        samples: rows.map(|(_, cells)| cells).take(Inspection::SAMPLES).collect(),
        sheets: Vec::new(),
    })
}

fn is_blank(cells: &[String]) -> bool {
    cells.iter().all(|cell| cell.trim().is_empty())
}

fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    let mut signs = line.chars().peekable();
    while let Some(sign) = signs.next() {
        let Some(cell) = cells.last_mut() else { break };
        match sign {
            '"' if is_quoted && signs.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' if is_quoted || cell.is_empty() => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            sign => cell.push(sign),
        }
    }
    cells
}
