//! Addresses as people write them: `Ann Lee <ann@example.org>`, `mailto:ann@example.org`,
//! `ann@example.org;`, several in one text.

use std::borrow::Cow;

use super::{EmailAddress, InvalidEmail, WrittenAddresses};
use crate::text;

/// Signs that people leave before an address.
const OPENING: &[char] = &['"', '“', '„', '”', '«', '‘', '’', '<', ','];

/// Signs that people leave after an address.
const CLOSING: &[char] =
    &['"', '“', '”', '»', '‘', '’', '\'', '>', '.', ',', ';', ':', '!', '、', '。'];

/// Reads the only address of a text that is not an address as it stands.
///
/// # Errors
///
/// [`InvalidEmail::Several`] if there are several addresses, otherwise `reason`.
pub(super) fn only(text: &str, reason: InvalidEmail) -> Result<EmailAddress, InvalidEmail> {
    let text = half_width(text);
    match EmailAddress::parse_bare(bare(&text)) {
        Ok(address) => Ok(address),
        Err(_) if addresses(&text).nth(1).is_some() => Err(InvalidEmail::Several),
        Err(inside) => Err(if text.contains('<') { inside } else { reason }),
    }
}

/// Reads the addresses of a text; `None` unless it contains several.
pub(super) fn several(text: &str) -> Option<WrittenAddresses> {
    let text = half_width(text);
    let mut read = words(&text).map(|word| EmailAddress::parse_bare(bare(word)));
    let has_unreadable = read.clone().any(|read| read.is_err());
    let first = read.find_map(Result::ok)?;
    let mut others = Vec::new();
    let mut is_several = false;
    for address in read.flatten() {
        is_several = true;
        if address != first && !others.contains(&address) {
            others.push(address);
        }
    }
    is_several.then_some(WrittenAddresses { first, others, has_unreadable })
}

/// Removes the name before an address in angle brackets, `mailto:`, and the signs around it.
fn bare(text: &str) -> &str {
    let text = text::trim(text);
    let inside = text.strip_suffix('>').and_then(|text| text.rsplit_once('<'));
    let inside = inside.filter(|(name, _)| !name.contains('@'));
    let text = inside.map_or(text, |(_, address)| address);
    let text = match text.trim_start_matches(OPENING) {
        // An apostrophe may begin an address, unless another one ends it.
        text if text.ends_with('\'') => text.trim_start_matches('\''),
        text => text,
    };
    let text = match text.split_at_checked(7) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("mailto:") => {
            rest.split('?').next().unwrap_or_default()
        }
        _ => text,
    };
    text::trim(text.trim_end_matches(CLOSING))
}

/// The addresses among the words of a text.
fn addresses(text: &str) -> impl Iterator<Item = EmailAddress> {
    words(text).filter_map(|word| EmailAddress::parse_bare(bare(word)).ok())
}

/// The words of a text that may be addresses.
fn words(text: &str) -> impl Iterator<Item = &str> + Clone {
    let is_separator = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '、' | '<');
    let words = text.split(is_separator).filter(|word| word.contains('@'));
    // A slash may be a part of an address.
    words.flat_map(|word| {
        let is_several = word.matches('@').nth(1).is_some();
        word.split(move |c| is_several && c == '/')
    })
}

/// Returns the text with the full-width forms of ASCII, which Asian keyboards type, as ASCII.
fn half_width(text: &str) -> Cow<'_, str> {
    let is_wide = |c: char| matches!(c, '\u{ff01}'..='\u{ff5e}');
    if !text.contains(is_wide) {
        return Cow::Borrowed(text);
    }
    let narrow = |c| if is_wide(c) { char::from_u32(c as u32 - 0xfee0).unwrap_or(c) } else { c };
    Cow::Owned(text.chars().map(narrow).collect())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Ann Lee <ann@example.org>")]
    #[case("\"Lee, Ann\" <ann@example.org>")]
    #[case("<ann@example.org>")]
    #[case("mailto:ann@example.org")]
    #[case("MAILTO:ann@example.org?subject=Hello")]
    #[case("Ann <mailto:ann@example.org>")]
    #[case("ann@example.org.")]
    #[case("ann@example.org;")]
    #[case(" ann@example.org, ")]
    #[case("\"ann@example.org\"")]
    #[case("'ann@example.org'")]
    #[case("“ann@example.org”")]
    #[case("ａｎｎ＠ｅｘａｍｐｌｅ．ｏｒｇ")]
    fn what_is_around_an_address_is_removed(#[case] text: &str) {
        assert_eq!(EmailAddress::parse(text).unwrap().as_str(), "ann@example.org");
    }

    #[rstest]
    #[case("ann@example.org, bo@example.org")]
    #[case("ann@example.org; bo@example.org; cy@example.org")]
    #[case("ann@example.org / bo@example.org")]
    #[case("ann@example.org/bo@example.org")]
    #[case("ann@example.org bo@example.org")]
    #[case("ann@example.org\nbo@example.org")]
    #[case("ann@example.org ::: bo@example.org")]
    #[case("Ann <ann@example.org>, Bo <bo@example.org>")]
    fn of_several_addresses_each_is_read(#[case] text: &str) {
        let found = EmailAddress::parse_all(text).unwrap();
        assert_eq!(found.first.as_str(), "ann@example.org");
        let others: Vec<_> = found.others.iter().map(EmailAddress::as_str).collect();
        let expected = ["bo@example.org", "cy@example.org"];
        assert_eq!(others, expected[..text.matches('@').count() - 1]);
        assert!(!found.has_unreadable);
        if !text.contains('\n') {
            assert_eq!(EmailAddress::parse(text).unwrap_err(), InvalidEmail::Several);
        }
    }

    #[rstest]
    #[case("ann @example.org", InvalidEmail::Space)]
    #[case("ann@example.org (work)", InvalidEmail::Space)]
    #[case("Ann ann@example.org", InvalidEmail::Space)]
    #[case("Ann <ann>", InvalidEmail::NoAt)]
    #[case("ann@example.org\r\nBcc: x", InvalidEmail::LineBreak)]
    fn a_text_with_other_words_is_refused_with_its_reason(
        #[case] text: &str,
        #[case] reason: InvalidEmail,
    ) {
        assert_eq!(EmailAddress::parse_all(text), Err(reason));
    }
}
