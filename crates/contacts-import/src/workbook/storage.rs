//! Tells errors of the storage from those of a damaged workbook.

use std::io::{self, Read, Seek, SeekFrom};

use contacts_core::import::TableProblem;

/// A file whose errors are marked as those of the storage: every other error that occurs while a
/// workbook is read comes from what is in it.
pub(super) struct Storage<F>(pub(super) F);

#[derive(Debug, thiserror::Error)]
#[error("the file cannot be read")]
struct StorageError(#[source] io::Error);

/// Marks an error. Its kind says nothing but whether to try again: libraries read the end of an
/// archive out of others.
fn marked(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::Interrupted => error,
        _ => io::Error::other(StorageError(error)),
    }
}

impl<F: Read> Read for Storage<F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out).map_err(marked)
    }
}

impl<F: Seek> Seek for Storage<F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to).map_err(marked)
    }
}

/// Returns the error of the storage, or the problem of the workbook.
pub(super) fn settled(error: io::Error) -> io::Error {
    match error.downcast::<StorageError>() {
        Ok(StorageError(error)) => error,
        Err(error) => TableProblem::of(error).unwrap_or(TableProblem::Damaged).into(),
    }
}

/// Returns the error for a workbook that does not follow its format.
pub(super) fn damaged() -> io::Error {
    TableProblem::Damaged.into()
}
