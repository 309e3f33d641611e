//! Rewrites the ways of quoting of other programs as that of RFC 4180, byte by byte.
//!
//! Line ends stay where they are, so that rows keep their lines.

use std::io::{self, Read};

use contacts_core::import::Quoting;

/// Number of bytes read from the source at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Returns a reader of the source's text, quoted as in RFC 4180.
pub(crate) fn standardised<'a>(
    source: Box<dyn Read + Send + 'a>,
    delimiter: u8,
    quoting: Quoting,
) -> Box<dyn Read + Send + 'a> {
    if quoting == Quoting::Standard {
        return source;
    }
    let rewriter = Rewriter { quoting, delimiter, state: State::CellStart };
    let chunk = vec![0; CHUNK_BYTES].into();
    Box::new(Standardised { source, rewriter, chunk, text: Vec::new(), read: 0, ended: false })
}

struct Standardised<R> {
    source: R,
    rewriter: Rewriter,
    chunk: Box<[u8]>,
    /// The rewritten text, of which `read` bytes were returned.
    text: Vec<u8>,
    read: usize,
    /// Whether the source has no more bytes.
    ended: bool,
}

impl<R: Read> Read for Standardised<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.read == self.text.len() && !self.ended {
            let length = self.source.read(&mut self.chunk)?;
            self.text.clear();
            self.read = 0;
            self.ended = length == 0;
            if self.ended {
                self.rewriter.finish(&mut self.text);
            }
            for &byte in &self.chunk[..length] {
                self.rewriter.push(byte, &mut self.text);
            }
        }
        let text = &self.text[self.read..];
        let length = text.len().min(out.len());
        out[..length].copy_from_slice(&text[..length]);
        self.read += length;
        Ok(length)
    }
}

struct Rewriter {
    quoting: Quoting,
    delimiter: u8,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    /// Before the first byte of a cell; of a line, where whole lines are quoted.
    CellStart,
    Unquoted,
    Quoted,
    /// After a quotation mark in a quoted cell: it closes the cell, or is the first of two.
    Closing,
    /// After a backslash in a quoted cell.
    Escaped,
    /// In a cell that begins with a quotation mark that quotes nothing: it is quoted here.
    Verbatim,
}

impl Rewriter {
    /// Ends the last cell.
    fn finish(&mut self, out: &mut Vec<u8>) {
        let is_open = match self.state {
            State::Verbatim => true,
            State::Closing => self.quoting == Quoting::Apostrophes,
            _ => false,
        };
        if is_open {
            out.push(b'"');
        }
    }

    /// Rewrites a byte of a text in which quotation marks quote nothing, and apostrophes may.
    fn push_unmarked(&mut self, byte: u8, out: &mut Vec<u8>) {
        let is_end = matches!(byte, b'\n' | b'\r') || byte == self.delimiter;
        let outside = if is_end { State::CellStart } else { State::Unquoted };
        self.state = match (self.state, byte) {
            (State::CellStart, b'\'') if self.quoting == Quoting::Apostrophes => {
                out.push(b'"');
                State::Quoted
            }
            (State::CellStart, b'"') => {
                out.extend_from_slice(b"\"\"\"");
                State::Verbatim
            }
            (State::Verbatim, _) if is_end => {
                out.extend_from_slice(&[b'"', byte]);
                outside
            }
            (State::Quoted, b'\'') => State::Closing,
            (State::Closing, b'\'') => {
                out.push(byte);
                State::Quoted
            }
            (state @ (State::Verbatim | State::Quoted), _) => {
                push_quoted(byte, out);
                state
            }
            (State::Closing, _) if is_end => {
                out.extend_from_slice(&[b'"', byte]);
                State::CellStart
            }
            // An apostrophe within a word closes nothing.
            (State::Closing, _) => {
                out.push(b'\'');
                push_quoted(byte, out);
                State::Quoted
            }
            (State::CellStart | State::Unquoted | State::Escaped, _) => {
                out.push(byte);
                outside
            }
        };
    }

