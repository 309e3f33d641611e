//! Showing people what was found in a file.

use std::fmt::Write;

use contacts_core::import::{Layout, Suggestion, Target};
use contacts_core::text;

use super::out;

/// How wide a header is shown, and the values together.
const HEADER: usize = 28;
const VALUES: usize = 44;

/// What was found in a file, as lines.
pub(super) struct Found<'a> {
    pub(super) name: &'a str,
    pub(super) layout: &'a Layout,
    pub(super) samples: &'a [Vec<String>],
    pub(super) rows: u64,
    pub(super) suggestions: &'a [Suggestion],
    /// Where each column goes; what differs from its suggestion was told.
    pub(super) columns: &'a [Option<Target>],
}

impl Found<'_> {
    /// The file's layout, and a table of its columns.
    pub(super) fn lines(&self) -> Vec<String> {
        let Layout { encoding, delimiter, header_line, header } = self.layout;
        let mut lines = vec![format!(
            "{}: {}, {encoding}, cells separated by {}, header on line {header_line}",
            plain(self.name),
            out::count(self.rows, "row", "rows"),
            separator(*delimiter),
        )];
        let shown: Vec<_> = header.iter().map(|name| cut(name, HEADER)).collect();
        let width = shown.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(6);
        let goes_to: Vec<_> = self.columns.iter().map(goes_to).collect();
        let target_width = goes_to.iter().map(String::len).max().unwrap_or(0).max(7);
        lines.push(String::new());
        lines.push(format!(
            "  {:width$}  {:target_width$}  sure  first values",
            "column", "goes to"
        ));
        for (at, name) in shown.iter().enumerate() {
            let target = goes_to.get(at).map_or("-", String::as_str);
            let line = format!(
                "  {name:width$}  {target:target_width$}  {:>4}  {}",
                self.sure(at),
                self.values(at)
            );
            lines.push(line.trim_end().to_owned());
        }
        lines.push(String::new());
        lines
    }

    fn sure(&self, at: usize) -> String {
        let (Some(suggestion), Some(target)) = (self.suggestions.get(at), self.columns.get(at))
        else {
            return String::new();
        };
        match target {
            _ if *target != suggestion.target => "told".to_owned(),
            Some(_) => format!("{:.0}%", suggestion.confidence * 100.0),
            None => String::new(),
        }
    }

    fn values(&self, at: usize) -> String {
        let mut values = String::new();
        let cells = self.samples.iter().filter_map(|row| row.get(at)).map(|cell| cell.trim());
        for value in cells.filter(|cell| !cell.is_empty()).take(3) {
            let separator = if values.is_empty() { "" } else { "; " };
            // Writing to a string does not fail.
            let _ = write!(values, "{separator}{}", cut(value, VALUES / 2));
        }
        cut(&values, VALUES)
    }
}

fn goes_to(target: &Option<Target>) -> String {
    target.as_ref().map_or_else(|| "-".to_owned(), Target::to_string)
}

fn separator(delimiter: char) -> &'static str {
    match delimiter {
        ',' => "commas",
        ';' => "semicolons",
        '\t' => "tabs",
        '|' => "bars",
        _ => "another sign",
    }
}

/// The text on one line, without anything that a terminal obeys.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !text::is_invisible(*c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn cut(text: &str, most: usize) -> String {
    let text = plain(text);
    if text.chars().count() <= most {
        return text;
    }
    let begins: String = text.chars().take(most - 1).collect();
    // What was cut before is not marked twice.
    format!("{}…", begins.trim_end_matches('…'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_shown() {
        assert_eq!(plain("a\x1b[31mb\u{202e}c\n"), "a [31mbc ");
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
    }
}
