//! Stored files, such as uploads and exports.

use std::io::{Read, Seek};

use crate::org::id;
use crate::{OrgId, Result};

id! {
    /// Id of a stored file.
    FileId
}

/// The bytes of a file, which can be read from any position.
pub trait FileContent: Read + Seek + Send {}

impl<T: Read + Seek + Send + ?Sized> FileContent for T {}

/// Stores files in chunks, so that no file is ever whole in memory.
///
/// Every implementation passes `contacts_testkit::file_store_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait FileStore: Send + Sync {
    /// Appends a chunk; the first one creates the file. Chunks count from 0. An existing chunk
    /// stays as it is, so that a chunk can be sent again.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn append(&self, org: OrgId, file: FileId, chunk: u32, bytes: &[u8]) -> Result<()>;

    /// Opens a file for reading from its beginning. A file that does not exist is empty.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn open(&self, org: OrgId, file: FileId) -> Result<Box<dyn FileContent>>;

    /// Deletes a file. Succeeds when the file does not exist.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn delete(&self, org: OrgId, file: FileId) -> Result<()>;
}
