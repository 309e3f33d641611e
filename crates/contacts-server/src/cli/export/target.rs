//! Where an export is written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::report::{Done, Failure};

/// Standard output, or a file. A file appears under its name when it is complete: until then it
/// stands beside, and whatever had the name stays.
pub(super) enum Target {
    /// Standard output.
    Output(io::Stdout),
    /// What is there already and can be neither replaced nor torn, such as a pipe.
    Direct(PathBuf, File),
    /// A file.
    Beside(Beside),
}

/// A file that is being written beside the one it will replace.
pub(super) struct Beside {
    out: BufWriter<File>,
    path: PathBuf,
    written: PathBuf,
    is_complete: bool,
}

impl Target {
    pub(super) fn open(path: Option<&Path>) -> Done<Self> {
        let Some(path) = path else { return Ok(Self::Output(io::stdout())) };
        let found = fs::metadata(path);
        if found.as_ref().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
            let file = OpenOptions::new().write(true).open(path);
            return Ok(Self::Direct(path.to_owned(), file.map_err(|_refused| refused(path))?));
        }
        // A link stays one: what it points to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_new| path.to_owned());
        let name = path.file_name().filter(|_| !path.is_dir()).ok_or_else(|| refused(&path))?;
        let mut beside = name.to_owned();
        beside.push(format!(".{}.part", std::process::id()));
        let written = path.with_file_name(beside);
        let file = OpenOptions::new().write(true).create_new(true).open(&written);
        let out = BufWriter::new(file.map_err(|_refused| refused(&path))?);
        Ok(Self::Beside(Beside { out, path, written, is_complete: false }))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Done {
        match self {
            Self::Output(out) => out.write_all(bytes).map_err(|error| Failure::output(&error)),
            Self::Direct(path, file) => file.write_all(bytes).map_err(|_full| torn(path)),
            Self::Beside(beside) => beside.out.write_all(bytes).map_err(|_full| torn(&beside.path)),
        }
    }

    /// The export is complete.
    pub(super) fn finish(self) -> Done {
        match self {
            Self::Output(mut out) => out.flush().map_err(|error| Failure::output(&error)),
            Self::Direct(path, mut file) => file.flush().map_err(|_full| torn(&path)),
            Self::Beside(mut beside) => {
                // On disk first: a name must not outlive a crash that its bytes do not.
                let kept = beside.out.flush().and_then(|()| beside.out.get_ref().sync_all());
                let kept = kept.and_then(|()| fs::rename(&beside.written, &beside.path));
                kept.map_err(|_full| torn(&beside.path))?;
                beside.is_complete = true;
                Ok(())
            }
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.is_complete {
            // What is left of an export that failed is of no use to anybody.
            let _ = fs::remove_file(&self.written);
        }
    }
}

fn refused(path: &Path) -> Failure {
    Failure::new(format!("{} cannot be written: choose another file with --output", path.display()))
}

fn torn(path: &Path) -> Failure {
    Failure::new(format!(
        "nothing was exported: {} cannot be written to its end, so free some space and try again",
        path.display()
    ))
}
