//! The embedded database, on real clusters in temporary folders.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use contacts_server::embedded::{Embedded, EmbeddedError};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

#[test]
fn a_second_start_keeps_everything() {
    let home = home();
    let database = start(home.path());
    ask(&database, "CREATE TABLE kept AS SELECT 42 AS answer").unwrap();
    database.stop().unwrap();
    assert_eq!(pid(home.path()), None, "shut down in order");

    let database = start(home.path());
    assert_eq!(ask(&database, "SELECT answer FROM kept").unwrap(), "42");
}

#[test]
fn the_database_has_utf8_and_utc_and_commits_to_disk() {
    let home = home();
    let database = start(home.path());
    let wanted = [
        ("server_encoding", "UTF8"),
        ("TimeZone", "UTC"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("listen_addresses", ""),
        ("jit", "off"),
    ];
    for (setting, value) in wanted {
        assert_eq!(ask(&database, &format!("SHOW {setting}")).unwrap(), value, "{setting}");
    }
    let collation = "SELECT datcollate FROM pg_database WHERE datname = 'contacts'";
    assert_eq!(ask(&database, collation).unwrap(), "C.UTF-8");
}

#[test]
fn the_required_extensions_are_available() {
    let home = home();
    let database = start(home.path());
    for extension in ["pg_trgm", "unaccent", "btree_gin"] {
        ask(&database, &format!("CREATE EXTENSION {extension}")).unwrap();
    }
}

#[test]
fn only_the_owner_can_open_the_socket() {
    let home = home();
    let database = start(home.path());
    let mode = fs::metadata(folder(&database)).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn the_server_has_a_group_of_its_own() {
    let home = home();
    let _database = start(home.path());
    let server = pid(home.path()).unwrap().as_raw_nonzero().to_string();
    let groups = Command::new("ps").args(["-o", "pgid=", "-p", &server]).output().unwrap();
    let group = String::from_utf8_lossy(&groups.stdout).trim().to_owned();
    assert_eq!(group, server, "so that a Ctrl-C in the terminal does not reach it");
}

#[test]
fn the_last_user_shuts_it_down() {
    let home = home();
    let first = start(home.path());
    let server = pid(home.path());
    let second = start(home.path());
    assert_eq!(pid(home.path()), server, "one server for both");

    first.stop().unwrap();
    assert_eq!(ask(&second, "SELECT 1").unwrap(), "1", "somebody uses it");
    second.stop().unwrap();
    assert_eq!(pid(home.path()), None);
}

#[test]
fn many_starts_at_once_make_one_server() {
    let home = home();
    let started: Vec<_> = thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| start(home.path()))).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    for database in &started {
        assert_eq!(ask(database, "SELECT 1").unwrap(), "1");
    }
    drop(started);
    assert_eq!(pid(home.path()), None);
}

#[test]
fn a_killed_server_is_started_again() {
    let home = home();
    let database = start(home.path());
    let server = pid(home.path()).unwrap();
    ask(&database, "CREATE TABLE kept AS SELECT 42 AS answer").unwrap();

    kill_process(server, Signal::KILL).unwrap();
    assert_eq!(in_time(|| ask(&database, "SELECT answer FROM kept").ok()), "42");
    assert_ne!(pid(home.path()), Some(server));
}

#[test]
fn a_long_statement_does_not_keep_a_killed_server_down() {
    let home = home();
    let database = start(home.path());
    // A statement that does not check for interrupts, so that its process outlives the main one.
    let busy = "SELECT count(*) FROM generate_series(1, 1000000000) a WHERE a % 7 = 3";
    let mut connection = connect(&database).unwrap();
    send(&mut connection, busy).unwrap();
    let running = "SELECT 'runs' FROM pg_stat_activity WHERE query LIKE 'SELECT count%'";
    in_time(|| ask(&database, running).ok().filter(|answer| answer == "runs"));

    kill_process(pid(home.path()).unwrap(), Signal::KILL).unwrap();
    assert_eq!(in_time(|| ask(&database, "SELECT 1").ok()), "1");
}

#[test]
fn a_server_that_was_asked_to_end_is_started_again() {
    for signal in [Signal::TERM, Signal::INT, Signal::QUIT] {
        let home = home();
        let database = start(home.path());
        let server = pid(home.path()).unwrap();
        // A server that ends in order would wait for an open connection.
        let _open = connect(&database).unwrap();
        kill_process(server, signal).unwrap();
        in_time(|| pid(home.path()).filter(|now| *now != server));
        assert_eq!(in_time(|| ask(&database, "SELECT 1").ok()), "1", "{signal:?}");
    }
}

