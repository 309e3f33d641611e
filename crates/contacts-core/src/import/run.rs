//! Reads the rows of a file in chunks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Chunk, PlannedRow, RowReader, Rows};
use crate::contact::ContactId;
use crate::{Error, Ids, Result};

/// The rows of a file that were not applied yet, in chunks.
pub struct Chunks {
    rows: Rows,
    reader: RowReader,
    ids: Arc<dyn Ids>,
    read: u64,
}

/// Maximum rows of a chunk in this process.
static ROWS: AtomicUsize = AtomicUsize::new(Chunks::ROWS);

impl Chunks {
    /// Maximum rows of a chunk.
    pub const ROWS: usize = 5_000;
    /// Approximate maximum size of a chunk in bytes, so that long rows do not exhaust memory.
    pub const BYTES: usize = 4 << 20;

    /// Limits the rows of a chunk in this process, for tests of what happens between two chunks.
    #[doc(hidden)]
    pub fn shrink(rows: usize) {
        ROWS.store(rows, Ordering::Relaxed);
    }

    /// Skips the rows that were applied already.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] when the file cannot be read.
    pub(super) fn after(
        taken: u64,
        mut rows: Rows,
        reader: RowReader,
        ids: Arc<dyn Ids>,
    ) -> Result<Self> {
        for _ in 0..taken {
            match rows.next() {
                Some(row) => row.map_err(Error::store)?,
                None => break,
            };
        }
        Ok(Self { rows, reader, ids, read: taken })
    }
}

impl Iterator for Chunks {
    type Item = Result<Chunk>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut chunk = Chunk { after: self.read, rows: Vec::new() };
        let (most, mut bytes) = (ROWS.load(Ordering::Relaxed), 0);
        while chunk.rows.len() < most && bytes < Self::BYTES {
            let row = match self.rows.next() {
                Some(Ok(row)) => row,
                Some(Err(error)) => return Some(Err(Error::store(error))),
                None => break,
            };
            self.read += 1;
            let line = row.line;
            bytes += row.cells.iter().flatten().map(String::len).sum::<usize>();
            let (row, warnings) = self.reader.read(row);
            let id = ContactId(self.ids.next());
            chunk.rows.push(PlannedRow { number: self.read, line, id, row, warnings });
        }
        (!chunk.rows.is_empty()).then_some(Ok(chunk))
    }
}
