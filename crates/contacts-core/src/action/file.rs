//! Reading of the file of an export.

use std::io::Read;
use std::sync::Arc;

use super::{ActionId, ActionRepository};
use crate::file::FileContent;
use crate::{Error, OrgId, Result};

/// The bytes of the file of an export, in blocks.
pub struct ActionFile {
    pub(super) actions: Arc<dyn ActionRepository>,
    pub(super) org: OrgId,
    pub(super) id: ActionId,
    /// Bytes that precede the stored ones.
    pub(super) header: Option<Vec<u8>>,
    pub(super) bytes: Option<Box<dyn FileContent>>,
}

impl ActionFile {
    /// Number of bytes per block.
    const READ: usize = 64 << 10;

    fn read(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(bytes) = &mut self.bytes else { return Ok(None) };
        let mut read = vec![0; Self::READ];
        let length = bytes.read(&mut read).map_err(Error::store)?;
        read.truncate(length);
        if length > 0 {
            return Ok(Some(read));
        }
        // A file that is deleted while it is read would seem to end early.
        let action = self.actions.get(self.org, self.id)?;
        match action.and_then(|action| action.file) {
            Some(_) => Ok(None),
            None => Err(Error::FileErased),
        }
    }
}

impl Iterator for ActionFile {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(header) = self.header.take() {
            return Some(Ok(header));
        }
        let read = self.read().transpose();
        if !matches!(read, Some(Ok(_))) {
            self.bytes = None;
        }
        read
    }
}