#[test]
fn a_stale_pid_file_does_not_stop_a_start() {
    let home = home();
    let database = start(home.path());
    let file = home.path().join("cluster/postmaster.pid");
    let left = fs::read_to_string(&file).unwrap();
    database.stop().unwrap();
    // The id belongs to another process now: this test.
    let rest = left.split_once('\n').unwrap().1;
    fs::write(&file, format!("{}\n{rest}", std::process::id())).unwrap();
    assert_eq!(ask(&start(home.path()), "SELECT 1").unwrap(), "1");
}

#[test]
fn a_cluster_that_was_not_finished_is_replaced() {
    let home = home();
    fs::create_dir(home.path().join("cluster.new")).unwrap();
    fs::write(home.path().join("cluster.new/PG_VERSION"), "1").unwrap();
    assert_eq!(ask(&start(home.path()), "SELECT 1").unwrap(), "1");
    assert_eq!(unfinished(home.path()), None);
}

#[test]
fn a_first_start_that_was_killed_does_not_break_the_next() {
    // Files of a new cluster, in the order in which they appear.
    let moments = ["", "base/1", "global/pg_control", "base/1/pg_filenode.map", "base/4", "base/5"];
    for moment in moments {
        let home = home();
        kill_start_when(home.path(), || {
            unfinished(home.path())?.join(moment).exists().then_some(())
        });
        works_at_once(home.path(), moment);
    }
    for file in ["cluster", "cluster/contacts.conf", "postgres.log", "cluster/postmaster.pid"] {
        let home = home();
        kill_start_when(home.path(), || home.path().join(file).exists().then_some(()));
        works_at_once(home.path(), file);
    }
}

/// Starts the program on an empty data directory, and kills it at some moment.
fn kill_start_when(data_dir: &Path, moment: impl Fn() -> Option<()>) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_contacts"))
        .arg("--data-dir")
        .arg(data_dir)
        .args(["org", "list"])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // On a slow machine the moment may pass unseen; then the program ends by itself.
    while moment().is_none() && program.try_wait().unwrap().is_none() {
        thread::yield_now();
    }
    program.kill().unwrap();
    program.wait().unwrap();
}

#[track_caller]
fn works_at_once(data_dir: &Path, moment: &str) {
    let database = Embedded::start(data_dir, None);
    let database = database.unwrap_or_else(|error| panic!("killed at {moment:?}: {error}"));
    assert_eq!(ask(&database, "SELECT 1").unwrap(), "1", "killed at {moment:?}");
    database.stop().unwrap();
}

#[test]
fn a_server_whose_pid_file_is_gone_is_still_stopped() {
    let home = home();
    let database = start(home.path());
    let server = pid(home.path()).unwrap();
    // This is what a full disk causes while the server stops.
    fs::write(home.path().join("cluster/postmaster.pid"), "").unwrap();
    database.stop().unwrap();
    let line = fs::read(format!("/proc/{}/cmdline", server.as_raw_nonzero()));
    assert!(line.unwrap_or_default().is_empty(), "the server still runs");
    assert_eq!(ask(&start(home.path()), "SELECT 1").unwrap(), "1");
}

#[test]
fn a_long_path_gets_a_short_folder_for_its_socket() {
    let home = home();
    let deep = home.path().join("d".repeat(100));
    let database = start(&deep);
    assert_eq!(ask(&database, "SELECT 1").unwrap(), "1");
    let socket = folder(&database);
    assert!(socket.starts_with("/tmp"), "{}", socket.display());
    database.stop().unwrap();
    fs::remove_dir_all(socket).unwrap();
}

#[test]
fn a_path_with_spaces_and_any_letters_works() {
    let home = home();
    let database = start(&home.path().join("l'été, à 5%"));
    assert_eq!(ask(&database, "SELECT 1").unwrap(), "1");
    let socket = folder(&database);
    database.stop().unwrap();
    fs::remove_dir_all(socket).unwrap();
}

#[test]
fn a_cluster_of_another_version_is_refused() {
    let home = home();
    start(home.path()).stop().unwrap();
    fs::write(home.path().join("cluster/PG_VERSION"), "12\n").unwrap();
    let refusal = Embedded::start(home.path(), None).unwrap_err();
    assert!(matches!(refusal, EmbeddedError::OtherVersion { created_by: 12, .. }), "{refusal}");
}

#[test]
fn missing_server_programs_are_reported_with_what_to_install() {
    let home = home();
    let refusal = Embedded::start(home.path(), Some(Path::new("/nowhere"))).unwrap_err();
    assert!(matches!(refusal, EmbeddedError::NoBinaries), "{refusal}");
}

