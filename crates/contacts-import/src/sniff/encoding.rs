//! Detects the encoding of a file.

use std::io::Read;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE};

use crate::decode::decoded;
use crate::encoding::{CODE_PAGE_850, CODE_PAGE_852, TextEncoding};

/// Detects the encoding: by the byte order mark, then by the pattern of NULs, then by validity as
/// UTF-8, and finally by the detector that browsers use, which does not know the encodings of old
/// Macs and of DOS.
pub(crate) fn of(head: &[u8]) -> TextEncoding {
    let encoding = of_browsers(head);
    if encoding.is_single_byte() { old(head, encoding) } else { TextEncoding::Web(encoding) }
}

fn of_browsers(head: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return encoding;
    }
    if let Some(encoding) = utf_16(head) {
        return encoding;
    }
    // ISO-2022-JP is ASCII with escape sequences, so it is valid UTF-8 too.
    let escapes = head.contains(&0x1b);
    if !escapes && is_utf_8(head) {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(head, true);
    let guess = detector.guess(None, Utf8Detection::Allow);
    if guess != ISO_2022_JP && is_utf_8(head) { UTF_8 } else { guess }
}

/// Returns Mac Roman or a code page of DOS if the letters make far better words in it than in the
/// guess of the detector, otherwise the guess.
fn old(head: &[u8], guess: &'static Encoding) -> TextEncoding {
    let guess = TextEncoding::Web(guess);
    let odd = odd_characters(head, guess);
    let others = [
        TextEncoding::Dos(&CODE_PAGE_850),
        TextEncoding::Dos(&CODE_PAGE_852),
        TextEncoding::Web(MACINTOSH),
    ];
    let counted = others.map(|encoding| (odd_characters(head, encoding), encoding));
    let best = counted.into_iter().min_by_key(|(odd, _)| *odd);
    best.filter(|(best, _)| best * 3 < odd).map_or(guess, |(_, encoding)| encoding)
}

/// Number of characters that do not fit their word: control characters, capital letters after small
/// ones, signs and foreign letters within words.
fn odd_characters(head: &[u8], encoding: TextEncoding) -> usize {
    let mut text = Vec::new();
    // Reading from memory does not fail.
    let _ = decoded(head, encoding).read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text);
    let mut odd = 0;
    let (mut before, mut chars) = (' ', text.chars().peekable());
    while let Some(c) = chars.next() {
        let after = chars.peek().copied().unwrap_or(' ');
        odd += usize::from(!c.is_ascii() && is_odd(before, c, after));
        before = c;
    }
    odd
}

fn is_odd(before: char, c: char, after: char) -> bool {
    let is_joint = |c| matches!(c, '’' | '‘' | '´' | '·' | '–' | '—' | '\u{a0}' | '\u{ad}');
    let is_latin =
        |c| matches!(c, 'À'..='ž' | 'Ș'..='ț' | '\u{1e00}'..='\u{1eff}') && c != '×' && c != '÷';
    match c {
        _ if c.is_control() || c == '\u{fffd}' => true,
        _ if is_latin(c) => c.is_uppercase() && before.is_lowercase(),
        _ if c.is_alphabetic() && !matches!(c, 'ª' | 'º') => {
            before.is_ascii_alphabetic() || after.is_ascii_alphabetic()
        }
        _ => before.is_alphabetic() && after.is_alphabetic() && !is_joint(c),
    }
}

/// Detects UTF-16 without a byte order mark, which the detector of browsers does not support.
/// Every delimiter, digit and line end has a NUL on the same side.
fn utf_16(head: &[u8]) -> Option<&'static Encoding> {
    let start = &head[..head.len().min(4096)];
    let pairs = start.len() / 2;
    let nuls = |side: usize| start.iter().skip(side).step_by(2).filter(|b| **b == 0).count();
    let (first, second) = (nuls(0), nuls(1));
    let (most, least, encoding) =
        if first > second { (first, second, UTF_16BE) } else { (second, first, UTF_16LE) };
    if most < 2 || least * 20 > most {
        return None;
    }
    let many = most * 5 >= pairs;
    // Few NULs are enough where most characters are not Latin, if everything decodes.
    let plausible =
        || most * 50 >= pairs && str::from_utf8(start).is_err() && decodes(start, encoding);
    (many || plausible()).then_some(encoding)
}

/// Whether the text decodes without errors, to lines without NULs.
fn decodes(start: &[u8], encoding: &'static Encoding) -> bool {
    let (text, malformed) = encoding.decode_without_bom_handling(&start[..start.len() & !3]);
    !malformed && text.contains(['\n', '\r']) && !text.contains('\0')
}

