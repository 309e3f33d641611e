//! Detects the delimiter of a file, and which row is its header.

use std::iter::Peekable;
use std::str::Chars;

use contacts_core::import::{Target, suggest};

use super::Numbered;
use crate::records::{cell_text, is_blank};

const DELIMITERS: [u8; 4] = *b",;\t|";

/// The header is among this many first rows.
const MAX_PREAMBLE_ROWS: usize = 20;

/// Returns the delimiter that a `sep=` line declares.
pub(crate) fn declared(text: &str) -> Option<u8> {
    let line = text.split(['\n', '\r']).next()?;
    let line = line.trim_end_matches([' ', ',', ';']).len().max(5).min(line.len());
    let line = text.get(..line)?.trim_matches('"');
    let (key, value) = line.split_at_checked(4)?;
    let value = *value.as_bytes().first()?;
    (key.eq_ignore_ascii_case("sep=") && DELIMITERS.contains(&value)).then_some(value)
}

/// Returns the delimiter that splits the rows most evenly.
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

/// Scores how well a delimiter splits the rows; 0 when it splits none.
///
/// The score rises with the share of rows that have the same number of cells, a header of that
/// width, many columns, addresses that are alone in a cell, and a header with several recognised
/// columns, which a wrong delimiter rarely yields.
fn score(rows: &[Numbered]) -> f64 {
    let usual = usual_width(rows);
    if usual < 2 {
        return 0.0;
    }
    let share = |count: usize| count as f64 / rows.len() as f64;
    let agreeing = agreeing(rows);
    let header = header_at(rows, usual).map_or(&[][..], |at| &rows[at].1);
    let known = if count_recognised(header) > 1 { 1.0 } else { 0.0 };
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

/// The most frequent number of cells, among rows with more than one cell.
fn usual_width(rows: &[Numbered]) -> usize {
    let mut widths: Vec<usize> =
        rows.iter().map(|(_, cells)| cells.len()).filter(|w| *w > 1).collect();
    widths.sort_unstable();
    let runs = widths.chunk_by(|a, b| a == b);
    runs.max_by_key(|run| (run.len(), run[0])).map_or(1, |run| run[0])
}

/// Number of rows with the most frequent number of cells; 0 if that is one cell.
pub(crate) fn agreeing(rows: &[Numbered]) -> usize {
    let usual = usual_width(rows);
    rows.iter().filter(|(_, cells)| usual > 1 && cells.len() == usual).count()
}

/// Number of cells with a quotation mark that another way of quoting would have removed.
pub(crate) fn stray_quotes(rows: &[Numbered]) -> usize {
    let cells = rows.iter().flat_map(|(_, cells)| cells);
    cells.filter(|cell| cell.trim_start().starts_with('"') || cell.contains("\\\"")).count()
}

/// Returns whether the cells of a text, which may be cut off, are quoted as in RFC 4180: quotation
/// marks stand at both ends of a cell only, and are doubled within.
pub(crate) fn is_well_quoted(text: &str, delimiter: char) -> bool {
    let is_end = |c: char| c == delimiter || matches!(c, '\n' | '\r');
    let mut chars = text.chars().peekable();
    let mut is_start = true;
    while let Some(c) = chars.next() {
        is_start = match c {
            '"' if !is_start || !skip_quoted(&mut chars, is_end) => return false,
            c => is_end(c),
        };
    }
    true
}

/// Skips the rest of a quoted cell. Returns whether its end is followed by the end of the cell.
fn skip_quoted(chars: &mut Peekable<Chars<'_>>, is_end: impl Fn(char) -> bool) -> bool {
    // The next mark closes the cell, unless another one follows.
    while chars.by_ref().any(|c| c == '"') {
        if chars.next_if_eq(&'"').is_none() {
            return chars.peek().is_none_or(|c| is_end(*c));
        }
    }
    true
}

/// Returns whether the rows below the header begin with consecutive numbers that the header has no
/// name for, as statistics programs write tables.
pub(crate) fn has_row_numbers(rows: &[Numbered]) -> bool {
    let Some(((_, header), below)) = rows.split_first() else { return false };
    let has_one_more = |(_, cells): &Numbered| cells.len() == header.len() + 1;
    // Where every last cell is blank, the rows end with a delimiter.
    let is_filled =
        |(_, cells): &Numbered| cells.last().is_some_and(|cell| !cell.chars().all(is_blank));
    let number = |(_, cells): &Numbered| cells.first()?.parse::<u64>().ok();
    let is_next = |pair: &[Numbered]| number(&pair[0]).map(|n| n + 1) == number(&pair[1]);
    below.len() > 1
        && below.iter().all(has_one_more)
        && below.iter().any(is_filled)
        && number(&below[0]).is_some_and(|first| first < 2)
        && below.windows(2).all(is_next)
}

/// Returns the index of the header row, or `None` when that row is plainly data.
pub(crate) fn header(rows: &[Numbered]) -> Option<usize> {
    let at = header_at(rows, usual_width(rows))?;
    let at = if is_recognised(&rows[at].1) { at } else { contacts_header(rows).unwrap_or(at) };
    (!is_data(&rows[at].1)).then_some(at)
}

/// Returns the index of the header of the table of contacts in a report of several tables: the row
/// with the most recognised columns, one of which has addresses below.
fn contacts_header(rows: &[Numbered]) -> Option<usize> {
    let has_addresses = |at: usize| {
        let targets = suggested(&rows[at].1);
        let email = targets.iter().position(|target| *target == Some(Target::Email));
        let below = |column: usize| rows[at + 1].1.get(column).is_some_and(|cell| is_address(cell));
        email.is_some_and(below)
    };
    let last = rows.len().saturating_sub(1).min(MAX_PREAMBLE_ROWS);
    let found = (0..last).filter(|at| has_addresses(*at));
    // Of equal ones, the first.
    found.rev().max_by_key(|at| count_recognised(&rows[*at].1))
}

/// Returns the index of the first row after the preamble. A preamble row has text in one or a few
/// cells, where the rows below have it in many.
fn header_at(rows: &[Numbered], usual: usize) -> Option<usize> {
    let filled = |(_, cells): &Numbered| cells.iter().filter(|c| !c.chars().all(is_blank)).count();
    let is_header = |row: &Numbered| {
        let filled = filled(row);
        usual < 2 || filled * 2 > usual || (filled > 1 && is_recognised(&row.1))
    };
    let first = rows.first()?;
    let found = rows.iter().take(MAX_PREAMBLE_ROWS).position(is_header);
    // When every row looks like a preamble, the first one with text is the header.
    found.or(Some(0)).filter(|at| *at > 0 || filled(first) > 0)
}

/// Whether the import would suggest a target for one of the columns at least.
fn is_recognised(cells: &[String]) -> bool {
    count_recognised(cells) > 0
}

/// Number of columns for which the import would suggest a target by the header alone.
fn count_recognised(cells: &[String]) -> usize {
    suggested(cells).iter().flatten().count()
}

/// The targets that the import would suggest by the header alone.
fn suggested(cells: &[String]) -> Vec<Option<Target>> {
    let cells: Vec<_> = cells.iter().map(|cell| cell_text(cell).to_owned()).collect();
    suggest(&cells, &[], &[]).into_iter().map(|suggestion| suggestion.target).collect()
}

/// Whether a row is data rather than a header.
fn is_data(cells: &[String]) -> bool {
    let cells: Vec<String> = cells.iter().map(|c| c.trim_matches(is_blank).to_owned()).collect();
    if cells.iter().any(|cell| is_address(cell) || names_person(cell)) {
        return true;
    }
    let mut filled = cells.iter().filter(|cell| !cell.is_empty());
    filled.clone().all(|cell| is_value(cell))
        || (filled.any(|cell| is_long_number(cell) || cell.contains("://"))
            && !is_recognised(&cells))
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

/// Whether a cell is a name with its address, such as `Ann Lee <ann@example.org>`. A header may have
/// an address as an example in brackets, but has words for it.
fn names_person(cell: &str) -> bool {
    let has = |start, end| {
        cell.split(start).skip(1).any(|rest| rest.split(end).next().is_some_and(is_address))
    };
    has('<', '>') || (has('(', ')') && !is_recognised(&[cell.to_owned()]))
}

/// Whether a cell is a number, a date, a phone number, a URL or a truth value.
fn is_value(cell: &str) -> bool {
    let number = cell.chars().any(|c| c.is_ascii_digit())
        && cell.chars().all(|c| c.is_ascii_digit() || " +-.,:/()%$€£TZ'".contains(c));
    let truth = ["true", "false", "yes", "no", "null"];
    number || cell.contains("://") || truth.iter().any(|word| cell.eq_ignore_ascii_case(word))
}

/// Whether a cell is a number with enough digits for a phone number.
fn is_long_number(cell: &str) -> bool {
    is_value(cell) && cell.bytes().filter(u8::is_ascii_digit).count() >= 7
}
