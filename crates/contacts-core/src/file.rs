//! Files: uploads waiting to be imported.

use std::io::Read;

use crate::org::id;
use crate::{OrgId, Result};

id! {
    /// A stored file.
    FileId
}

/// Keeps files, in pieces, so that no file is ever whole in memory.
///
/// Every implementation passes `contacts_testkit::file_store_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait FileStore: Send + Sync {
    /// Adds the next piece of a file; the first one makes it. Pieces count from 0.
    /// A piece that is there already stays as it is, so that one can be sent again.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be kept.
    fn append(&self, org: OrgId, file: FileId, piece: u32, bytes: &[u8]) -> Result<()>;

    /// Opens a file for reading from its beginning. A file that is not there is empty.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn open(&self, org: OrgId, file: FileId) -> Result<Box<dyn Read + Send>>;

    /// Deletes a file; one that is not there is deleted already.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be deleted.
    fn delete(&self, org: OrgId, file: FileId) -> Result<()>;
}
