//! The target of an export: a file or standard output.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::report::{Done, Failure};

/// Where an export is written. A file gets its name when it is complete; until then it has another
/// name beside, and a file of that name is kept.
pub(super) enum Target {
    /// Standard output.
    Output(io::Stdout),
    /// An existing file that cannot be replaced, such as a pipe.
    Direct(PathBuf, File),
    /// A file.
    Partial(Partial),
}

/// A file that is being written beside the one it will replace.
pub(super) struct Partial {
    out: BufWriter<File>,
    path: PathBuf,
    partial_path: PathBuf,
    is_complete: bool,
}

impl Target {
    pub(super) fn open(path: Option<&Path>) -> Done<Self> {
        let Some(path) = path else { return Ok(Self::Output(io::stdout())) };
        let found = fs::metadata(path);
        if found.as_ref().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
            let file = OpenOptions::new().write(true).open(path);
            return Ok(Self::Direct(path.to_owned(), file.map_err(|_refused| cannot_write(path))?));
        }
        // A symbolic link is kept: the file it points to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_new| path.to_owned());
        let name =
            path.file_name().filter(|_| !path.is_dir()).ok_or_else(|| cannot_write(&path))?;
        let mut partial = name.to_owned();
        partial.push(format!(".{}.part", std::process::id()));
        let partial_path = path.with_file_name(partial);
        let file = OpenOptions::new().write(true).create_new(true).open(&partial_path);
        let out = BufWriter::new(file.map_err(|_refused| cannot_write(&path))?);
        Ok(Self::Partial(Partial { out, path, partial_path, is_complete: false }))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Done {
        match self {
            Self::Output(out) => out.write_all(bytes).map_err(|error| Failure::output(&error)),
            Self::Direct(path, file) => file.write_all(bytes).map_err(|_full| incomplete(path)),
            Self::Partial(partial) => {
                partial.out.write_all(bytes).map_err(|_full| incomplete(&partial.path))
            }
        }
    }

    /// Completes the export: the file gets its name.
    pub(super) fn finish(self) -> Done {
        match self {
            Self::Output(mut out) => out.flush().map_err(|error| Failure::output(&error)),
            Self::Direct(path, mut file) => file.flush().map_err(|_full| incomplete(&path)),
            Self::Partial(mut partial) => {
                // Synced before it is renamed, so that no crash leaves the name without the content.
                let renamed = partial.out.flush().and_then(|()| partial.out.get_ref().sync_all());
                let renamed =
                    renamed.and_then(|()| fs::rename(&partial.partial_path, &partial.path));
                renamed.map_err(|_full| incomplete(&partial.path))?;
                partial.is_complete = true;
                Ok(())
            }
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_complete {
            // An incomplete export is of no use.
            let _ = fs::remove_file(&self.partial_path);
        }
    }
}

fn cannot_write(path: &Path) -> Failure {
    Failure::new(format!("{} cannot be written: choose another file with --output", path.display()))
}

fn incomplete(path: &Path) -> Failure {
    Failure::new(format!(
        "nothing was exported, because {} could not be written completely: free some space and try again",
        path.display()
    ))
}