    fn push(&mut self, byte: u8, out: &mut Vec<u8>) {
        if matches!(self.quoting, Quoting::Apostrophes | Quoting::Never) {
            return self.push_unmarked(byte, out);
        }
        let is_line_end = matches!(byte, b'\n' | b'\r');
        let whole_lines = self.quoting == Quoting::WholeLines;
        let is_end = is_line_end || (byte == self.delimiter && !whole_lines);
        let outside = if is_end { State::CellStart } else { State::Unquoted };
        self.state = match (self.state, byte) {
            (State::CellStart, b' ' | b'\t')
                if self.quoting == Quoting::AfterSpaces && byte != self.delimiter =>
            {
                State::CellStart
            }
            (State::CellStart, b'"') => {
                if !whole_lines {
                    out.push(byte);
                }
                State::Quoted
            }
            (State::CellStart | State::Unquoted | State::Verbatim, _) => {
                out.push(byte);
                outside
            }
            (State::Quoted, b'"') => {
                if !whole_lines {
                    out.push(byte);
                }
                State::Closing
            }
            (State::Quoted, b'\\') if self.quoting == Quoting::Backslash => State::Escaped,
            (State::Quoted, _) => {
                out.push(byte);
                State::Quoted
            }
            (State::Escaped, b'"') => {
                out.extend_from_slice(b"\"\"");
                State::Quoted
            }
            (State::Escaped, _) => {
                if byte != b'\\' {
                    out.push(b'\\');
                }
                out.push(byte);
                State::Quoted
            }
            (State::Closing, b'"') => {
                out.push(byte);
                State::Quoted
            }
            (State::Closing, _) if whole_lines && !is_line_end => {
                out.extend_from_slice(&[b'"', byte]);
                State::Quoted
            }
            (State::Closing, _) => {
                out.push(byte);
                outside
            }
        };
    }
}

/// Writes a byte of a cell that is quoted as in RFC 4180.
fn push_quoted(byte: u8, out: &mut Vec<u8>) {
    if byte == b'"' {
        out.push(byte);
    }
    out.push(byte);
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Quoting::Standard, "a, \"b\"\n", "a, \"b\"\n")]
    #[case(Quoting::AfterSpaces, "\"a\", \"b, c\",\t\"d\"\n", "\"a\",\"b, c\",\"d\"\n")]
    #[case(Quoting::AfterSpaces, "a,  b \"c\", \n  \"d\"", "a,b \"c\",\n\"d\"")]
    #[case(Quoting::AfterSpaces, "\"a, \"\"b\"\"\",  ", "\"a, \"\"b\"\"\",")]
    #[case(Quoting::Backslash, r#""a \"b\", c",d\"e"#, r#""a ""b"", c",d\"e"#)]
    #[case(Quoting::Backslash, r#""a\\","b\n""#, r#""a\","b\n""#)]
    #[case(Quoting::WholeLines, "\"a,\"\"b, c\"\",d\"\r\n\"e,f,g\"", "a,\"b, c\",d\r\ne,f,g")]
    #[case(Quoting::WholeLines, "a,\"b\"\n\"c,d\"\n", "a,\"b\"\nc,d\n")]
    #[case(Quoting::Apostrophes, "'a, \"b\"',c\n'd''s','e'", "\"a, \"\"b\"\"\",c\n\"d's\",\"e\"")]
    #[case(Quoting::Apostrophes, "O'Neil,\"x\"\n", "O'Neil,\"\"\"x\"\"\"\n")]
    #[case(Quoting::Apostrophes, "'won't, \"x\" can't',b", "\"won't, \"\"x\"\" can't\",b")]
    #[case(Quoting::Never, "\"a,b \"c\"\r\nd,\"", "\"\"\"a\",b \"c\"\r\nd,\"\"\"\"")]
    fn other_ways_of_quoting_are_rewritten(
        #[case] quoting: Quoting,
        #[case] text: &str,
        #[case] expected: &str,
    ) {
        let mut read = String::new();
        let source = Box::new(text.as_bytes());
        standardised(source, b',', quoting).read_to_string(&mut read).unwrap();
        assert_eq!(read, expected);
    }
}
