//! In which encoding a file is.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

/// By the byte order mark, the pattern of NULs, validity as UTF-8, and at last by what browsers
/// guess.
pub(crate) fn of(head: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return encoding;
    }
    if let Some(encoding) = utf_16(head) {
        return encoding;
    }
    // ISO-2022-JP is ASCII with escapes, so that it passes for UTF-8.
    let escapes = head.contains(&0x1b);
    if !escapes && is_utf_8(head) {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(head, true);
    let guess = detector.guess(None, Utf8Detection::Allow);
    if guess != ISO_2022_JP && is_utf_8(head) { UTF_8 } else { guess }
}

/// UTF-16 without a mark. The detectors know nothing of it, but every delimiter, digit and line
/// end in it has a NUL on the same side.
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
    // Few NULs are enough where most characters are not Latin, if all of it makes sense.
    let sensible =
        || most * 50 >= pairs && str::from_utf8(start).is_err() && makes_sense(start, encoding);
    (many || sensible()).then_some(encoding)
}

fn makes_sense(start: &[u8], encoding: &'static Encoding) -> bool {
    let (text, malformed) = encoding.decode_without_bom_handling(&start[..start.len() & !3]);
    !malformed && text.contains(['\n', '\r']) && !text.contains('\0')
}

/// Whether it is UTF-8, cut off anywhere, or UTF-8 with a few damaged bytes: a legacy encoding
/// hardly ever makes well-formed sequences, so these outweigh the damage.
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
