//! Reads the rows of a file in chunks.

use std::collections::VecDeque;
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
    /// The numbers of the rows that are read; `None` reads all.
    only: Option<VecDeque<u64>>,
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
        Ok(Self { rows, reader, ids, read: taken, only: None })
    }

    /// Reads some rows of the file only, whose numbers are in order.
    pub(super) fn only(
        numbers: Vec<u64>,
        rows: Rows,
        reader: RowReader,
        ids: Arc<dyn Ids>,
    ) -> Self {
        Self { rows, reader, ids, read: 0, only: Some(numbers.into()) }
    }

    /// Returns whether the row that was read last is among those that are wanted.
    fn is_wanted(&mut self) -> bool {
        let read = self.read;
        self.only.as_mut().is_none_or(|only| only.pop_front_if(|number| *number == read).is_some())
    }

    /// Returns whether every row that is wanted was read.
    fn is_complete(&self) -> bool {
        self.only.as_ref().is_some_and(VecDeque::is_empty)
    }
}

impl Iterator for Chunks {
    type Item = Result<Chunk>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut chunk = Chunk { after: self.read, is_retry: self.only.is_some(), rows: Vec::new() };
        let (most, mut bytes) = (ROWS.load(Ordering::Relaxed), 0);
        while chunk.rows.len() < most && bytes < Self::BYTES && !self.is_complete() {
            let row = match self.rows.next() {
                Some(Ok(row)) => row,
                Some(Err(error)) => return Some(Err(Error::store(error))),
                None if self.only.is_some() => {
                    let reason = "the file has no such row: upload it again";
                    return Some(Err(Error::store(reason)));
                }
                None => break,
            };
            self.read += 1;
            if !self.is_wanted() {
                continue;
            }
            let line = row.line;
            bytes += row.cells.iter().flatten().map(String::len).sum::<usize>();
            let (row, warnings) = self.reader.read(row);
            let id = ContactId(self.ids.next());
            chunk.rows.push(PlannedRow { number: self.read, line, id, row, warnings });
        }
        (!chunk.rows.is_empty()).then_some(Ok(chunk))
    }
}
