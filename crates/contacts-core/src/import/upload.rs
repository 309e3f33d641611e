//! Storing a file while it is uploaded.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::{Import, ImportRepository};
use crate::answer::without_claim;
use crate::file::FileStore;
use crate::run::RunState;
use crate::{Clock, Error, Result};

/// A file that is stored in chunks, so that it is never whole in memory.
pub struct Upload {
    pub(super) import: Import,
    pub(super) files: Arc<dyn FileStore>,
    pub(super) imports: Arc<dyn ImportRepository>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) limit: u64,
    pub(super) chunks: u32,
    pub(super) buffer: Vec<u8>,
    pub(super) stored_at: OffsetDateTime,
}

impl Upload {
    /// Size of a stored chunk in bytes.
    pub const CHUNK: usize = 512 << 10;

    /// Time after which a chunk that is not full is stored: the sign that the upload goes on.
    pub const STORE_AFTER: Duration = Duration::seconds(10);

    /// The import that the file is for.
    pub fn import(&self) -> &Import {
        &self.import
    }

    /// Stores the next bytes. Returns whether the file is still within the limit; beyond it,
    /// nothing more is stored.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] when the store fails; [`Error::Conflict`] when the import was cancelled
    /// meanwhile, or has failed.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<bool> {
        self.import.bytes += bytes.len() as u64;
        if self.import.bytes > self.limit {
            return Ok(false);
        }
        while !bytes.is_empty() {
            let free = Self::CHUNK - self.buffer.len();
            let (now, rest) = bytes.split_at(free.min(bytes.len()));
            self.buffer.extend_from_slice(now);
            bytes = rest;
            if self.buffer.len() == Self::CHUNK {
                self.store_chunk()?;
            }
        }
        if !self.buffer.is_empty() && self.clock.now() - self.stored_at >= Self::STORE_AFTER {
            self.store_chunk()?;
        }
        Ok(true)
    }

    /// Completes the file, and queues its analysis.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; [`Error::Conflict`] when the import was cancelled meanwhile, or has
    /// failed.
    pub fn finish(mut self) -> Result<Import> {
        if !self.buffer.is_empty() {
            self.store_chunk()?;
        }
        let Import { org, id, bytes, .. } = self.import;
        if !self.imports.uploaded(org, id, bytes, self.clock.now())? {
            return Err(self.ended());
        }
        self.imports.get(org, id)?.ok_or(Error::NotFound("import"))
    }

    /// Abandons the upload, and deletes what was stored.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn abandon(self, problem: &str) -> Result<()> {
        let Import { org, id, file, .. } = self.import;
        without_claim(|| {
            let (now, problem) = (self.clock.now(), Some(problem.to_owned()));
            self.imports.end(org, id, RunState::Failed, problem, self.import.actor, now)?;
            self.files.delete(org, file)
        })
    }

    fn store_chunk(&mut self) -> Result<()> {
        // Only the end of an upload carries its request out: what was stored before is deleted when
        // the upload breaks off, and sent again.
        let now = self.clock.now();
        let store = || self.imports.store_chunk(&self.import, self.chunks, &self.buffer, now);
        if !without_claim(store)? {
            return Err(self.ended());
        }
        self.stored_at = now;
        self.chunks += 1;
        self.buffer.clear();
        Ok(())
    }

    /// Returns the error for an import that was ended during its upload, and deletes its file: a
    /// cancel or the housekeeping may have ended the import before its last chunk was stored.
    fn ended(&self) -> Error {
        let Import { org, id, file, .. } = self.import;
        if let Err(error) = without_claim(|| self.files.delete(org, file)) {
            return error;
        }
        let import = self.imports.get(org, id).ok().flatten();
        let state = import.map_or("deleted", |import| import.state.as_str());
        Error::Conflict(format!("the import is {state}: upload the file again"))
    }
}
