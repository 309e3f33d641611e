//! The settings of the server: `contacts.conf`, which its `postgresql.conf` includes.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::account::Account;
use super::{EmbeddedError, Result};

/// The file's name inside the cluster.
pub(super) const FILE: &str = "contacts.conf";

/// Writes the settings, unless the file already has them.
///
/// They are written to a temporary file and renamed, so that a full disk leaves the old ones intact.
pub(super) fn write(cluster: &Path, name: &str, socket: &Path, account: &Account) -> Result<()> {
    let path = cluster.join(FILE);
    let settings = settings(name, socket);
    if fs::read_to_string(&path).is_ok_and(|old| old == settings) {
        return Ok(());
    }
    let new = path.with_extension("new");
    let write_settings = || -> io::Result<()> {
        let mut file = fs::File::create(&new)?;
        file.write_all(settings.as_bytes())?;
        file.sync_all()
    };
    write_settings().map_err(|e| EmbeddedError::file(&new, e))?;
    account.own(&new)?;
    fs::rename(&new, &path).map_err(|e| EmbeddedError::file(&path, e))
}

fn settings(name: &str, socket: &Path) -> String {
    format!(
        "# Written by contacts at every start. Your own settings go at the end of postgresql.conf.

# Only the owner of the socket can connect.
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
port = {port}
max_connections = 60
# In the titles of the processes, which are found by it when the main process was killed.
cluster_name = '{name}'

# Memory for a small machine.
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB

# Few checkpoints during an import, and room for the pending index entries of its chunks.
max_wal_size = 4GB
min_wal_size = 256MB
checkpoint_timeout = 5min
checkpoint_completion_target = 0.9
gin_pending_list_limit = 16MB

# A commit is on disk before it is confirmed.
fsync = on
synchronous_commit = on
full_page_writes = on

# Disks without seek times, and statements too short to be worth compiling.
random_page_cost = 1.1
jit = off

timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'

# The log goes to postgres.log. It does not contain failed statements, because these quote personal
# data; the program reports them.
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] '
log_min_messages = log
log_min_error_statement = panic
log_checkpoints = off
",
        socket = socket.display(),
        port = super::socket::PORT,
    )
}