#[test]
fn a_server_that_cannot_start_names_its_log() {
    let home = home();
    start(home.path()).stop().unwrap();
    let conf = home.path().join("cluster/postgresql.conf");
    let settings = fs::read_to_string(&conf).unwrap();
    fs::write(&conf, format!("{settings}\nport = never\n")).unwrap();
    let refusal = Embedded::start(home.path(), None).unwrap_err().to_string();
    assert!(refusal.contains("see its log, "), "{refusal}");
}

#[test]
fn a_file_in_the_way_is_named() {
    let home = home();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    let refusal = Embedded::start(&file.join("data"), None).unwrap_err().to_string();
    assert!(refusal.contains("file/data"), "{refusal}");
}

/// The folder of a cluster that is being created.
fn unfinished(data_dir: &Path) -> Option<PathBuf> {
    let folders = fs::read_dir(data_dir).unwrap().map(|folder| folder.unwrap().path());
    folders.into_iter().find(|path| path.file_name().unwrap().to_str().unwrap().contains(".new"))
}

/// A data directory that the server's own user can enter.
fn home() -> TempDir {
    let home = tempfile::Builder::new().prefix("contacts-").tempdir_in("/tmp").unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    home
}

fn start(data_dir: &Path) -> Embedded {
    Embedded::start(data_dir, None).unwrap_or_else(|error| panic!("{error}"))
}

/// The process id in the server's pid file, which it removes when it ends in order.
fn pid(data_dir: &Path) -> Option<Pid> {
    let file = fs::read_to_string(data_dir.join("cluster/postmaster.pid")).ok()?;
    Pid::from_raw(file.lines().next()?.parse().ok()?)
}

/// Calls a function until it returns something, for 20 seconds at most.
fn in_time<T>(mut question: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = question() {
            return answer;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "it did not come back");
        thread::sleep(Duration::from_millis(20));
    }
}

fn folder(database: &Embedded) -> PathBuf {
    let url = database.url();
    let host = url.split_once("host=").unwrap().1.split_once('&').unwrap().0;
    let mut chunks = host.split('%');
    let mut folder = chunks.next().unwrap().as_bytes().to_vec();
    for chunk in chunks {
        folder.push(u8::from_str_radix(&chunk[..2], 16).unwrap());
        folder.extend_from_slice(&chunk.as_bytes()[2..]);
    }
    PathBuf::from(String::from_utf8(folder).unwrap())
}

/// Runs a statement, and returns the first value of the last row. The error is the server's message.
///
/// It implements the part of the Postgres protocol that these tests need, so that they need no client.
fn ask(database: &Embedded, sql: &str) -> Result<String, String> {
    let mut connection = connect(database)?;
    send(&mut connection, sql).map_err(|e| e.to_string())?;
    until_ready(&mut connection)
}

fn connect(database: &Embedded) -> Result<UnixStream, String> {
    let socket = folder(database).join(".s.PGSQL.5432");
    let mut connection = UnixStream::connect(socket).map_err(|e| e.to_string())?;
    let mut hello = 196_608_u32.to_be_bytes().to_vec();
    hello.extend_from_slice(b"user\0contacts\0database\0contacts\0\0");
    let length = u32::try_from(hello.len() + 4).unwrap().to_be_bytes();
    let sent = connection.write_all(&[&length, &*hello].concat());
    sent.map_err(|e| e.to_string())?;
    until_ready(&mut connection)?;
    Ok(connection)
}

fn send(connection: &mut UnixStream, sql: &str) -> std::io::Result<()> {
    let length = u32::try_from(sql.len() + 5).unwrap().to_be_bytes();
    connection.write_all(&[&b"Q"[..], &length, sql.as_bytes(), b"\0"].concat())
}

fn until_ready(connection: &mut UnixStream) -> Result<String, String> {
    let (mut answer, mut error) = (String::new(), None);
    loop {
        let mut head = [0; 5];
        let read = connection.read_exact(&mut head);
        read.map_err(|e| error.clone().unwrap_or_else(|| e.to_string()))?;
        let length = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize - 4;
        let mut body = vec![0; length];
        connection.read_exact(&mut body).map_err(|e| e.to_string())?;
        match head[0] {
            // A row: the number of columns, then the length and the bytes of each.
            b'D' => answer = String::from_utf8_lossy(&body[6..]).into_owned(),
            b'E' => error = Some(String::from_utf8_lossy(&body).into_owned()),
            b'Z' => return error.map_or(Ok(answer), Err),
            _ => {}
        }
    }
}
