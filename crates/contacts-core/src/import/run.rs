//! Taking a file's rows, chunk by chunk.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Chunk, PlannedRow, RowReader, Rows};
use crate::contact::ContactId;
use crate::{Error, Ids, Result};

/// Whether a piece of long work may go on, or must give way.
pub trait Turn: Sync {
    /// False when it must end, or when somebody else has waited long enough.
    fn may_go_on(&self) -> bool;

    /// True when the service is stopping or the work was given to another. All that work heeds
    /// which would have to begin again.
    fn must_end(&self) -> bool;
}

/// The rows of a file that were not taken yet, planned, in chunks.
pub struct Chunks {
    rows: Rows,
    reader: RowReader,
    ids: Arc<dyn Ids>,
    read: u64,
}

/// The most rows of a chunk in this process.
static ROWS: AtomicUsize = AtomicUsize::new(Chunks::ROWS);

impl Chunks {
    /// The most rows of a chunk.
    pub const ROWS: usize = 5_000;
    /// About the most bytes of the rows of a chunk, so that long rows do not fill the memory.
    pub const BYTES: usize = 4 << 20;

    /// Makes chunks of so many rows in this process, for tests of what happens between two.
    #[doc(hidden)]
    pub fn shrink(rows: usize) {
        ROWS.store(rows, Ordering::Relaxed);
    }

    /// Reads on after the rows that were taken already.
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
