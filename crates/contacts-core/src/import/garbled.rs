//! Recognises and repairs text that was decoded in the wrong encoding (R57).

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

/// Maximum times that a text was decoded in the wrong encoding.
const MAX_ROUNDS: usize = 3;

/// Repairs a text: letters whose UTF-8 was read as windows-1252 become the letters that were meant,
/// also where that happened several times. Returns `None` for a text that is not garbled.
pub(super) fn repaired(text: &str) -> Option<String> {
    let mut repaired: Option<String> = None;
    for _ in 0..MAX_ROUNDS {
        let current = repaired.as_deref().unwrap_or(text);
        if !is_garbled(current) {
            break;
        }
        let next = repaired_once(current);
        if next == current {
            break;
        }
        repaired = Some(next);
    }
    repaired
}

fn repaired_once(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (meant, length) = meant(rest).unwrap_or((c, c.len_utf8()));
        out.push(meant);
        rest = &rest[length..];
    }
    out
}

/// Returns the letter whose UTF-8, read as windows-1252, begins a text, and the length of what was
/// read.
fn meant(text: &str) -> Option<(char, usize)> {
    let (mut bytes, mut length) = ([0; 4], 0);
    for (count, c) in text.chars().take(4).enumerate() {
        bytes[count] = byte(c)?;
        length += c.len_utf8();
        let Ok(letter) = str::from_utf8(&bytes[..=count]) else { continue };
        return letter.chars().next().filter(|_| count > 0).map(|letter| (letter, length));
    }
    None
}

/// The characters of the bytes from 128 to 159 in windows-1252.
const C1: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Returns the byte of a character in windows-1252, or in ISO 8859-1 for control characters.
fn byte(c: char) -> Option<u8> {
    let of_c1 = || C1.iter().position(|other| *other == c).map(|at| 0x80 + at as u8);
    u8::try_from(u32::from(c)).ok().or_else(of_c1)
}

/// The first byte of letters of Europe and the Near East, read as windows-1252.
const LEADS: [char; 12] = ['Â', 'Ã', 'Ä', 'Å', 'È', 'Î', 'Ï', 'Ð', 'Ñ', '×', 'Ø', 'Ù'];

/// Returns whether a character is a later byte of a letter, read as windows-1252.
fn is_continuation(c: char) -> bool {
    ('\u{80}'..='\u{bf}').contains(&c) || C1.contains(&c)
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
        assert_eq!(repaired(text).is_some(), expected);
    }

    #[rstest]
    #[case("JÃ¼rgen MÃ¼ller", "Jürgen Müller")]
    #[case("Petr Å\u{a0}ilhavÃ½", "Petr Šilhavý")]
    #[case("Ð˜Ð²Ð°Ð½", "Иван")]
    #[case("Oâ€™Neil â‚¬", "O’Neil €")]
    #[case("ç”°ä¸\u{ad}", "田中")]
    #[case("JÃƒÂ¼rgen", "Jürgen")]
    #[case("Jürgen MÃ¼ller ő", "Jürgen Müller ő")]
    #[case("ðŸ˜€ MÃ¼", "😀 Mü")]
    fn garbled_text_is_repaired(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(repaired(text).as_deref(), Some(expected));
    }

    proptest::proptest! {
        #[test]
        fn text_that_was_read_as_windows_1252_is_repaired(text in "[a-zäöüßéèñçšžčŁłőűИванΑλф ]{0,20}") {
            let garble = |byte: u8| C1.get(usize::from(byte).wrapping_sub(0x80)).copied().unwrap_or(char::from(byte));
            let garbled: String = text.bytes().map(garble).collect();
            // Text that looks garbled itself is repaired twice.
            if is_garbled(&garbled) && !is_garbled(&text) {
                proptest::prop_assert_eq!(repaired(&garbled), Some(text));
            }
        }
    }
}
