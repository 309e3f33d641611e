//! What connectors say, as part of a sentence of ours.

/// The most characters of what a connector says that are told.
const LONGEST: usize = 300;

/// A text on one line, without a full stop, and not too long.
pub(crate) fn words(text: &str) -> String {
    // Bounded before it is looked at, since it may be as long as a line.
    let start: String = text.chars().take(4 * LONGEST).collect();
    let line = start.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches('.');
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    line.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_is_cut_to_one_line() {
        assert_eq!(words(" Not\n  allowed.\n"), "Not allowed");
        assert_eq!(words(&"é ".repeat(9_000)).chars().count(), LONGEST);
    }
}
