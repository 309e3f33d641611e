//! Splits chunks of output into lines of limited length.

/// Splits chunks of output into lines.
pub(super) struct Lines {
    /// The start of a line whose end has not been read.
    partial: Vec<u8>,
    max_bytes: usize,
}

/// A line is longer than the limit.
pub(super) struct TooLong;

impl Lines {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { partial: Vec::new(), max_bytes }
    }

    /// Adds a chunk, and calls `take` with each line that ends in it, without the line end.
    ///
    /// # Errors
    ///
    /// [`TooLong`] when a line is longer than the limit, and the errors of `take`.
    pub(super) fn feed<E: From<TooLong>>(
        &mut self,
        mut chunk: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(end) = chunk.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = chunk.split_at(end);
            chunk = &rest[1..];
            if line.len() + self.partial.len() > self.max_bytes {
                return Err(TooLong.into());
            }
            if self.partial.is_empty() {
                take(without_return(line))?;
            } else {
                self.partial.extend_from_slice(line);
                take(without_return(&self.partial))?;
                self.partial.clear();
            }
        }
        if chunk.len() + self.partial.len() > self.max_bytes {
            return Err(TooLong.into());
        }
        self.partial.extend_from_slice(chunk);
        Ok(())
    }

    /// Like [`Lines::feed`], but long lines are cut off.
    pub(super) fn feed_truncating(&mut self, chunk: &[u8], mut take: impl FnMut(&[u8])) {
        for part in chunk.split_inclusive(|byte| *byte == b'\n') {
            let line = part.strip_suffix(b"\n").unwrap_or(part);
            let free_bytes = self.max_bytes - self.partial.len();
            self.partial.extend_from_slice(&line[..line.len().min(free_bytes)]);
            if part.len() > line.len() {
                take(without_return(&self.partial));
                self.partial.clear();
            }
        }
    }

    /// The text after the last line end, if there is any.
    pub(super) fn rest(self) -> Option<Vec<u8>> {
        (!self.partial.is_empty()).then_some(self.partial)
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

    fn lines(longest: usize, chunks: &[&str]) -> Result<Vec<String>, &'static str> {
        let mut lines = Lines::new(longest);
        let mut all = Vec::new();
        for chunk in chunks {
            lines.feed(chunk.as_bytes(), |line| {
                all.push(String::from_utf8_lossy(line).into_owned());
                Ok::<_, &'static str>(())
            })?;
        }
        all.extend(lines.rest().map(|rest| format!("{}…", String::from_utf8_lossy(&rest))));
        Ok(all)
    }

    #[test]
    fn lines_are_joined_across_chunks() {
        assert_eq!(lines(9, &["a\nb", "c\r", "\n\nd"]).unwrap(), ["a", "bc", "", "d…"]);
        assert_eq!(lines(3, &["abc\n", "abc"]).unwrap(), ["abc", "abc…"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_refused_before_its_end() {
        assert!(lines(3, &["abcd\n"]).is_err());
        assert!(lines(3, &["ab", "cd"]).is_err());
        assert!(lines(3, &["ab", "cd\n"]).is_err());
    }

    #[test]
    fn a_long_line_is_cut_off() {
        let mut lines = Lines::new(3);
        let mut all = Vec::new();
        for chunk in ["ab", "cdef", "g\nh", "\nijkl\nm"] {
            lines.feed_truncating(chunk.as_bytes(), |line| all.push(line.to_owned()));
        }
        assert_eq!(all, [b"abc".as_slice(), b"h", b"ijk"]);
        assert_eq!(lines.rest().unwrap(), b"m");
    }
}
