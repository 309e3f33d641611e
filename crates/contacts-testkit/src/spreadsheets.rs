//! A reader and writer of simple comma-separated files.

use std::io::{BufRead, BufReader, Read};

use contacts_core::import::{
    Inspection, Layout, Quoting, Row, Rows, Spreadsheets, TableProblem, Unreadable,
};

/// A reader and writer of comma-separated UTF-8 files whose first line is the header. Cells can be
/// quoted, but cannot contain line breaks. Text that looks like a formula is left as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct FakeSpreadsheets;

impl Spreadsheets for FakeSpreadsheets {
    fn inspect(&self, head: &[u8], whole: bool) -> Result<Inspection, TableProblem> {
        let text = String::from_utf8_lossy(head);
        let mut lines: Vec<_> = text.lines().collect();
        if !whole && !text.ends_with('\n') {
            lines.pop();
        }
        let first = lines.iter().position(|line| !is_blank(&cells(line)));
        let first = first.ok_or(TableProblem::Empty)?;
        let header: Vec<_> = cells(lines[first]).iter().map(|c| c.trim().to_owned()).collect();
        if header.iter().any(|name| name.contains('@')) {
            return Err(TableProblem::NoHeader);
        }
        if header.len() > TableProblem::MAX_COLUMNS {
            return Err(TableProblem::TooManyColumns(header.len()));
        }
        let rows = lines[first + 1..].iter().map(|line| cells(line)).filter(|row| !is_blank(row));
        let samples = rows.take(Inspection::SAMPLES).collect();
        let header_line = first as u64 + 1;
        let encoding = "utf-8".to_owned();
        let quoting = Quoting::Standard;
        let layout = Layout { encoding, delimiter: ',', quoting, header_line, header };
        Ok(Inspection { layout, samples })
    }

    fn rows(&self, source: Box<dyn Read + Send>, layout: &Layout) -> Rows {
        let header_line = layout.header_line;
        let lines = (1..).zip(BufReader::new(source).split(b'\n'));
        let rows = lines.filter(move |(line, _)| *line > header_line).map(|(line, bytes)| {
            let text = String::from_utf8_lossy(&bytes?).into_owned();
            let cells = if text.len() > Row::MAX_BYTES {
                Err(Unreadable::TooLong)
            } else {
                Ok(cells(text.trim_end_matches('\r')))
            };
            Ok(Row { line, cells })
        });
        let is_row = |row: &Row| !row.cells.as_ref().is_ok_and(|cells| is_blank(cells));
        Box::new(rows.filter(move |row: &std::io::Result<Row>| row.as_ref().map_or(true, is_row)))
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
