//! Several tags in one cell, as the exports of many products write them.

use crate::tag::TagName;

/// Splits a cell into tags. They are separated by commas, semicolons, pipes, line breaks or
/// ` ::: `; within quotation marks these are ordinary characters. What is no tag is left out,
/// and whether something was is told.
pub(super) fn tags_of_cell(cell: &str) -> (Vec<TagName>, bool) {
    let mut tags: Vec<TagName> = Vec::new();
    let mut lost = false;
    for part in split(cell) {
        // Google marks its own groups with an asterisk.
        let part = part.trim();
        let part = part.strip_prefix("* ").unwrap_or(part);
        match TagName::parse(part) {
            Ok(tag) if !tags.contains(&tag) => tags.push(tag),
            Ok(_) => {}
            Err(_) => lost |= !part.is_empty(),
        }
    }
    (tags, lost)
}

fn split(cell: &str) -> Vec<String> {
    let cell = cell.replace(":::", ";");
    let mut parts = vec![String::new()];
    let mut quoted = false;
    let mut signs = cell.chars().peekable();
    while let Some(sign) = signs.next() {
        let Some(part) = parts.last_mut() else { break };
        match sign {
            '"' if quoted && signs.peek() == Some(&'"') => {
                part.push('"');
                signs.next();
            }
            '"' if quoted || part.trim().is_empty() => quoted = !quoted,
            ',' | ';' | '|' | '\n' | '\r' if !quoted => parts.push(String::new()),
            sign => part.push(sign),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("vip, lead", &["vip", "lead"])]
    #[case("vip;lead|beta", &["vip", "lead", "beta"])]
    #[case(r#""VIP","a; b""#, &["VIP", "a; b"])]
    #[case("* myContacts ::: Family", &["myContacts", "Family"])]
    #[case("vip, VIP,,", &["vip"])]
    #[case("event: Köln", &["event: Köln"])]
    #[case("", &[])]
    fn splits(#[case] cell: &str, #[case] expected: &[&str]) {
        let (tags, lost) = tags_of_cell(cell);
        assert_eq!(tags.iter().map(TagName::as_str).collect::<Vec<_>>(), expected);
        assert!(!lost);
    }

    #[test]
    fn what_is_no_tag_is_left_out_and_told() {
        let (tags, lost) = tags_of_cell(&format!("vip,{}", "x".repeat(65)));
        assert_eq!((tags.len(), lost), (1, true));
    }
}
