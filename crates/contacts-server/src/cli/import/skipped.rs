//! Writes the skipped rows to a file.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use contacts_core::import::SkippedRows;

use crate::report::{Done, Failure};

/// A file for the skipped rows. It is opened before the import, and written after it.
pub(super) struct SkippedFile {
    file: File,
    path: PathBuf,
}

impl SkippedFile {
    pub(super) fn open(path: &Path, source: &Path) -> Done<Self> {
        // Not truncated yet: it could be the file to import.
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = opened.map_err(|_refused| {
            Failure::new(format!(
                "{} cannot be written: choose another file with --skipped",
                path.display()
            ))
        })?;
        let is_source = match (file.metadata(), source.metadata()) {
            (Ok(this), Ok(that)) => (this.dev(), this.ino()) == (that.dev(), that.ino()),
            _ => false,
        };
        if is_source {
            return Err(Failure::usage(format!(
                "{} is the file to import: choose another with --skipped",
                path.display()
            )));
        }
        Ok(Self { file, path: path.to_owned() })
    }

    /// Writes the rows, and returns their number and the path of the file.
    pub(super) fn write(self, rows: SkippedRows) -> Done<(u64, PathBuf)> {
        let failure = |_| {
            let path = self.path.display();
            Failure::new(format!(
                "the import is done, but {path} cannot be written: free some space, and download the skipped rows over the API"
            ))
        };
        // A file that cannot be truncated, such as a pipe, has no old content.
        let _ = self.file.set_len(0);
        let mut out = BufWriter::new(&self.file);
        let mut lines = 0_u64;
        for line in rows {
            out.write_all(&line?).map_err(failure)?;
            lines += 1;
        }
        out.flush().map_err(failure)?;
        drop(out);
        // The first line is the header.
        Ok((lines.saturating_sub(1), self.path))
    }
}
