//! Detects the encoding of a file.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

/// Detects the encoding: by the byte order mark, then by the pattern of NULs, then by validity as
/// UTF-8, and finally by the detector that browsers use.
pub(crate) fn of(head: &[u8]) -> &'static Encoding {
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
