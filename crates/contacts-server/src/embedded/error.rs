//! Why the embedded database is not to be had, each in one sentence that says what to do.

use std::io;
use std::path::{Path, PathBuf};

/// Why the embedded database did not start or stop.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No data directory can be derived.
    #[error("no home directory is known: set CONTACTS_DATA_DIR to the folder for the data")]
    NoHome,
    /// The machine has no Postgres server.
    #[error(
        "no PostgreSQL server was found: install the package postgresql, or set DATABASE_URL to a \
         running server, or CONTACTS_PG_BIN to the folder of the server programs"
    )]
    NoBinaries,
    /// The machine has only a Postgres that is too old.
    #[error("PostgreSQL {found} is too old: install version {oldest} or newer", oldest = super::binaries::OLDEST)]
    TooOld {
        /// The newest major version found.
        found: u32,
    },
    /// The cluster was made by a major version that the machine has not.
    #[error(
        "the data in {} was made by PostgreSQL {made_by}, and this machine has only {found}: \
         install PostgreSQL {made_by}, or set CONTACTS_DATA_DIR to another folder and restore a dump there",
        dir.display()
    )]
    OtherVersion {
        /// The cluster.
        dir: PathBuf,
        /// The major version that made it.
        made_by: u32,
        /// The major version nearest at hand.
        found: u32,
    },
    /// The data directory refuses us.
    #[error(
        "{} cannot be written: give this user the right to, or set CONTACTS_DATA_DIR to another folder",
        path.display()
    )]
    NotWritable {
        /// What could not be written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The data directory is out of the server's reach, as everything below root's home is.
    #[error(
        "{} is out of reach for the user with the id {uid}, whom the database runs as: set \
         CONTACTS_DATA_DIR to a folder which that user can enter",
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
    /// Somebody else made the folder for the socket.
    #[error(
        "{} is not this user's own folder of mode 0700: remove it, or set CONTACTS_DATA_DIR to a \
         path short enough to hold the socket itself",
        dir.display()
    )]
    SocketFolder {
        /// The folder.
        dir: PathBuf,
    },
    /// The cluster could not be made.
    #[error("the database could not be created ({reason}): put that right and start again")]
    NotCreated {
        /// What the server programs said last.
        reason: String,
    },
    /// The server ended while it was starting.
    #[error("the database did not start ({reason}): {} says more", log.display())]
    NotStarted {
        /// What the server said last.
        reason: String,
        /// Its log.
        log: PathBuf,
    },
    /// The server runs, and does not become ready.
    #[error(
        "the database was not ready after {seconds} seconds: {} says why; start again to go on waiting",
        log.display()
    )]
    NotReady {
        /// How long we waited.
        seconds: u64,
        /// The server's log.
        log: PathBuf,
    },
    /// The server does not end.
    #[error(
        "the database did not stop within {seconds} seconds: look at its log, {}, and end the process {pid}",
        log.display()
    )]
    NotStopped {
        /// How long we waited.
        seconds: u64,
        /// The server's first process.
        pid: i32,
        /// The server's log.
        log: PathBuf,
    },
    /// Another process holds the start lock.
    #[error(
        "another process has been starting or stopping the database in {} for {seconds} seconds: \
         wait for it or end it, then start again",
        dir.display()
    )]
    Busy {
        /// The data directory.
        dir: PathBuf,
        /// How long we waited.
        seconds: u64,
    },
    /// We were told to leave while we waited.
    #[error("the wait for the database was cut short because the program is stopping")]
    Leaving,
    /// A program cannot be run.
    #[error("{} could not be run: install it or give this user the right to run it", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file cannot be used for another reason.
    #[error("{} cannot be used: see to that disk, or set CONTACTS_DATA_DIR to another folder", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl EmbeddedError {
    /// Says what a refusal of the file system means here.
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

    /// Says what it means that a program could not be started.
    pub(super) fn run(program: &Path, source: io::Error) -> EmbeddedError {
        EmbeddedError::Run { program: program.to_path_buf(), source }
    }
}
