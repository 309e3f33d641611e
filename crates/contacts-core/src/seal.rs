//! Encrypting secrets at rest (R38).

use crate::Result;

/// Encrypts what must not be readable at rest: webhook secrets and secret settings of connected
/// sources.
///
/// A sealed value is bound to a context, such as the ids of its row: a value that was copied to
/// another row cannot be opened there.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Sealer: Send + Sync {
    /// Encrypts bytes for one context.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the system has no random bytes.
    fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>>;

    /// Decrypts bytes that were sealed for this context.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they were sealed with another key or for another context.
    fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>>;
}
