//! Lines out of pieces, none longer than it may be.

/// Puts lines together.
pub(super) struct Lines {
    begun: Vec<u8>,
    longest: usize,
}

/// A line is longer than it may be.
pub(super) struct TooLong;

impl Lines {
    pub(super) fn new(longest: usize) -> Self {
        Self { begun: Vec::new(), longest }
    }

    /// Takes a piece, and gives the lines that end in it, without their ends.
    pub(super) fn feed<E: From<TooLong>>(
        &mut self,
        mut piece: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = piece.split_at(end);
            piece = &rest[1..];
            if line.len() + self.begun.len() > self.longest {
                return Err(TooLong.into());
            }
            if self.begun.is_empty() {
                take(without_return(line))?;
            } else {
                self.begun.extend_from_slice(line);
                take(without_return(&self.begun))?;
                self.begun.clear();
            }
        }
        if piece.len() + self.begun.len() > self.longest {
            return Err(TooLong.into());
        }
        self.begun.extend_from_slice(piece);
        Ok(())
    }

    /// The same, but long lines are cut.
    pub(super) fn feed_cutting(&mut self, piece: &[u8], mut take: impl FnMut(&[u8])) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let line = part.strip_suffix(b"\n").unwrap_or(part);
            let room = self.longest - self.begun.len();
            self.begun.extend_from_slice(&line[..line.len().min(room)]);
            if part.len() > line.len() {
                take(without_return(&self.begun));
                self.begun.clear();
            }
        }
    }

    /// What is left without an end, if anything is.
    pub(super) fn rest(self) -> Option<Vec<u8>> {
        (!self.begun.is_empty()).then_some(self.begun)
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl From<TooLong> for &'static str {
        fn from(_: TooLong) -> Self {
            "too long"
        }
    }

    fn lines(longest: usize, pieces: &[&str]) -> Result<Vec<String>, &'static str> {
        let mut lines = Lines::new(longest);
        let mut all = Vec::new();
        for piece in pieces {
            lines.feed(piece.as_bytes(), |line| {
                all.push(String::from_utf8_lossy(line).into_owned());
                Ok::<_, &'static str>(())
            })?;
        }
        all.extend(lines.rest().map(|rest| format!("{}…", String::from_utf8_lossy(&rest))));
        Ok(all)
    }

    #[test]
    fn lines_are_put_together_from_pieces() {
        assert_eq!(lines(9, &["a\nb", "c\r", "\n\nd"]).unwrap(), ["a", "bc", "", "d…"]);
        assert_eq!(lines(3, &["abc\n", "abc"]).unwrap(), ["abc", "abc…"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_refused_before_it_ends() {
        assert!(lines(3, &["abcd\n"]).is_err());
        assert!(lines(3, &["ab", "cd"]).is_err());
        assert!(lines(3, &["ab", "cd\n"]).is_err());
    }

    #[test]
    fn where_it_does_not_matter_the_end_of_a_long_line_is_dropped() {
        let mut lines = Lines::new(3);
        let mut all = Vec::new();
        for piece in ["ab", "cdef", "g\nh", "\nijkl\nm"] {
            lines.feed_cutting(piece.as_bytes(), |line| all.push(line.to_owned()));
        }
        assert_eq!(all, [b"abc".as_slice(), b"h", b"ijk"]);
        assert_eq!(lines.rest().unwrap(), b"m");
    }
}
