//! Storing a file as it comes in.

use std::sync::Arc;

use super::{Import, ImportRepository, ImportState};
use crate::file::FileStore;
use crate::{Clock, Error, Result};

/// A file that is being stored, piece by piece, so that it is never whole in memory.
pub struct Upload {
    pub(super) import: Import,
    pub(super) files: Arc<dyn FileStore>,
    pub(super) imports: Arc<dyn ImportRepository>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) limit: u64,
    pub(super) pieces: u32,
    pub(super) buffer: Vec<u8>,
}

impl Upload {
    /// How many bytes a stored piece has.
    pub const PIECE: usize = 512 << 10;

    /// The import that the file is for.
    pub fn import(&self) -> &Import {
        &self.import
    }

    /// Takes the next bytes. Returns whether the file is still within the limit; beyond it,
    /// nothing more is stored.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] when they cannot be kept.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<bool> {
        self.import.bytes += bytes.len() as u64;
        if self.import.bytes > self.limit {
            return Ok(false);
        }
        while !bytes.is_empty() {
            let room = Self::PIECE - self.buffer.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == Self::PIECE {
                self.store_piece()?;
            }
        }
        Ok(true)
    }

    /// The file is complete: it will be looked at.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; [`Error::Conflict`] when the import was cancelled meanwhile.
    pub fn finish(mut self) -> Result<Import> {
        if !self.buffer.is_empty() {
            self.store_piece()?;
        }
        let Import { org, id, bytes, .. } = self.import;
        if !self.imports.uploaded(org, id, bytes, self.clock.now())? {
            return Err(Error::Conflict("the import was cancelled".to_owned()));
        }
        self.imports.get(org, id)?.ok_or(Error::NotFound("import"))
    }

    /// The file will not be complete: nothing of it is kept.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn abandon(self, problem: &str) -> Result<()> {
        let Import { org, id, file, .. } = self.import;
        self.imports.end(
            org,
            id,
            ImportState::Failed,
            Some(problem.to_owned()),
            self.clock.now(),
        )?;
        self.files.delete(org, file)
    }

    fn store_piece(&mut self) -> Result<()> {
        self.files.append(self.import.org, self.import.file, self.pieces, &self.buffer)?;
        self.pieces += 1;
        self.buffer.clear();
        Ok(())
    }
}
