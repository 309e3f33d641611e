//! Stores the file to import.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use contacts_core::import::{Import, ImportService, Upload};
use contacts_core::{Actor, OrgId};

use super::follow::interrupted;
use crate::cli::inspect::unreadable;
use crate::cli::progress::Progress;
use crate::report::{Done, Failure};
use crate::signals::Stop;

/// Opens the file. It may be a pipe.
pub(super) fn open(file: &Path) -> Done<File> {
    let failure = |error| Failure::new(unreadable(file, &error));
    let source = File::open(file).map_err(failure)?;
    if source.metadata().map_err(failure)?.is_dir() {
        return Err(Failure::new(format!(
            "{} is a folder: choose a file with a table",
            file.display()
        )));
    }
    Ok(source)
}

/// Stores the file, chunk by chunk.
pub(super) fn store(
    imports: &ImportService,
    org: OrgId,
    file: &Path,
    mut source: File,
    stop: &Stop,
) -> Done<Import> {
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let bytes = source.metadata().map_or(0, |found| found.len());
    let progress = Progress::of_bytes(bytes);
    // A file of the operator has no limit but the disk's.
    let mut upload = imports.begin(org, &name, Actor::System, u64::MAX)?;
    let mut chunk = vec![0; Upload::CHUNK];
    loop {
        if stop.is_asked() {
            upload.abandon("the upload was interrupted")?;
            return Err(interrupted());
        }
        match source.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => {
                upload.push(&chunk[..read])?;
                progress.advance(read as u64);
            }
            Err(error) => {
                upload.abandon("the file could not be read to its end")?;
                return Err(Failure::new(unreadable(file, &error)));
            }
        }
    }
    Ok(upload.finish()?)
}
