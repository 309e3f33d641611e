//! Excerpts of what connectors write, for our messages.

/// Longest excerpt, in characters.
const MAX_EXCERPT_CHARS: usize = 300;

/// Shortens a text to one line of at most 300 characters, without a full stop at the end.
pub(crate) fn excerpt(text: &str) -> String {
    // Cut off first, because the text may be as long as the longest line.
    let start: String = text.chars().take(4 * MAX_EXCERPT_CHARS).collect();
    let line = start.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches('.');
    if line.chars().count() <= MAX_EXCERPT_CHARS {
        return line.to_owned();
    }
    line.chars().take(MAX_EXCERPT_CHARS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_line_of_limited_length() {
        assert_eq!(excerpt(" Not\n  allowed.\n"), "Not allowed");
        assert_eq!(excerpt(&"é ".repeat(9_000)).chars().count(), MAX_EXCERPT_CHARS);
    }
}
