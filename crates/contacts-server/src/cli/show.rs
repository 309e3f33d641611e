//! Describes a file for people: its layout and its columns.

use std::fmt::Write;

use contacts_core::import::{
    Analysis, Finding, FindingKind, Format, Layout, Plan, PlanWarning, Target, TextFormat,
};
use contacts_core::text;

use super::out;

/// The most characters of a header that are shown.
const HEADER_CHARS: usize = 28;

/// The most characters of the first values of a column that are shown.
const VALUES_CHARS: usize = 44;

/// What is known about a file.
pub(super) struct Found<'a> {
    pub(super) name: &'a str,
    pub(super) analysis: &'a Analysis,
    /// A target that differs from the suggestion was given with `--map`.
    pub(super) plan: &'a Plan,
}

impl Found<'_> {
    /// The file's layout, and a table of its columns.
    pub(super) fn lines(&self) -> Vec<String> {
        let header = &self.analysis.layout.header;
        let mut lines = vec![format!(
            "{}: {}, {}",
            plain(self.name),
            out::count(self.analysis.rows, "row", "rows"),
            self.layout(),
        )];
        let shown: Vec<_> = header.iter().map(|name| shorten(name, HEADER_CHARS)).collect();
        let width = shown.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(6);
        let targets: Vec<_> = self.plan.columns.iter().map(target_name).collect();
        let target_width = targets.iter().map(String::len).max().unwrap_or(0).max(9);
        lines.push(String::new());
        lines.push(format!(
            "  {:width$}  {:target_width$}  Confidence  First values",
            "Column", "Import as"
        ));
        for (at, name) in shown.iter().enumerate() {
            let target = targets.get(at).map_or("-", String::as_str);
            let line = format!(
                "  {name:width$}  {target:target_width$}  {:>10}  {}",
                self.confidence(at),
                self.values(at)
            );
            lines.push(line.trim_end().to_owned());
        }
        lines.push(String::new());
        lines
    }

    fn layout(&self) -> String {
        let Layout { format, .. } = &self.analysis.layout;
        let header = self.header_row();
        match format {
            Format::Text(TextFormat { encoding, delimiter, .. }) => {
                let separator = separator(*delimiter);
                format!("{encoding}, cells separated by {separator}, {header}")
            }
            Format::Sheet(sheet) => {
                let others = self.analysis.sheets.iter().filter(|other| other.name != *sheet);
                let others: Vec<_> = others.map(|other| plain(&other.name)).collect();
                let sheet = plain(sheet);
                match others.as_slice() {
                    [] => format!("sheet {sheet}, {header}"),
                    others => {
                        format!("sheet {sheet} (other sheets: {}), {header}", others.join(", "))
                    }
                }
            }
        }
    }

    /// Where the header is.
    fn header_row(&self) -> String {
        let Layout { format, has_header, header_line, .. } = &self.analysis.layout;
        match (has_header, format) {
            (false, _) => "no header".to_owned(),
            (true, Format::Text(_)) => format!("header on line {header_line}"),
            (true, Format::Sheet(_)) => format!("header on row {header_line}"),
        }
    }

    /// The warnings about the plan.
    pub(super) fn warnings(&self) -> Vec<String> {
        let warnings = self.analysis.warnings(self.plan).into_iter();
        warnings.map(|warning| format!("Warning: {}", self.warning(warning))).collect()
    }

    fn warning(&self, warning: PlanWarning<'_>) -> String {
        let finding = match warning {
            PlanWarning::UnreadOptOut { column } => {
                return format!(
                    "{} says who wants no messages, and is not read. To read it, add --map {0}=unsubscribed or --map {0}=subscribed.",
                    self.header(Some(column))
                );
            }
            PlanWarning::UnclearOptOut { column, cell } => {
                let header = self.header(Some(column));
                let why = match cell {
                    Some(cell) => format!("'{}' cannot be read", plain(cell)),
                    None => "it is not clear which answer means that".to_owned(),
                };
                return format!(
                    "{header} seems to say who opted out, but {why}. To read it, add --map {header}=unsubscribed or --map {header}=subscribed."
                );
            }
            PlanWarning::UnreadId { column } => {
                return format!(
                    "{} is not read, so rows find their contacts by other columns only. To read it, add --map {0}=id for ids of this program, or --map {0}=external_id for your own.",
                    self.header(Some(column))
                );
            }
            PlanWarning::OneContact(finding) => {
                return format!(
                    "every row has the same value in {}, so all rows would be one contact: map another column.",
                    self.header(finding.column)
                );
            }
            PlanWarning::Cells(finding) => finding,
        };
        let Finding { kind, column, rows, line, example } = finding;
        let rows = out::count(*rows, "row", "rows");
        let example = shorten(example, VALUES_CHARS);
        let header = self.header(*column);
        let problem = match kind {
            FindingKind::DamagedText => "with characters that could not be decoded",
            FindingKind::GarbledText => "with text that another program has garbled",
            FindingKind::OneValue => "with the same value",
            FindingKind::AmbiguousDate => {
                "with a date that can be read in two ways, and is left out of date fields"
            }
            FindingKind::AmbiguousNumber => "with a number that can be read in two ways",
            FindingKind::Exponent => {
                "with a phone number that a spreadsheet program has shortened, and that is left out"
            }
            FindingKind::HeaderRow => {
                return format!(
                    "{rows} that may be the header of a second table, such as line {line}: {example}; the rows below are read by the columns of the first, so import a second table as a file of its own"
                );
            }
            FindingKind::LongRow => {
                return format!(
                    "{rows} with more cells than the header, which are not read, such as line {line}: {example}"
                );
            }
        };
        let repaired = finding.repaired().map(|text| {
            format!(" ({} when it is repaired with --repair-text)", shorten(&text, VALUES_CHARS))
        });
        let repaired = repaired.unwrap_or_default();
        format!("{header}: {rows} {problem}, such as line {line}: {example}{repaired}")
    }

    fn header(&self, column: Option<usize>) -> String {
        let headers = &self.analysis.layout.header;
        column.and_then(|at| headers.get(at)).map_or_else(String::new, |header| plain(header))
    }

    fn confidence(&self, at: usize) -> String {
        let suggestion = self.analysis.suggestions.get(at);
        let (Some(suggestion), Some(target)) = (suggestion, self.plan.columns.get(at)) else {
            return String::new();
        };
        match target {
            _ if *target != suggestion.target => "set".to_owned(),
            Some(_) => format!("{:.0}%", suggestion.confidence * 100.0),
            None => String::new(),
        }
    }

    fn values(&self, at: usize) -> String {
        let mut values = String::new();
        let samples = self.analysis.samples.iter();
        let cells = samples.filter_map(|row| row.get(at)).map(|cell| cell.trim());
        for value in cells.filter(|cell| !cell.is_empty()).take(3) {
            let separator = if values.is_empty() { "" } else { "; " };
            // Writing to a string does not fail.
            let _ = write!(values, "{separator}{}", shorten(value, VALUES_CHARS / 2));
        }
        shorten(&values, VALUES_CHARS)
    }
}

fn target_name(target: &Option<Target>) -> String {
    target.as_ref().map_or_else(|| "-".to_owned(), Target::to_string)
}

fn separator(delimiter: char) -> &'static str {
    match delimiter {
        ',' => "commas",
        ';' => "semicolons",
        '\t' => "tabs",
        '|' => "bars",
        _ => "another character",
    }
}

/// The text on one line, without control characters, which a terminal would obey.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !text::is_invisible(*c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn shorten(text: &str, max_chars: usize) -> String {
    let text = plain(text);
    if text.chars().count() <= max_chars {
        return text;
    }
    let begins: String = text.chars().take(max_chars - 1).collect();
    // A text that was cut before gets no second ellipsis.
    format!("{}…", begins.trim_end_matches('…'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_not_shown() {
        assert_eq!(plain("a\x1b[31mb\u{202e}c\n"), "a [31mbc ");
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(shorten("abcdef", 4), "abc…");
        assert_eq!(shorten("abcd", 4), "abcd");
    }
}
