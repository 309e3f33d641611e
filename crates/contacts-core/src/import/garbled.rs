//! Recognises text that was decoded in the wrong encoding (R57).

use std::iter::Peekable;
use std::str::Chars;

/// Returns whether a text contains UTF-8 that was read as windows-1252, such as `JÃ¼rgen`.
pub(super) fn is_garbled(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_next = |chars: &mut Peekable<Chars<'_>>| {
            chars.peek().is_some_and(|next| is_continuation(*next))
        };
        // A capital letter before a closing quotation mark looks alike: `“CAFÉ”`.
        let may_close = before.is_uppercase()
            && chars.peek().is_some_and(|next| !next.is_alphabetic() && *next > '\u{bf}');
        if LEADS.contains(&c) && !may_close && is_next(&mut chars) {
            return true;
        }
        if matches!(c, 'â' | 'ã' | 'à' | 'ä' | 'å' | 'æ' | 'ç' | 'è' | 'é' | 'ê' | 'ë' | 'ì' | 'í')
            && is_next(&mut chars)
        {
            chars.next();
            if is_next(&mut chars) {
                return true;
            }
        }
        before = c;
    }
    false
}

/// The first byte of letters of Europe and the Near East, read as windows-1252.
const LEADS: [char; 12] = ['Â', 'Ã', 'Ä', 'Å', 'È', 'Î', 'Ï', 'Ð', 'Ñ', '×', 'Ø', 'Ù'];

/// Returns whether a character is a later byte of a letter, read as windows-1252.
fn is_continuation(c: char) -> bool {
    matches!(
        c,
        '\u{80}'
            ..='\u{bf}'
                | '€'
                | '‚'
                | 'ƒ'
                | '„'
                | '…'
                | '†'
                | '‡'
                | 'ˆ'
                | '‰'
                | 'Š'
                | '‹'
                | 'Œ'
                | 'Ž'
                | '‘'
                | '’'
                | '“'
                | '”'
                | '•'
                | '–'
                | '—'
                | '˜'
                | '™'
                | 'š'
                | '›'
                | 'œ'
                | 'ž'
                | 'Ÿ'
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("JÃ¼rgen MÃ¼ller", true)]
    #[case("Petr Å ilhavÃ½", true)]
    #[case("Ð˜Ð²Ð°Ð½", true)]
    #[case("Oâ€™Neil", true)]
    #[case("ç”°ä¸\u{ad}", true)]
    #[case("Jürgen Müller", false)]
    #[case("“CAFÉ”", false)]
    #[case("ESPAÑA", false)]
    #[case("Øyvind Ñuñez", false)]
    #[case("«Ça va»", false)]
    #[case("10 £ à…", false)]
    #[case("佐藤", false)]
    #[case("plain", false)]
    fn text_in_the_wrong_encoding_is_recognised(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_garbled(text), expected);
    }
}
