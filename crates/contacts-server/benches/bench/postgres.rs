//! The temporary cluster, and its client programs `psql` and `pgbench`.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use contacts_server::embedded::Embedded;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use tempfile::TempDir;

use crate::Result;
use crate::args::Args;

/// The settings of the program's connections, for limits that send its exact statements. Other
/// limits do without: with forced custom plans, the check of a foreign key would be planned for
/// every row.
pub(crate) const OPTIONS: &str = "-c plan_cache_mode=force_custom_plan -c jit=off";

/// A running cluster with the program's own settings, which is deleted when this value is dropped.
pub(crate) struct Postgres {
    // Declared before the folder that contains it, because fields are dropped in their order.
    embedded: Embedded,
    folder: TempDir,
    bin: PathBuf,
    interrupted: Arc<AtomicBool>,
}

impl Postgres {
    /// Creates and starts the cluster.
    pub(crate) fn start(args: &Args) -> Result<Self> {
        // A signal must not leave the server running: the current step fails, and the cluster is
        // cleaned up.
        let interrupted = Arc::new(AtomicBool::new(false));
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, interrupted.clone())?;
        }
        // When this program runs as root, the server runs as another user.
        let folder = tempfile::Builder::new()
            .prefix("contacts-bench-")
            .permissions(Permissions::from_mode(0o755))
            .tempdir_in(&args.scratch)?;
        let embedded = Embedded::start(&folder.path().join("data"), args.pg_bin.as_deref())?;
        let bin = args.pg_bin.clone().unwrap_or_else(newest_bin);
        Ok(Self { embedded, folder, bin, interrupted })
    }

    /// Returns a folder for files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the connection string of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        self.embedded.url().replacen("/contacts?", &format!("/{database}?"), 1)
    }

    /// Returns the command of a client program, such as `pgbench`, that connects to a database.
    pub(crate) fn client(&self, program: &str, database: &str) -> Command {
        let path = self.bin.join(program);
        // Debian's client package has these programs in `PATH` only.
        let path = if path.is_file() { path } else { PathBuf::from(program) };
        let mut command = Command::new(path);
        command.current_dir(self.folder()).env_remove("PGOPTIONS");
        if program == "psql" {
            command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database)]);
        }
        command
    }

    /// Runs statements and returns their output: a line for each row, with bars between the
    /// columns.
    pub(crate) fn ask(&self, database: &str, statements: &str) -> Result<String> {
        self.uninterrupted()?;
        let mut command = self.client("psql", database);
        command.args(["-A", "-t", "-f", "-"]).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(statements.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            return Err(format!("psql: {}", words.trim()).into());
        }
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }

    /// Runs a query that returns one number.
    pub(crate) fn number(&self, database: &str, query: &str) -> Result<u64> {
        let answer = self.ask(database, query)?;
        answer.parse().map_err(|_text| format!("{query}: answered {answer}, not a number").into())
    }

    /// Fills a table from the output of a function.
    pub(crate) fn copy(
        &self,
        database: &str,
        table: &str,
        write: impl FnOnce(&mut dyn Write) -> Result,
    ) -> Result {
        self.uninterrupted()?;
        let mut command = self.client("psql", database);
        // Generated rows need no checks of foreign keys.
        command.env("PGOPTIONS", "-c session_replication_role=replica -c work_mem=256MB");
        command.args(["-c", &format!("COPY {table} FROM STDIN")]);
        let mut child = command.stdin(Stdio::piped()).spawn()?;
        let written = match child.stdin.take() {
            Some(stdin) => {
                let mut out = std::io::BufWriter::with_capacity(1 << 18, stdin);
                write(&mut out).and_then(|()| Ok(out.flush()?))
            }
            None => Ok(()),
        };
        if !child.wait()?.success() {
            return Err(format!("{table} could not be filled").into());
        }
        written
    }

    /// Creates a database as a copy of another, and writes all pending changes to disk.
    pub(crate) fn clone_database(&self, template: &str, name: &str) -> Result {
        self.drop_database(name)?;
        let strategy = if self.major()? >= 15 { " STRATEGY FILE_COPY" } else { "" };
        self.ask("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}{strategy}"))?;
        self.checkpoint()
    }

    /// Drops a database.
    pub(crate) fn drop_database(&self, name: &str) -> Result {
        self.ask("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).map(drop)
    }

    /// Writes all pending changes to disk, so that the next measurement does not pay for them.
    pub(crate) fn checkpoint(&self) -> Result {
        self.ask("postgres", "CHECKPOINT").map(drop)
    }

    /// Returns the server's version in readable form.
    pub(crate) fn version(&self) -> Result<String> {
        self.ask("postgres", "SELECT current_setting('server_version')")
    }

    fn major(&self) -> Result<u64> {
        let number = "SELECT current_setting('server_version_num')::int / 10000";
        self.number("postgres", number)
    }

    /// Fails after the user has interrupted the program.
    pub(crate) fn uninterrupted(&self) -> Result {
        if self.interrupted.load(Ordering::Relaxed) { Err("interrupted".into()) } else { Ok(()) }
    }
}

/// Returns the folder of Debian's newest server. The `psql` in `PATH` is a slow wrapper script.
fn newest_bin() -> PathBuf {
    let folders = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let majors = folders.filter_map(|folder| folder.file_name().to_str()?.parse::<u32>().ok());
    let newest = majors.max().unwrap_or_default();
    PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin"))
}