/// Whether the bytes are UTF-8, possibly cut off, or UTF-8 with a few damaged bytes. Text in a
/// legacy encoding rarely contains well-formed sequences, so these outweigh the damage.
fn is_utf_8(head: &[u8]) -> bool {
    let (mut damaged, mut sequences) = (0, 0);
    let mut chunks = head.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        sequences += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
        let cut_off = chunks.peek().is_none()
            && str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none());
        damaged += usize::from(!chunk.invalid().is_empty() && !cut_off);
    }
    damaged == 0 || sequences > 4 * damaged
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::mac(b"Pr\x8enom\rLef\x8fvre\rZo\x91\rGar\x8don\rNo\x91l\rAndr\x8e\r", "macintosh")]
    #[case::mac_german(b"J\x9frgen M\x9fller\nJ\x9arg Sch\x8afer\nK\x8athe Wei\xa7\n", "macintosh")]
    #[case::dos_german(b"J\x81rgen M\x81ller\nJ\x94rg Sch\x84fer\nWei\xe1\n", "ibm850")]
    #[case::dos_spanish(b"Jos\x82 Mu\xa4oz\nMar\xa1a N\xa3\xa4ez\n", "ibm850")]
    #[case::dos_czech(
        b"Ji\xfd\xa1 Nov\xa0k\nBo\xa7ena \xac\xa1hov\xa0\nV\xa0clav Dvo\xfd\xa0k\n",
        "ibm852"
    )]
    #[case::windows(
        b"J\xfcrgen M\xfcller\nD\x92Arcy\nJ\xf6rg Sch\xe4fer\nWei\xdf\n",
        "windows-1252"
    )]
    #[case::windows_signs(b"Acme\xae GmbH \x96 5\xa0\x80 \x93ok\x94 caf\xe9\n", "windows-1252")]
    #[case::windows_capitals(b"M\xdcLLER\n\xc9COLE\n\xd8RSTED\n", "windows-1252")]
    fn old_encodings_are_told_by_their_letters_in_words(
        #[case] head: &[u8],
        #[case] expected: &str,
    ) {
        assert_eq!(of(head).name(), expected);
    }

    #[test]
    fn the_code_page_of_dos_for_russian_is_recognised() {
        let text = "Имя,Почта\nИван Петров,ivan@example.org\nОльга Смирнова,olga@example.org\n";
        let head = encoding_rs::IBM866.encode(text).0;
        // The encoder of browsers writes other letters as character references.
        assert!(!head.contains(&b'&'));
        assert_eq!(of(&head).name(), "ibm866");
    }

    #[rstest]
    #[case(5, b"\xff", true)]
    #[case(4, b"\xff", false)]
    #[case(9, b"\xffa\xff", true)]
    #[case(8, b"\xffa\xff", false)]
    #[case(0, b"abc", true)]
    #[case(0, b"\xff", false)]
    fn well_formed_sequences_outweigh_damage(
        #[case] sequences: usize,
        #[case] damage: &[u8],
        #[case] expected: bool,
    ) {
        let head = ["é".repeat(sequences).as_bytes(), damage, b"end"].concat();
        assert_eq!(is_utf_8(&head), expected);
    }

    #[test]
    fn a_sequence_that_is_cut_off_at_the_end_is_not_damage() {
        assert!(is_utf_8(b"abc\xe2\x82"));
        assert!(!is_utf_8(b"abc\xe2\x82a"));
    }

    #[rstest]
    #[case(b"a\0,\0b\0\n\0", Some(UTF_16LE))]
    #[case(b"\0a\0,\0b\0\n", Some(UTF_16BE))]
    #[case(b"a\0", None)]
    #[case(b"a\0b\0", Some(UTF_16LE))]
    #[case(b"a,b,c,d,e,f\0\0\n", None)]
    #[case(b"name,email\nAnn,a@example.org\n", None)]
    fn utf_16_is_detected_by_the_side_of_its_nuls(
        #[case] head: &[u8],
        #[case] expected: Option<&'static Encoding>,
    ) {
        assert_eq!(utf_16(head), expected);
    }

    #[rstest]
    #[case(20, 1, true)]
    #[case(19, 1, false)]
    fn nuls_on_the_other_side_must_be_rare(
        #[case] nuls: usize,
        #[case] others: usize,
        #[case] is_utf_16: bool,
    ) {
        let text = [b"a\0".repeat(nuls), b"\0a".repeat(others)].concat();
        assert_eq!(utf_16(&text).is_some(), is_utf_16);
    }

    #[rstest]
    #[case(2, 10, true)]
    #[case(2, 11, false)]
    fn one_character_in_five_must_be_latin(
        #[case] latin: usize,
        #[case] all: usize,
        #[case] is_utf_16: bool,
    ) {
        // Without a line end, rarer NULs are not enough.
        let text = [
            b"a\0".repeat(latin),
            "\u{4e2d}"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<_>>()
                .repeat(all - latin),
        ];
        assert_eq!(utf_16(&text.concat()).is_some(), is_utf_16);
    }
}
