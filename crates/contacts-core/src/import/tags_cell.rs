//! Several tags in one cell, as our own exports and those of other products write them.

use std::collections::BTreeSet;

use super::quoted::quote;
use crate::tag::TagName;

/// The separator that Google puts between values.
const PARTED: &str = ":::";

/// The prefix with which Google marks its system groups.
const OWN_GROUP: &str = "* ";

/// The signs that separate tags, besides [`PARTED`]: those of European and of Asian languages.
const SEPARATORS: [char; 10] = [',', ';', '|', '\n', '\r', '，', '、', '；', '،', '؛'];

/// The signs with which lists of tags begin, in JSON, in Postgres and in social networks.
const LIST_STARTS: [char; 3] = ['[', '{', '#'];

/// Returns the cell for tags, none of which contains a comma. A tag that would be read as several
/// tags or as something else is quoted.
pub(crate) fn tags_cell(tags: &[String]) -> String {
    let mut cell = String::new();
    for tag in tags {
        if !cell.is_empty() {
            cell.push_str(", ");
        }
        let is_plain = !tag.contains(SEPARATORS)
            && !tag.contains('"')
            && !tag.contains(PARTED)
            && !tag.starts_with(OWN_GROUP)
            && !tag.starts_with(LIST_STARTS);
        if is_plain {
            cell.push_str(tag);
        } else {
            quote(tag, &mut cell);
        }
    }
    cell
}

/// Splits a cell into tags, which are separated by commas, semicolons, pipes, line breaks or `:::`;
/// within quotation marks these are ordinary characters. Arrays of JSON and Postgres
/// (`["a", "b"]`, `{a,b}`) and hashtags (`#a #b`) are read, too. Invalid tags are left out. Also
/// returns whether any were.
pub(super) fn tags_of_cell(cell: &str) -> (Vec<TagName>, bool) {
    let mut tags: Vec<TagName> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut lost = false;
    let array = elements(cell);
    let is_hashtags = is_hashtags(cell);
    for Part { text, was_quoted, .. } in split(array.unwrap_or(cell), is_hashtags) {
        let mut text = text.trim();
        if !was_quoted {
            text = text.strip_prefix(OWN_GROUP).unwrap_or(text);
            if is_hashtags {
                text = text.strip_prefix('#').unwrap_or(text);
            }
            if array.is_some() {
                text = text.trim_matches('\'');
            }
        }
        match TagName::parse(text) {
            Ok(tag) => tags.extend(seen.insert(tag.clone()).then_some(tag)),
            Err(_) => lost |= !text.is_empty(),
        }
    }
    (tags, lost)
}

/// Returns the elements of an array, separated by commas; `None` for another cell.
fn elements(cell: &str) -> Option<&str> {
    let cell = cell.trim();
    let inside = |start, end| cell.strip_prefix(start)?.strip_suffix(end);
    let inside = inside('[', ']').or_else(|| inside('{', '}'))?;
    (!inside.contains(['[', ']', '{', '}'])).then_some(inside)
}

/// Returns whether every word of a cell is a hashtag.
fn is_hashtags(cell: &str) -> bool {
    let is_separator = |c: char| c.is_whitespace() || SEPARATORS.contains(&c);
    let mut words = cell.split(is_separator).filter(|word| !word.is_empty());
    cell.contains('#') && words.all(|word| word.len() > 1 && word.starts_with('#'))
}

#[derive(Default)]
struct Part {
    text: String,
    is_quoted: bool,
    was_quoted: bool,
}

fn split(cell: &str, at_spaces: bool) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut part = Part::default();
    let mut rest = cell;
    while let Some(sign) = rest.chars().next() {
        let mut length = sign.len_utf8();
        match sign {
            '"' if part.is_quoted && rest[1..].starts_with('"') => {
                part.text.push('"');
                length = 2;
            }
            '"' if part.is_quoted || part.text.trim().is_empty() => {
                part.is_quoted = !part.is_quoted;
                part.was_quoted = true;
            }
            sign if !part.is_quoted
                && (SEPARATORS.contains(&sign) || (at_spaces && sign.is_whitespace())) =>
            {
                parts.push(std::mem::take(&mut part));
            }
            ':' if !part.is_quoted && rest.starts_with(PARTED) => {
                parts.push(std::mem::take(&mut part));
                length = PARTED.len();
            }
            sign => part.text.push(sign),
        }
        rest = &rest[length..];
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("vip, lead", &["vip", "lead"])]
    #[case("vip;lead|beta", &["vip", "lead", "beta"])]
    #[case(r#""VIP","a; b""#, &["VIP", "a; b"])]
    #[case("* myContacts ::: Family", &["myContacts", "Family"])]
    #[case(r#""* myContacts","a ::: b""#, &["* myContacts", "a ::: b"])]
    #[case("vip, VIP,,", &["vip"])]
    #[case("event: Köln", &["event: Köln"])]
    #[case(r#"["travel","wish list"]"#, &["travel", "wish list"])]
    #[case("[travel, wishlist]", &["travel", "wishlist"])]
    #[case("['travel', 'wishlist']", &["travel", "wishlist"])]
    #[case("{travel,wishlist}", &["travel", "wishlist"])]
    #[case("[]", &[])]
    #[case("[a], [b]", &["[a]", "[b]"])]
    #[case("#travel #wishlist", &["travel", "wishlist"])]
    #[case("#travel, #wishlist", &["travel", "wishlist"])]
    #[case("#1 fan", &["#1 fan"])]
    #[case("旅行、写真，音楽；本", &["旅行", "写真", "音楽", "本"])]
    #[case("سفر، كتب", &["سفر", "كتب"])]
    #[case("", &[])]
    fn splits(#[case] cell: &str, #[case] expected: &[&str]) {
        let (tags, lost) = tags_of_cell(cell);
        assert_eq!(tags.iter().map(TagName::as_str).collect::<Vec<_>>(), expected);
        assert!(!lost);
    }

    #[test]
    fn an_invalid_tag_is_skipped_with_a_warning() {
        let (tags, lost) = tags_of_cell(&format!("vip,{}", "x".repeat(65)));
        assert_eq!((tags.len(), lost), (1, true));
    }

    proptest! {
        #[test]
        fn tags_are_read_as_they_were_written(
            texts in prop::collection::vec("[a;|\":*#\\[\\]{}、 \n]{1,6}|\\PC{1,12}", 0..5)
        ) {
            let mut tags: Vec<TagName> = Vec::new();
            for tag in texts.iter().filter_map(|text| TagName::parse(text).ok()) {
                if !tags.contains(&tag) {
                    tags.push(tag);
                }
            }
            let names: Vec<_> = tags.iter().map(ToString::to_string).collect();
            let (read, lost) = tags_of_cell(&tags_cell(&names));
            prop_assert_eq!(read.iter().map(ToString::to_string).collect::<Vec<_>>(), names);
            prop_assert!(!lost);
        }
    }
}
