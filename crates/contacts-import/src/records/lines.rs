//! Finds line ends and closing quotation marks within the bytes of one record.

/// Whether every quotation mark that closes a multi-line cell is followed by the end of the cell.
/// Spaces and tabs in between are allowed.
pub(super) fn closes(record: &[u8], delimiter: u8) -> bool {
    let mut rest = record;
    loop {
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            let Some(length) = quoted_length(quoted) else { return false };
            rest = &quoted[length + 1..];
            let after =
                rest.iter().find(|byte| **byte == delimiter || !matches!(byte, b' ' | b'\t'));
            if line_end(&quoted[..length]).is_some() && after.is_some_and(|byte| *byte != delimiter)
            {
                return false;
            }
        }
        match rest.iter().position(|byte| *byte == delimiter) {
            Some(at) => rest = &rest[at + 1..],
            None => return true,
        }
    }
}

/// Number of bytes of a quoted cell, up to its closing quotation mark.
fn quoted_length(quoted: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += quoted[at..].iter().position(|byte| *byte == b'"')?;
        if quoted.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// Whether a byte ends a line.
pub(super) fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// The index of the first line end.
pub(super) fn line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| is_line_end(*byte))
}

/// Number of lines that end within `bytes`; CRLF is one line end.
pub(super) fn line_ends(bytes: &[u8]) -> u64 {
    let all = bytes.iter().filter(|byte| is_line_end(**byte)).count();
    if all == 0 {
        return 0;
    }
    (all - bytes.windows(2).filter(|pair| *pair == b"\r\n").count()) as u64
}
