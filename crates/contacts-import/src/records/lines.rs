//! Lines and quotation marks within the bytes of one record.

/// Whether every quotation mark that closes a cell of several lines is followed by the end of
/// the cell. White space in between is forgiven.
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

/// How long a quoted cell is, up to the mark that closes it.
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

/// Where the first line ends.
pub(super) fn line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| is_line_end(*byte))
}

/// How many lines end in `bytes`.
pub(super) fn line_ends(bytes: &[u8]) -> u64 {
    let all = bytes.iter().filter(|byte| is_line_end(**byte)).count();
    if all == 0 {
        return 0;
    }
    (all - bytes.windows(2).filter(|pair| *pair == b"\r\n").count()) as u64
}
