//! The embedded database, which is used when no other is configured.
//!
//! It is a Postgres server: the server programs of the machine, with a cluster of its own in the data
//! directory and a Unix socket that only its owner can open. It has no TCP port, so no port can be
//! in use, and no password, because nobody else can connect.
//!
//! ```text
//! <data directory>/
//!   cluster/       the data; created under another name and renamed, so it is always complete
//!   socket/        the Unix socket, mode 0700
//!   secret         the secret of the installation, mode 0600; not part of the database
//!   postgres.log   the server's log; at most 10 MB, and as much again in postgres.log.1
//!   users.lock     locked (shared) by every process that uses the cluster
//!   start.lock     locked by the process that starts or stops the server
//! ```
//!
//! Several processes may use one cluster: `contacts serve`, and `contacts import` beside it. The
//! first starts the server, and the last to end shuts it down. A process that is killed leaves the
//! server running, and the next process uses it.

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
use self::watch::ShutdownFlag;

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
    shutdown: Arc<ShutdownFlag>,
    watcher: Option<JoinHandle<()>>,
    using: Option<File>,
}

impl Embedded {
    /// Creates the cluster when there is none, starts the server unless it runs, and restarts it when
    /// it dies.
    ///
    /// `pg_bin` is the folder of the server programs; the default is the newest version of Debian's,
    /// then the checkout's `.venv/postgres/bin`, then the `PATH`. An existing cluster gets the version
    /// that created it. A first start takes a second or two, and a start after a crash as long as
    /// Postgres needs to recover.
    ///
    /// # Errors
    ///
    /// Every [`EmbeddedError`] is one sentence that says what to do.
    pub fn start(data_dir: &Path, pg_bin: Option<&Path>) -> Result<Embedded> {
        let data_dir = prepare(data_dir)?;
        let shutdown = Arc::new(ShutdownFlag::default());
        // Locked to the end, so that nobody stops the server before this process counts as a user.
        let starting = Starting::lock(&data_dir, &shutdown)?;
        let using = locks::share(&data_dir)?;
        let account = Account::of(&data_dir)?;
        let cluster = Arc::new(Cluster::open(&data_dir, account, pg_bin)?);
        let postmaster = cluster.start(&starting, &shutdown)?;
        drop(starting);

        let url = socket::url(&postmaster.socket);
        let watcher = watch::spawn(Arc::clone(&cluster), Arc::clone(&shutdown));
        Ok(Embedded { cluster, url, shutdown, watcher: Some(watcher), using: Some(using) })
    }

    /// The connection string of the database `contacts`, for libpq and for `psql`.
    ///
    /// It does not change when the server is restarted.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The path of the server's log.
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
        self.shutdown.begin_shutdown(self.watcher.as_ref().map(JoinHandle::thread));
        if self.watcher.take().is_some_and(|watcher| watcher.join().is_err()) {
            tracing::error!("the thread that watches the embedded database panicked");
        }
        let starting = Starting::lock(self.cluster.data_dir(), &ShutdownFlag::default())?;
        if locks::is_last(&using)? { self.cluster.stop(&starting) } else { Ok(()) }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Err(error) = self.release() {
            tracing::error!(%error, "failed to shut down the embedded database");
        }
    }
}

/// The default data directory.
///
/// For a user it is in the data home, from the values of `XDG_DATA_HOME` and `HOME`. For root it is a
/// folder of the system: the server refuses to run as root, and no other user can read root's home.
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

/// Creates the data directory, and returns its canonical path, by which processes of its server are
/// recognised.
pub(crate) fn prepare(data_dir: &Path) -> Result<PathBuf> {
    // With root's data directory the server runs as another user, who must enter it.
    let mode = if rustix::process::geteuid().is_root() { 0o755 } else { 0o700 };
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(data_dir)
        .and_then(|()| fs::canonicalize(data_dir))
        .map_err(|source| EmbeddedError::file(data_dir, source))
}
