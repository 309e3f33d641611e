//! Suggests targets for the columns of a file without a header, by their values alone (R56).

use std::collections::BTreeSet;

use super::values::Values;
use super::{Suggestion, Target, choose_targets};

/// The confidence for a column of addresses: nothing else looks like them.
const ADDRESS_CONFIDENCE: f32 = 0.9;

/// The confidence for a column of phone numbers, which customer numbers may look like.
const PHONE_CONFIDENCE: f32 = 0.5;

/// The confidence for a column of full names, which towns and products may look like.
const NAME_CONFIDENCE: f32 = 0.5;

/// The confidence for columns of single words that may be first and last names.
const WORD_CONFIDENCE: f32 = 0.3;

/// Suggests a target for each of `width` columns.
pub(super) fn suggest(samples: &[Vec<String>], width: usize) -> Vec<Suggestion> {
    let values: Vec<_> = (0..width).map(|column| Values::of(samples, column)).collect();
    let mut candidates = Vec::new();
    for (column, values) in values.iter().enumerate() {
        candidates.extend(match () {
            () if values.mostly(values.addresses) => {
                Some((column, Target::Email, ADDRESS_CONFIDENCE))
            }
            () if values.mostly(values.phones) => Some((column, Target::Phone, PHONE_CONFIDENCE)),
            () if values.mostly(values.people) => Some((column, Target::Name, NAME_CONFIDENCE)),
            () => None,
        });
    }
    if !candidates.iter().any(|(_, target, _)| *target == Target::Name) {
        candidates.extend(names_of_words(samples, width));
    }
    choose_targets(width, candidates)
}

/// Returns the names that columns of single words may be: the first two, or the only one.
fn names_of_words(samples: &[Vec<String>], width: usize) -> Vec<(usize, Target, f32)> {
    let mut columns = (0..width).filter(|column| has_single_words(samples, *column));
    match (columns.next(), columns.next()) {
        (Some(first), Some(last)) => vec![
            (first, Target::FirstName, WORD_CONFIDENCE),
            (last, Target::LastName, WORD_CONFIDENCE),
        ],
        (Some(only), None) => vec![(only, Target::Name, WORD_CONFIDENCE)],
        (None, _) => Vec::new(),
    }
}

/// Returns whether the cells of a column are single capitalised words, of which most differ: the
/// names of countries and stages repeat.
fn has_single_words(samples: &[Vec<String>], column: usize) -> bool {
    let cells = samples.iter().filter_map(|row| row.get(column)).map(|cell| cell.trim());
    let cells: Vec<_> = cells.filter(|cell| !cell.is_empty()).collect();
    let is_word = |cell: &&&str| {
        cell.starts_with(char::is_uppercase)
            && cell.chars().any(char::is_lowercase)
            && cell.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'))
    };
    let distinct = cells.iter().collect::<BTreeSet<_>>().len();
    !cells.is_empty() && cells.iter().all(|cell| is_word(&cell)) && distinct * 3 > cells.len() * 2
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a@b.example|Ann Lee|+49 30 123456", "email name phone")]
    #[case(
        "Ann|Lee|a@b.example|Berlin;Bo|Ray|b@b.example|Berlin;Cy|Fox|c@b.example|Berlin",
        "first_name last_name email -"
    )]
    #[case("17|a@b.example;18|b@b.example", "- email")]
    #[case("2024-01-31|Ann|a@b.example", "- name email")]
    #[case("a@b.example|x@y.example", "email -")]
    fn columns_are_suggested_by_their_values(#[case] rows: &str, #[case] expected: &str) {
        let row = |row: &str| row.split('|').map(str::to_owned).collect::<Vec<_>>();
        let samples: Vec<_> = rows.split(';').map(row).collect();
        let found = suggest(&samples, samples[0].len()).into_iter();
        let found = found.map(|s| s.target.map_or("-".to_owned(), |target| target.to_string()));
        assert_eq!(found.collect::<Vec<_>>().join(" "), expected);
    }
}
