//! The arguments that choose the layout of a file.

use clap::Args;
use contacts_core::Error;
use contacts_core::import::{HeaderRow, LayoutChoice, Quoting};

use crate::report::{Done, Failure};

/// The parts of a layout that are chosen rather than detected.
#[derive(Args, Debug)]
pub(super) struct LayoutArgs {
    /// The sheet of a workbook, by its name
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// The encoding of the text, such as utf-8, windows-1252 or macintosh
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// The character that separates cells, or tab
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<String>,
    /// How cells are quoted: standard, after_spaces, backslash, whole_lines, apostrophes or never
    #[arg(long, value_name = "HOW")]
    quote: Option<String>,
    /// The line of the file, or the row of the sheet, on which the header begins
    #[arg(long, value_name = "LINE", value_parser = clap::value_parser!(u64).range(1..))]
    header_row: Option<u64>,
    /// The file has no header row: its columns are named A, B, C
    #[arg(long, conflicts_with = "header_row")]
    no_header: bool,
    /// Repair text that another program has garbled, such as JÃ¼rgen
    #[arg(long)]
    repair_text: bool,
}

impl LayoutArgs {
    /// Parses the arguments.
    pub(super) fn choice(&self) -> Done<LayoutChoice> {
        let header = if self.no_header { Some(0) } else { self.header_row };
        let choice = LayoutChoice {
            sheet: self.sheet.clone(),
            encoding: self.encoding.clone(),
            delimiter: self.delimiter.as_deref().map(parse_delimiter).transpose()?,
            quoting: self.quote.as_deref().map(parse_quoting).transpose()?,
            header: header.map(HeaderRow::from_line),
            repair_text: self.repair_text,
        };
        match choice.check() {
            Err(Error::Invalid(parts)) => {
                let reason =
                    parts.iter().map(|part| part.reason.as_str()).next().unwrap_or_default();
                Err(Failure::usage(format!("--delimiter {reason}")))
            }
            checked => Ok(checked.map(|()| choice)?),
        }
    }
}

fn parse_delimiter(text: &str) -> Done<char> {
    let mut chars = text.chars();
    match (text, chars.next(), chars.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        (_, Some(delimiter), None) => Ok(delimiter),
        _ => Err(Failure::usage("--delimiter must be one character, or tab")),
    }
}

fn parse_quoting(name: &str) -> Done<Quoting> {
    Quoting::parse(&name.trim().replace('-', "_")).ok_or_else(|| {
        let names = Quoting::ALL.map(Quoting::as_str).join(", ");
        Failure::usage(format!("{name} is not a way of quoting: use one of {names}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delimiter_is_one_character_or_the_word_tab() {
        let parse = |text| parse_delimiter(text).ok();
        assert_eq!(
            [";", "tab", "\\t", ",,", ""].map(parse),
            [Some(';'), Some('\t'), Some('\t'), None, None]
        );
    }
}
