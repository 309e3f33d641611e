//! How a file's rows are separated into cells, and which row is the header.

use contacts_core::import::suggest;

use super::Numbered;
use crate::records::is_blank;
use crate::write::unguard;

const DELIMITERS: [u8; 4] = *b",;\t|";

/// How far down a header may be.
const PREAMBLE: usize = 20;

/// The delimiter that a `sep=` line declares.
pub(crate) fn declared(text: &str) -> Option<u8> {
    let line = text.split(['\n', '\r']).next()?;
    let line = line.trim_end_matches([' ', ',', ';']).len().max(5).min(line.len());
    let line = text.get(..line)?.trim_matches('"');
    let (key, value) = line.split_at_checked(4)?;
    let value = *value.as_bytes().first()?;
    (key.eq_ignore_ascii_case("sep=") && DELIMITERS.contains(&value)).then_some(value)
}

/// The delimiter that cuts the rows most evenly.
pub(crate) fn delimiter(rows: impl Fn(u8) -> Vec<Numbered>) -> u8 {
    let mut best = (0.0, b',');
    for delimiter in DELIMITERS {
        let score = score(&rows(delimiter));
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

/// 0 when nothing is cut. More for rows that agree in their number of cells, for a header that
/// agrees with them, for many columns, for addresses that stand alone in a cell, and for a header
/// of which several columns mean something to us: under the wrong delimiter they rarely do.
fn score(rows: &[Numbered]) -> f64 {
    let usual = usual_width(rows);
    if usual < 2 {
        return 0.0;
    }
    let share = |count: usize| count as f64 / rows.len() as f64;
    let agreeing = rows.iter().filter(|(_, cells)| cells.len() == usual).count();
    let header = header_at(rows, usual).map_or(&[][..], |at| &rows[at].1);
    let known = if how_many_known(header) > 1 { 1.0 } else { 0.0 };
    let header = header.len().max(1);
    // A trailing delimiter in the header, or in the rows only, is common.
    let header = if header == usual {
        1.0
    } else if header.abs_diff(usual) == 1 && header > 1 {
        0.9
    } else if header > 1 {
        0.7
    } else {
        0.2
    };
    let at_sign =
        rows.iter().filter(|(_, cells)| cells.iter().any(|cell| cell.contains('@'))).count();
    let addresses =
        rows.iter().filter(|(_, cells)| cells.iter().any(|cell| is_address(cell))).count();
    let alone = if at_sign == 0 { 0.0 } else { addresses as f64 / at_sign as f64 };
    (share(agreeing) * header + alone + known) * (2.0 - 1.0 / usual as f64)
}

/// The number of cells that most rows have, of rows with more than one.
fn usual_width(rows: &[Numbered]) -> usize {
    let mut widths: Vec<usize> =
        rows.iter().map(|(_, cells)| cells.len()).filter(|w| *w > 1).collect();
    widths.sort_unstable();
    let runs = widths.chunk_by(|a, b| a == b);
    runs.max_by_key(|run| (run.len(), run[0])).map_or(1, |run| run[0])
}

/// Which row is the header; none when it is plainly data.
pub(crate) fn header(rows: &[Numbered]) -> Option<usize> {
    let at = header_at(rows, usual_width(rows))?;
    (!is_data(&rows[at].1)).then_some(at)
}

/// The first row that is no preamble. A preamble has a text in its first cell, or a few, where
/// the rows below have many.
fn header_at(rows: &[Numbered], usual: usize) -> Option<usize> {
    let filled = |(_, cells): &Numbered| cells.iter().filter(|c| !c.chars().all(is_blank)).count();
    let is_header = |row: &Numbered| {
        let filled = filled(row);
        usual < 2 || filled * 2 > usual || (filled > 1 && is_known(&row.1))
    };
    let first = rows.first()?;
    let found = rows.iter().take(PREAMBLE).position(is_header);
    // A preamble is set apart by saying little; a first row of some width is a header for lack
    // of a better one.
    found.or(Some(0)).filter(|at| *at > 0 || filled(first) > 0)
}

/// Whether the names of some columns mean something to us.
fn is_known(cells: &[String]) -> bool {
    how_many_known(cells) > 0
}

fn how_many_known(cells: &[String]) -> usize {
    let cells: Vec<_> = cells.iter().map(|cell| unguard(cell).to_owned()).collect();
    let suggestions = suggest(&cells, &[], &[]);
    suggestions.iter().filter(|suggestion| suggestion.target.is_some()).count()
}

/// Whether a row is data rather than a header.
fn is_data(cells: &[String]) -> bool {
    let cells: Vec<String> = cells.iter().map(|c| c.trim_matches(is_blank).to_owned()).collect();
    if cells.iter().any(|cell| is_address(cell)) {
        return true;
    }
    let mut filled = cells.iter().filter(|cell| !cell.is_empty());
    filled.clone().all(|cell| is_value(cell))
        || (filled.any(|cell| is_long_number(cell) || cell.contains("://")) && !is_known(&cells))
}

/// Whether a cell is an e-mail address and nothing else.
fn is_address(cell: &str) -> bool {
    let cell = cell.trim_matches(is_blank);
    cell.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !cell
                .contains(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '"' | '<'))
            && !domain.contains('@')
    })
}

/// A number, a date, a phone number, a web address or a truth value.
fn is_value(cell: &str) -> bool {
    let number = cell.chars().any(|c| c.is_ascii_digit())
        && cell.chars().all(|c| c.is_ascii_digit() || " +-.,:/()%$€£TZ'".contains(c));
    let truth = ["true", "false", "yes", "no", "null"];
    number || cell.contains("://") || truth.iter().any(|word| cell.eq_ignore_ascii_case(word))
}

/// A number long enough for a telephone.
fn is_long_number(cell: &str) -> bool {
    is_value(cell) && cell.bytes().filter(u8::is_ascii_digit).count() >= 7
}
