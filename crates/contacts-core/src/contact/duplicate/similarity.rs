//! Similarity of names by trigrams, as `pg_trgm` defines it.

use std::collections::BTreeSet;

/// Minimum share of common trigrams of two similar names, in percent.
const MIN_SIMILARITY_PERCENT: usize = 60;

/// Returns whether two folded names are similar: at least 60% of the trigrams of both are common.
///
/// A trigram is three characters in a row of a word, with two blanks before the word and one after
/// it.
pub fn are_similar(one: &str, other: &str) -> bool {
    let (one, other) = (trigrams(one), trigrams(other));
    let common = one.intersection(&other).count();
    let all = one.len() + other.len() - common;
    all > 0 && common * 100 >= all * MIN_SIMILARITY_PERCENT
}

fn trigrams(text: &str) -> BTreeSet<[char; 3]> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut trigrams = BTreeSet::new();
    for word in words {
        let padded: Vec<char> = "  ".chars().chain(word.chars()).chain([' ']).collect();
        trigrams.extend(padded.windows(3).filter_map(|three| <[char; 3]>::try_from(three).ok()));
    }
    trigrams
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_leaves_names_similar() {
        for (one, other) in [
            ("anna schmidt", "anna schmitt"),
            ("jon smith", "john smith"),
            ("anna schmidt", "schmidt, anna"),
            ("иван петров", "иван петрав"),
        ] {
            assert!(are_similar(one, other) && are_similar(other, one), "{one} {other}");
        }
    }

    #[test]
    fn other_names_are_not_similar() {
        for (one, other) in
            [("anna schmidt", "anna weber"), ("bo", "bob"), ("", ""), ("-", "-"), ("ann", "")]
        {
            assert!(!are_similar(one, other), "{one} {other}");
        }
    }
}
