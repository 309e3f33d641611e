//! Reads lines whose quotation marks are wrong (R57).

/// Number of cells of a line that may begin with a quotation mark: each is one more reading to try.
const MAX_MARKED_CELLS: usize = 16;

/// Reads a line that has a stray quotation mark as `width` cells. A mark closes a cell only before
/// the delimiter or the end of the line; others are text. If that yields another number of cells,
/// the mark at the start of one cell may be text, too: that counts by which the fewest marks are
/// stray.
///
/// `None` when there is no such reading or several, or when the line is quoted as in RFC 4180: then
/// it is not its quotation marks that make it shorter or longer.
pub(super) fn repaired(line: &str, delimiter: char, width: usize) -> Option<Vec<String>> {
    let plain = read(line, delimiter, None);
    if plain.stray_marks == 0 {
        return None;
    }
    if plain.cells.len() == width {
        return Some(plain.cells);
    }
    let marked = cell_starts(line, delimiter).filter(|at| line[*at..].starts_with('"'));
    let marked: Vec<usize> = marked.take(MAX_MARKED_CELLS + 1).collect();
    if marked.len() > MAX_MARKED_CELLS {
        return None;
    }
    let readings = marked.into_iter().map(|at| read(line, delimiter, Some(at)));
    let mut readings: Vec<_> = readings.filter(|reading| reading.cells.len() == width).collect();
    readings.sort_by_key(|reading| reading.stray_marks);
    let is_tied = |pair: &[Reading]| pair[0].stray_marks == pair[1].stray_marks;
    if readings.windows(2).next().is_some_and(is_tied) {
        return None;
    }
    readings.into_iter().next().map(|reading| reading.cells)
}

struct Reading {
    cells: Vec<String>,
    /// Number of quotation marks that neither enclose a cell nor are doubled in one that is quoted.
    stray_marks: usize,
}

/// The places at which cells may begin.
fn cell_starts(line: &str, delimiter: char) -> impl Iterator<Item = usize> {
    std::iter::once(0).chain(line.match_indices(delimiter).map(|(at, found)| at + found.len()))
}

/// Reads a line in which the mark at `text_at`, if any, is text.
fn read(line: &str, delimiter: char, text_at: Option<usize>) -> Reading {
    let mut cells = Vec::new();
    let mut stray_marks = 0;
    let mut start = 0;
    loop {
        let rest = &line[start..];
        let quoted = rest.strip_prefix('"').filter(|_| text_at != Some(start));
        let quoted = quoted.and_then(|quoted| read_quoted(quoted, delimiter));
        let length = match quoted {
            Some((cell, length, stray)) => {
                stray_marks += stray;
                cells.push(cell);
                length + 1
            }
            None => {
                let length = rest.find(delimiter).unwrap_or(rest.len());
                stray_marks += rest[..length].matches('"').count();
                cells.push(rest[..length].to_owned());
                length
            }
        };
        if start + length == line.len() {
            return Reading { cells, stray_marks };
        }
        start += length + delimiter.len_utf8();
    }
}

/// Reads the rest of a quoted cell. Returns its text, its number of bytes with the mark that closes
/// it, and the number of marks in it that are not doubled. `None` when no mark closes it.
fn read_quoted(quoted: &str, delimiter: char) -> Option<(String, usize, usize)> {
    let mut text = String::new();
    let mut stray_marks = 0;
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match chars.peek() {
            Some((_, '"')) if c == '"' => {
                chars.next();
            }
            None if c == '"' => return Some((text, at + 1, stray_marks)),
            Some((_, next)) if c == '"' && *next == delimiter => {
                return Some((text, at + 1, stray_marks));
            }
            _ => stray_marks += usize::from(c == '"'),
        }
        text.push(c);
    }
    None
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::mark_before_a_cell(r#""a,"b, c",d"#, &["\"a", "b, c", "d"])]
    #[case::mark_before_a_quoted_cell(r#"a,""b, c",d"#, &["a", "\"b, c", "d"])]
    #[case::marks_within_a_quoted_cell(r#"a,"b "c", d",e"#, &["a", "b \"c", " d\"", "e"])]
    #[case::marks_that_are_not_doubled(r#"a,"Bob "Bo, Bobby" Lee",e"#, &["a", "Bob \"Bo, Bobby\" Lee", "e"])]
    #[case::inches(r#"a,"Boots, 10" high",e"#, &["a", "Boots, 10\" high", "e"])]
    #[case::fewest_stray_marks(r#""a,"b, c","d, e",f"#, &["\"a", "b, c", "d, e", "f"])]
    #[case::doubled_and_stray(r#""a,"b ""c"", d",e"#, &["\"a", "b \"c\", d", "e"])]
    fn the_one_reading_that_fits_is_found(#[case] line: &str, #[case] expected: &[&str]) {
        let expected: Vec<_> = expected.iter().map(|&cell| cell.to_owned()).collect();
        assert_eq!(repaired(line, ',', expected.len()), Some(expected));
    }

    #[rstest]
    #[case::well_quoted_and_too_short(r#""a, b",c"#, 3)]
    #[case::well_quoted_and_too_long(r#""a","b","c""#, 2)]
    #[case::several_readings(r#""a,b","c,d",e""#, 4)]
    #[case::no_reading(r#""a,"b, c",d"#, 7)]
    fn without_one_reading_nothing_is_repaired(#[case] line: &str, #[case] width: usize) {
        assert_eq!(repaired(line, ',', width), None);
    }
}
