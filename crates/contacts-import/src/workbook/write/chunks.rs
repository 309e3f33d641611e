//! Reads bytes that come in chunks.

use std::io::{self, Read};

use contacts_core::import::FileBytes;

/// A reader of the bytes of a file that is being written. An error is returned as what
/// [`io::Error::downcast`] gives back.
pub(super) struct Chunks {
    chunks: FileBytes,
    chunk: Vec<u8>,
    /// Number of bytes of the chunk that were read.
    read: usize,
}

impl Chunks {
    pub(super) fn of(chunks: FileBytes) -> Self {
        Self { chunks, chunk: Vec::new(), read: 0 }
    }
}

impl Read for Chunks {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.read == self.chunk.len() {
            let Some(chunk) = self.chunks.next() else { return Ok(0) };
            self.chunk = chunk.map_err(io::Error::other)?;
            self.read = 0;
        }
        let rest = &self.chunk[self.read..];
        let length = rest.len().min(out.len());
        out[..length].copy_from_slice(&rest[..length]);
        self.read += length;
        Ok(length)
    }
}
