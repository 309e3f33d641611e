//! Failures of the embedded database, each one sentence that says what to do.

use std::io;
use std::path::{Path, PathBuf};

/// A failure to start or stop the embedded database.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// There is no default data directory.
    #[error("there is no home directory: set CONTACTS_DATA_DIR to the folder for the data")]
    NoHome,
    /// The machine has no Postgres server programs.
    #[error(
        "no PostgreSQL server was found: install the package postgresql, or set DATABASE_URL to a \
         running server, or CONTACTS_PG_BIN to the folder of the server programs"
    )]
    NoBinaries,
    /// The machine has only a Postgres that is too old.
    #[error("PostgreSQL {found} is too old: install version {oldest} or newer", oldest = super::binaries::MIN_VERSION)]
    TooOld {
        /// The newest major version found.
        found: u32,
    },
    /// The cluster was created by a major version that the machine does not have.
    #[error(
        "the data in {} was created by PostgreSQL {created_by}, and this machine has only {found}: \
         install PostgreSQL {created_by}, or set CONTACTS_DATA_DIR to another folder and restore a dump there",
        dir.display()
    )]
    OtherVersion {
        /// The cluster.
        dir: PathBuf,
        /// The major version that created it.
        created_by: u32,
        /// The newest major version found.
        found: u32,
    },
    /// This user may not write to the data directory.
    #[error(
        "{} cannot be written: change its permissions, or set CONTACTS_DATA_DIR to another folder",
        path.display()
    )]
    NotWritable {
        /// The path that could not be written.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The server's user cannot enter the data directory, such as one below root's home.
    #[error(
        "the user with the id {uid}, who runs the database, cannot enter {}: set CONTACTS_DATA_DIR to \
         a folder which that user can enter",
        dir.display()
    )]
    OutOfReach {
        /// The directory.
        dir: PathBuf,
        /// The user the server runs as.
        uid: u32,
    },
    /// Root starts the server as `postgres`, and there is no such user.
    #[error(
        "the database does not run as root, and there is no user postgres to run it: install the \
         package postgresql, or start this as an ordinary user"
    )]
    NoServerUser,
    /// The disk is full.
    #[error("the disk that holds {} is full: free some space and start again", dir.display())]
    DiskFull {
        /// The data directory.
        dir: PathBuf,
    },
    /// The folder for the socket belongs to another user.
    #[error(
        "{} is not this user's own folder of mode 0700: remove it, or set CONTACTS_DATA_DIR to a \
         path short enough to hold the socket itself",
        dir.display()
    )]
    SocketFolder {
        /// The folder.
        dir: PathBuf,
    },
    /// The cluster could not be created.
    #[error("the database could not be created ({reason}): fix that and start again")]
    NotCreated {
        /// The last message of the server programs.
        reason: String,
    },
    /// The server ended while it was starting.
    #[error("the database did not start ({reason}): see its log, {}", log.display())]
    NotStarted {
        /// The last message of the server.
        reason: String,
        /// Its log.
        log: PathBuf,
    },
    /// The server runs, and does not accept connections in time.
    #[error(
        "the database was not ready after {seconds} seconds: see its log, {}, or start again to wait longer",
        log.display()
    )]
    NotReady {
        /// The time limit.
        seconds: u64,
        /// The server's log.
        log: PathBuf,
    },
    /// The server does not end.
    #[error(
        "the database did not stop within {seconds} seconds: see its log, {}, and end the process {pid}",
        log.display()
    )]
    NotStopped {
        /// The time limit.
        seconds: u64,
        /// The server's first process.
        pid: i32,
        /// The server's log.
        log: PathBuf,
    },
    /// Another process has the start lock.
    #[error(
        "another process has been starting or stopping the database in {} for {seconds} seconds: \
         wait for it or end it, then start again",
        dir.display()
    )]
    Busy {
        /// The data directory.
        dir: PathBuf,
        /// The time limit.
        seconds: u64,
    },
    /// The program was asked to stop while it waited.
    #[error("the wait for the database ended because the program is stopping")]
    ShutdownFlag,
    /// A program cannot be run.
    #[error("{} could not be run: install it, or change its permissions", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A file cannot be used for another reason.
    #[error("{} cannot be used: check that disk, or set CONTACTS_DATA_DIR to another folder", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
}

impl EmbeddedError {
    /// The failure that an error of the file system causes.
    pub(super) fn file(path: &Path, source: io::Error) -> EmbeddedError {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                EmbeddedError::DiskFull { dir: path }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                EmbeddedError::NotWritable { path, source }
            }
            _ => EmbeddedError::File { path, source },
        }
    }

    /// The failure that a program which could not be started causes.
    pub(super) fn run(program: &Path, source: io::Error) -> EmbeddedError {
        EmbeddedError::Run { program: program.to_path_buf(), source }
    }
}
