//! The database the program keeps for itself when it is given none.
//!
//! It is a real Postgres: the server binaries of the machine, a cluster of its own in the data
//! directory, reached over a Unix socket that only its owner can open. There is no TCP port, so
//! none can be taken, and there is no password, because there is no door to guard.
//!
//! ```text
//! <data directory>/
//!   cluster/       the data; made whole under another name first, so it is never half made
//!   socket/        the Unix socket, mode 0700
//!   secret         not the database's: the secret of the installation, mode 0600
//!   postgres.log   what the server says; at most 10 MB, and as much again in postgres.log.1
//!   users.lock     held shared by every process that uses the cluster
//!   start.lock     held by the one that starts or stops it
//! ```
//!
//! Several processes may use one cluster: `contacts serve`, and `contacts import` beside it. The
//! first starts the server, the last to leave shuts it down. A process that is killed leaves the
//! server running, and the next one takes it up again.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use self::account::Account;
use self::cluster::Cluster;
pub use self::error::EmbeddedError;
use self::locks::Starting;
use self::watch::Leaving;

mod account;
mod binaries;
mod cluster;
mod create;
mod error;
mod locks;
mod postmaster;
mod settings;
mod socket;
mod watch;

type Result<T> = std::result::Result<T, EmbeddedError>;

/// A running embedded database, kept running for as long as this value lives.
///
/// Dropping it does what [`Embedded::stop`] does, and logs what goes wrong.
#[derive(Debug)]
pub struct Embedded {
    cluster: Arc<Cluster>,
    url: String,
    leaving: Arc<Leaving>,
    watcher: Option<JoinHandle<()>>,
    using: Option<File>,
}

impl Embedded {
    /// Makes the cluster when there is none, starts it unless it runs, and keeps it running.
    ///
    /// `pg_bin` names the folder of the server binaries; without it the newest of Debian's, the
    /// checkout's `.venv/postgres/bin`, or the `PATH` gives them, and a cluster that exists gets
    /// the version that made it. A first start takes a second or two, and one after a crash as
    /// long as Postgres needs to recover.
    ///
    /// # Errors
    ///
    /// Every [`EmbeddedError`] is one sentence that says what to do.
    pub fn start(data_dir: &Path, pg_bin: Option<&Path>) -> Result<Embedded> {
        let data_dir = prepare(data_dir)?;
        let leaving = Arc::new(Leaving::default());
        // Held to the end: between making the cluster and using it nobody may stop it.
        let starting = Starting::lock(&data_dir, &leaving)?;
        let using = locks::share(&data_dir)?;
        let account = Account::of(&data_dir)?;
        let cluster = Arc::new(Cluster::open(&data_dir, account, pg_bin)?);
        let postmaster = cluster.start(&starting, &leaving)?;
        drop(starting);

        let url = socket::url(&postmaster.socket);
        let watcher = watch::spawn(Arc::clone(&cluster), Arc::clone(&leaving));
        Ok(Embedded { cluster, url, leaving, watcher: Some(watcher), using: Some(using) })
    }

    /// The connection string of the database `contacts`, for libpq and for `psql`.
    ///
    /// It stays the same when the server is restarted.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Where the server writes its log.
    #[must_use]
    pub fn log(&self) -> &Path {
        self.cluster.log()
    }

    /// Shuts the server down, unless another process still uses it.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::NotStopped`] when the server does not end.
    pub fn stop(mut self) -> Result<()> {
        self.release()
    }

    fn release(&mut self) -> Result<()> {
        let Some(using) = self.using.take() else { return Ok(()) };
        self.leaving.leave(self.watcher.as_ref().map(JoinHandle::thread));
        if self.watcher.take().is_some_and(|watcher| watcher.join().is_err()) {
            tracing::error!("the thread that watches the embedded database panicked");
        }
        let starting = Starting::lock(self.cluster.data_dir(), &Leaving::default())?;
        if locks::is_last(&using)? { self.cluster.stop(&starting) } else { Ok(()) }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Err(error) = self.release() {
            tracing::error!(%error, "the embedded database was not shut down");
        }
    }
}

/// Where the data goes when `CONTACTS_DATA_DIR` does not say.
///
/// The user's data home, from the values of `XDG_DATA_HOME` and `HOME`; for root a folder of the
/// system, because the server, which refuses to run as root, cannot read root's home.
///
/// # Errors
///
/// [`EmbeddedError::NoHome`] when neither value is an absolute path.
pub fn default_data_dir(xdg: Option<OsString>, home: Option<OsString>) -> Result<PathBuf> {
    const NAME: &str = "informly-contacts";
    if rustix::process::geteuid().is_root() {
        return Ok(Path::new("/var/lib").join(NAME));
    }
    let absolute = |value: Option<OsString>| value.map(PathBuf::from).filter(|p| p.is_absolute());
    absolute(xdg)
        .or_else(|| absolute(home).map(|home| home.join(".local/share")))
        .map(|data| data.join(NAME))
        .ok_or(EmbeddedError::NoHome)
}

/// Makes the data directory, and gives its one true name, by which processes recognise it.
pub(crate) fn prepare(data_dir: &Path) -> Result<PathBuf> {
    // Root's is entered by the server, which runs as somebody else.
    let mode = if rustix::process::geteuid().is_root() { 0o755 } else { 0o700 };
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(data_dir)
        .and_then(|()| fs::canonicalize(data_dir))
        .map_err(|source| EmbeddedError::file(data_dir, source))
}
