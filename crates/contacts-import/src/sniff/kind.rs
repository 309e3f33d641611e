//! Files that are not text.

use contacts_core::import::TableProblem;

/// The first bytes of file formats that are not text, and the name of each format.
const MAGIC: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"\0\0\x01\0", "an icon"),
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "a rich-text document"),
    (b"\x09\x08\x10\0\0\x06\x05\0", "an old Excel workbook"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"Obj\x01", "an Avro file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\0\x01\0\0Standard", "an Access database"),
    (b"\x7fELF", "a program"),
    (b"ID3", "a sound file"),
    (b"OggS\0", "a sound file"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"\xff\xfe\0\0", "in the encoding UTF-32"),
    (b"\0\0\xfe\xff", "in the encoding UTF-32"),
];

/// The first bytes of archives, and the name of each format.
const ARCHIVES: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
];

/// The beginnings of text formats that are not tables, in lower case, and the name of each format.
const OTHER_TEXT: &[(&str, &str)] = &[
    ("<!doctype html", "a web page"),
    ("<html", "a web page"),
    ("<?xml", "XML"),
    ("begin:vcard", "a vCard file"),
    ("begin:vcalendar", "a calendar file"),
    ("[{", "JSON"),
    ("{\"", "JSON"),
    ("{\n", "JSON"),
    ("{\r", "JSON"),
];

/// Returns the problem of a file whose first bytes show that it is not a table.
pub(crate) fn of(head: &[u8]) -> Option<TableProblem> {
    let named = |formats: &'static [(&[u8], &str)]| {
        formats.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, kind)| *kind)
    };
    let archive = || named(ARCHIVES).map(TableProblem::Archive);
    let other = || named(MAGIC).or_else(|| media(head)).or_else(|| other_text(head));
    archive().or_else(|| other().map(TableProblem::NotTable))
}

/// Detects formats with a mark so short that a text could begin with it: a NUL must follow.
fn media(head: &[u8]) -> Option<&'static str> {
    let start = &head[..head.len().min(64)];
    if !start.contains(&0) {
        return None;
    }
    match start {
        [b'B', b'M', ..] => Some("a BMP picture"),
        [b'M', b'Z', ..] => Some("a program"),
        [b'R', b'I', b'F', b'F', ..] => Some("a picture, sound or film"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("a picture or film"),
        _ => None,
    }
}

fn other_text(head: &[u8]) -> Option<&'static str> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let start = String::from_utf8_lossy(&head[..head.len().min(32)]).to_ascii_lowercase();
    OTHER_TEXT.iter().find(|(opening, _)| start.starts_with(opening)).map(|(_, kind)| *kind)
}

/// Whether decoded text is binary data: it has many control characters or malformed bytes.
pub(crate) fn is_binary(text: &str) -> bool {
    let strange = |c: &char| {
        c.is_control()
            && !matches!(c, '\t' | '\n' | '\r' | '\x0b' | '\x0c' | '\x1a' | '\x1b' | '\u{85}')
    };
    let all = text.chars().count();
    let strange = text.chars().filter(strange).count();
    let broken = text.chars().filter(|c| *c == '\u{fffd}').count();
    strange > 8 && strange * 20 > all || broken > 8 && broken * 4 > all
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(8, 0, false)]
    #[case(9, 170, true)]
    #[case(9, 171, false)]
    #[case(20, 400, false)]
    fn more_than_one_control_character_in_twenty_is_binary(
        #[case] controls: usize,
        #[case] letters: usize,
        #[case] expected: bool,
    ) {
        assert_eq!(is_binary(&("\x01".repeat(controls) + &"a".repeat(letters))), expected);
    }

    #[rstest]
    #[case(8, 0, false)]
    #[case(9, 26, true)]
    #[case(9, 27, false)]
    fn more_than_one_malformed_character_in_four_is_binary(
        #[case] malformed: usize,
        #[case] letters: usize,
        #[case] expected: bool,
    ) {
        assert_eq!(is_binary(&("\u{fffd}".repeat(malformed) + &"a".repeat(letters))), expected);
    }

    #[test]
    fn control_characters_of_text_files_are_not_binary() {
        assert!(!is_binary(&"\t\n\r\x0b\x0c\x1a\x1b\u{85}".repeat(100)));
    }

    #[rstest]
    #[case(b"BM\x36\0", Some("a BMP picture"))]
    #[case(b"MZ\x90\0", Some("a program"))]
    #[case(b"RIFF\x24\0\0\0WAVE", Some("a picture, sound or film"))]
    #[case(b"\0\0\0\x18ftypmp42", Some("a picture or film"))]
    #[case(b"\xef\xbb\xbf  <HTML>", Some("a web page"))]
    #[case(b"{\n \"name\": 1", Some("JSON"))]
    #[case(b"BM name,email", None)]
    #[case(b"name,email\nAnn,a@example.org\n", None)]
    #[case(b"abcdftyp,email\n", None)]
    fn formats_are_recognised_by_their_first_bytes(
        #[case] head: &[u8],
        #[case] expected: Option<&'static str>,
    ) {
        assert_eq!(of(head), expected.map(TableProblem::NotTable));
    }

    #[test]
    fn archives_are_to_be_unpacked() {
        assert_eq!(of(b"\x1f\x8b\x08\0"), Some(TableProblem::Archive("a gzip archive")));
    }
}
