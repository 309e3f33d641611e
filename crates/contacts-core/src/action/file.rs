//! The file of an export, as it is read.

use std::io::Read;
use std::sync::Arc;

use super::{ActionId, ActionRepository};
use crate::{Error, OrgId, Result};

/// The bytes of the file that an export made, a little at a time.
pub struct ActionFile {
    pub(super) actions: Arc<dyn ActionRepository>,
    pub(super) org: OrgId,
    pub(super) id: ActionId,
    /// What comes before that which is kept.
    pub(super) header: Option<Vec<u8>>,
    pub(super) bytes: Option<Box<dyn Read + Send>>,
}

impl ActionFile {
    /// How many bytes are read at a time.
    const READ: usize = 64 << 10;

    fn read(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(bytes) = &mut self.bytes else { return Ok(None) };
        let mut read = vec![0; Self::READ];
        let length = bytes.read(&mut read).map_err(Error::store)?;
        read.truncate(length);
        if length > 0 {
            return Ok(Some(read));
        }
        // One that is deleted meanwhile seems to end early.
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
