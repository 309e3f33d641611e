//! Reads one cell of a column that says who wants no messages.

use super::stance::Stance;
use super::words::{DECLINED, DECLINED_WORDS, NO, NOT_DECLINED, NOTHING, WANTED, YES};
use super::{contains_any, words};
use crate::import::suggest::{header_key, is_date};
use crate::text;
use crate::yes_no::yes_or_no;

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Yes,
    No,
    /// The day or time of what the column is about.
    When,
    Declined,
    Wanted,
    /// A value that programs write for none, such as `NULL` and `0000-00-00`.
    Nothing,
}

/// Days since 1900 that spreadsheets write for dates: 1970 to 2100.
const SPREADSHEET_DAYS: std::ops::Range<f64> = 25_569.0..73_051.0;

/// Seconds since 1970 that programs write for times: 2001 to 2100.
const UNIX_SECONDS: std::ops::Range<f64> = 1e9..4.11e9;

/// Dates written as one number, such as `20240131`: 1970 to 2100.
const COMPACT_DATES: std::ops::Range<f64> = 19_700_101.0..21_010_101.0;

impl Said {
    /// Reads a cell; `None` when the meaning is not clear.
    pub(super) fn of(cell: &str) -> Option<Self> {
        let cell = text::trim(cell);
        if let Some(said) = Self::of_sign(cell) {
            return Some(said);
        }
        if let Some(number) = number(cell) {
            return Self::of_number(number);
        }
        if is_zero_date(cell) {
            return Some(Self::Nothing);
        }
        let key = header_key(cell);
        if let Some(said) = Self::of_word(&key) {
            return Some(said);
        }
        // The words after `No (…)` and `Yes, …` say more; `No` negates none of them.
        let (head, rest) = split_head(cell);
        let head = head.and_then(|head| Self::of_word(&header_key(head)));
        let rest = if head.is_some() { rest } else { cell };
        Self::of_words(rest).or(head).or_else(|| is_moment(cell).then_some(Self::When))
    }

    fn of_sign(cell: &str) -> Option<Self> {
        match cell {
            "✓" | "✔" | "✔️" | "✅" | "☑" | "☑️" | "☒" | "○" | "〇" => {
                Some(Self::Yes)
            }
            "☐" | "✗" | "✘" | "❌" | "×" => Some(Self::No),
            "-" | "–" | "—" | "\\N" | "[]" | "{}" => Some(Self::Nothing),
            _ => None,
        }
    }

    fn of_number(number: f64) -> Option<Self> {
        let is_time = SPREADSHEET_DAYS.contains(&number)
            || UNIX_SECONDS.contains(&number)
            || UNIX_SECONDS.contains(&(number / 1_000.0))
            || COMPACT_DATES.contains(&number);
        match () {
            () if number == 0.0 => Some(Self::No),
            () if number == 1.0 => Some(Self::Yes),
            () => is_time.then_some(Self::When),
        }
    }

    fn of_word(key: &str) -> Option<Self> {
        if let Some(is_yes) = yes_or_no(key) {
            return Some(if is_yes { Self::Yes } else { Self::No });
        }
        match key {
            key if YES.contains(&key) => Some(Self::Yes),
            key if NO.contains(&key) => Some(Self::No),
            key if NOTHING.contains(&key) => Some(Self::Nothing),
            key if NOT_DECLINED.contains(&key) => Some(Self::Wanted),
            key if DECLINED_WORDS.contains(&key) => Some(Self::Declined),
            _ => None,
        }
    }

    fn of_words(cell: &str) -> Option<Self> {
        let key = words(cell).concat();
        match Stance::of(cell) {
            Stance::OptedOut | Stance::NotAgreed => Some(Self::Declined),
            Stance::NotOptedOut => Some(Self::Wanted),
            Stance::Unclear => None,
            Stance::Agreed | Stance::Ended | Stance::Silent if contains_any(&key, &DECLINED) => {
                Some(Self::Declined)
            }
            Stance::Ended => Some(Self::Declined),
            Stance::Agreed => contains_any(&key, &WANTED).then_some(Self::Wanted),
            Stance::Silent => None,
        }
    }
}

/// Returns the number that a cell contains, in either decimal notation.
fn number(cell: &str) -> Option<f64> {
    let is_digits = cell.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ',');
    if is_digits { cell.replace(',', ".").parse().ok() } else { None }
}

/// Returns whether a cell is the date that databases write for none, such as
/// `0000-00-00 00:00:00`.
fn is_zero_date(cell: &str) -> bool {
    cell.starts_with("0000-00-00") || cell.starts_with("0001-01-01")
}

/// Splits a cell at the first comma, bracket, colon, semicolon, digit or dash between words; without
/// one, there is no head.
fn split_head(cell: &str) -> (Option<&str>, &str) {
    let at = cell.find(|c: char| ",(;:，（".contains(c) || c.is_ascii_digit());
    let dash = [" - ", " – ", " — "].iter().filter_map(|dash| cell.find(dash)).min();
    match at.into_iter().chain(dash).min() {
        Some(at) => (Some(&cell[..at]), &cell[at..]),
        None => (None, cell),
    }
}

/// Returns whether a cell is a date, with or without a time, such as `2024-01-31 10:00` or
/// `January 31, 2024`.
fn is_moment(cell: &str) -> bool {
    let numbers = cell.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
    let numbers: Vec<_> = numbers.collect();
    let is_year =
        |number: &&str| number.len() == 4 && (number.starts_with("19") || number.starts_with("20"));
    is_date(cell) || (numbers.len() > 1 && numbers.iter().any(is_year))
}
