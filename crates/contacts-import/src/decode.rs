//! Decodes every encoding to UTF-8, chunk by chunk.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, UTF_8};

use crate::encoding::TextEncoding;

/// Number of bytes read from the source at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Returns a reader of the source's text in UTF-8.
///
/// UTF-8 passes through unchecked: the code that makes strings of it must replace malformed bytes.
/// In every other encoding malformed bytes become U+FFFD here. A byte order mark becomes U+FEFF.
pub(crate) fn decoded<'a>(
    source: impl Read + Send + 'a,
    encoding: TextEncoding,
) -> Box<dyn Read + Send + 'a> {
    let encoding = match encoding {
        TextEncoding::Web(encoding) if encoding == UTF_8 => return Box::new(source),
        TextEncoding::Web(encoding) => encoding,
        TextEncoding::Dos(page) => {
            let raw = vec![0; CHUNK_BYTES].into();
            let upper_half = page.upper_half();
            return Box::new(OneByte { source, upper_half, raw, text: Vec::new(), text_at: 0 });
        }
    };
    Box::new(Decoded {
        source,
        decoder: encoding.new_decoder_without_bom_handling(),
        raw: vec![0; CHUNK_BYTES].into(),
        raw_at: 0,
        raw_end: 0,
        text: vec![0; CHUNK_BYTES].into(),
        text_at: 0,
        text_end: 0,
        ended: false,
        finished: false,
    })
}

struct Decoded<R> {
    source: R,
    decoder: Decoder,
    raw: Box<[u8]>,
    raw_at: usize,
    raw_end: usize,
    text: Box<[u8]>,
    text_at: usize,
    text_end: usize,
    /// Whether the source has no more bytes.
    ended: bool,
    /// Whether the decoder has no more text.
    finished: bool,
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.text_at == self.text_end && !self.finished {
            if self.raw_at == self.raw_end && !self.ended {
                self.raw_at = 0;
                self.raw_end = self.source.read(&mut self.raw)?;
                self.ended = self.raw_end == 0;
            }
            let raw = &self.raw[self.raw_at..self.raw_end];
            let (result, read, written, _) =
                self.decoder.decode_to_utf8(raw, &mut self.text, self.ended);
            self.raw_at += read;
            (self.text_at, self.text_end) = (0, written);
            self.finished = self.ended && result == CoderResult::InputEmpty;
        }
        let text = &self.text[self.text_at..self.text_end];
        let length = text.len().min(out.len());
        out[..length].copy_from_slice(&text[..length]);
        self.text_at += length;
        Ok(length)
    }
}

/// Text of which every byte is a character.
struct OneByte<R> {
    source: R,
    /// The characters of the bytes from 128 to 255.
    upper_half: Vec<char>,
    raw: Box<[u8]>,
    /// The decoded text, of which `text_at` bytes were returned.
    text: Vec<u8>,
    text_at: usize,
}

impl<R: Read> Read for OneByte<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.text_at == self.text.len() {
            let length = self.source.read(&mut self.raw)?;
            self.text.clear();
            self.text_at = 0;
            for &byte in &self.raw[..length] {
                match byte.checked_sub(128) {
                    None => self.text.push(byte),
                    Some(at) => {
                        let letter = self.upper_half[usize::from(at)];
                        self.text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                }
            }
        }
        let text = &self.text[self.text_at..];
        let length = text.len().min(out.len());
        out[..length].copy_from_slice(&text[..length]);
        self.text_at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{
        EUC_JP, Encoding, GBK, ISO_2022_JP, SHIFT_JIS, UTF_16BE, UTF_16LE, WINDOWS_1251,
    };
    use encoding_rs::{EUC_KR, WINDOWS_1252};
    use rstest::rstest;

    use super::*;

    /// Returns one byte at a time, so that every multi-byte character is split between reads.
    struct ByteByByte<'a>(&'a [u8]);

    impl Read for ByteByByte<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let length = self.0.len().min(1).min(out.len());
            out[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    fn text(bytes: &[u8], encoding: &'static Encoding) -> String {
        text_of(bytes, TextEncoding::Web(encoding))
    }

    fn text_of(bytes: &[u8], encoding: TextEncoding) -> String {
        let mut text = String::new();
        decoded(ByteByByte(bytes), encoding).read_to_string(&mut text).unwrap();
        text
    }

    #[rstest]
    #[case(WINDOWS_1252, "Jörg Weiß")]
    #[case(WINDOWS_1251, "Имя Фамилия")]
    #[case(SHIFT_JIS, "氏名")]
    #[case(EUC_JP, "氏名")]
    #[case(ISO_2022_JP, "氏名, mail")]
    #[case(GBK, "姓名")]
    #[case(EUC_KR, "이름")]
    fn each_encoding_becomes_utf_8(#[case] encoding: &'static Encoding, #[case] expected: &str) {
        assert_eq!(text(&encoding.encode(expected).0, encoding), expected);
    }

    #[test]
    fn code_pages_of_dos_are_read() {
        let western = TextEncoding::for_name("ibm850");
        assert_eq!(text_of(b"J\x81rgen Wei\xe1", western), "Jürgen Weiß");
        let central = TextEncoding::for_name("ibm852");
        assert_eq!(text_of(b"Ji\xfd\xa1 Bo\xa7ena", central), "Jiří Božena");
    }

    #[test]
    fn utf_16_is_read_in_both_byte_orders() {
        assert_eq!(text(b"a\0\xe4\0=\xd8\0\xde", UTF_16LE), "aä😀");
        assert_eq!(text(b"\0a\0\xe4\xd8=\xde\0", UTF_16BE), "aä😀");
    }

    #[test]
    fn malformed_bytes_become_replacement_characters() {
        assert_eq!(text(b"a\0\0\xd8b\0", UTF_16LE), "a\u{fffd}b");
        assert_eq!(text(b"a\0b", UTF_16LE), "a\u{fffd}");
        assert_eq!(text(b"a\x81", SHIFT_JIS), "a\u{fffd}");
    }
}
