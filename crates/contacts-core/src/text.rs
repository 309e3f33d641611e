//! Text as people type it: trimming, Unicode form, and folding for search.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Removes surrounding white space of any Unicode kind, including invisible characters (R7).
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
}

/// Returns whether a character is invisible, such as a zero-width space, a joiner, a direction mark
/// or the byte order mark. Copied text often contains them.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// Returns the text in Unicode form NFC.
pub fn nfc(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { text.nfc().collect() }
}

/// Returns a key that is equal for spellings that differ only in case or Unicode form.
pub fn caseless(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfc().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).nfc().collect()
}

/// Replaces inner runs of white space by one space each.
pub fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Folds text for search and sorting: lower case, without accents, compatible forms united.
/// `ÉCOLE`, `école` and `ecole` are the same.
///
/// Marks that form letters of their own (Devanagari vowels, Japanese voicing) stay.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut bare = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        decompose_compatible(c, |part| {
            if !is_accent(part) {
                bare.extend(part.to_lowercase().filter(|c| !is_accent(*c)));
            }
        });
    }
    let mut out = String::with_capacity(bare.len());
    for c in bare.nfc() {
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'þ' => out.push_str("th"),
            'ø' => out.push('o'),
            'đ' | 'ð' => out.push('d'),
            'ħ' => out.push('h'),
            'ı' => out.push('i'),
            'ł' => out.push('l'),
            'ŧ' => out.push('t'),
            'ς' => out.push('σ'),
            'ё' => out.push('е'),
            c => out.push(c),
        }
    }
    out
}

/// Returns whether a character is an accent of Latin, Greek or Cyrillic, or a vowel point of Hebrew
/// or Arabic.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0591}'..='\u{05C7}' | '\u{064B}'..='\u{0652}' | '\u{0670}')
        && is_combining_mark(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn invisible_characters_are_trimmed_like_spaces() {
        assert_eq!(trim("\u{200B} \u{00A0}Ann\u{FEFF}\u{3000}\u{200F}"), "Ann");
    }

    #[test]
    fn case_and_unicode_form_do_not_distinguish_spellings() {
        assert_eq!(caseless("CAFE\u{301}"), caseless("café"));
        assert_eq!(caseless("ΟΔΟΣ"), caseless("οδος"));
    }

    #[test]
    fn folding_takes_accents_off_and_keeps_letters() {
        for (typed, folded) in [
            ("ÉCOLE", "ecole"),
            ("Straße", "strasse"),
            ("Łódź", "lodz"),
            ("İstanbul", "istanbul"),
            ("Ёлка", "елка"),
            ("Ångström", "angstrom"),
            ("ｆｕｌｌ", "full"),
            ("が", "が"),
            ("김", "김"),
        ] {
            assert_eq!(fold(typed), folded, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,40}") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }

        #[test]
        fn caseless_twice_is_caseless_once(text in "\\PC{0,40}") {
            prop_assert_eq!(caseless(&caseless(&text)), caseless(&text));
        }
    }
}
