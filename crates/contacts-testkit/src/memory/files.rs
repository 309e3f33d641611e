//! Files in memory.

use std::cmp::Ordering;
use std::io::Cursor;

use contacts_core::file::{FileContent, FileId, FileStore};
use contacts_core::{Error, OrgId, Result};

use crate::World;
use crate::world::Rows;

impl Rows {
    /// Stores a chunk of a file.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] when a chunk before it is missing.
    pub(crate) fn append_chunk(&mut self, file: FileId, chunk: u32, bytes: &[u8]) -> Result<()> {
        let chunks = self.files.entry(file).or_default();
        match (chunks.len() as u64).cmp(&u64::from(chunk)) {
            Ordering::Less => return Err(Error::store("a chunk before this one is missing")),
            Ordering::Equal => chunks.push(bytes.to_vec()),
            // A client that lost the answer sends its chunk again: store it only once.
            Ordering::Greater => {}
        }
        Ok(())
    }
}

impl FileStore for World {
    fn append(&self, org: OrgId, file: FileId, chunk: u32, bytes: &[u8]) -> Result<()> {
        self.rows(org, |rows| rows.append_chunk(file, chunk, bytes))
    }

    fn open(&self, org: OrgId, file: FileId) -> Result<Box<dyn FileContent>> {
        self.read(org, |rows| {
            let bytes = rows.files.get(&file).map(|chunks| chunks.concat()).unwrap_or_default();
            Ok(Box::new(Cursor::new(bytes)) as Box<dyn FileContent>)
        })
    }

    fn delete(&self, org: OrgId, file: FileId) -> Result<()> {
        self.rows(org, |rows| {
            rows.files.remove(&file);
            Ok(())
        })
    }
}
