//! What the server is told in `contacts.conf`, which its `postgresql.conf` includes.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::account::Account;
use super::{EmbeddedError, Result};

/// The file's name inside the cluster.
pub(super) const FILE: &str = "contacts.conf";

/// Writes the settings, when they are not already there.
///
/// They are written whole beside the old ones first, so that a full disk leaves those alone.
pub(super) fn write(cluster: &Path, name: &str, socket: &Path, account: &Account) -> Result<()> {
    let path = cluster.join(FILE);
    let settings = settings(name, socket);
    if fs::read_to_string(&path).is_ok_and(|old| old == settings) {
        return Ok(());
    }
    let new = path.with_extension("new");
    let written = || -> io::Result<()> {
        let mut file = fs::File::create(&new)?;
        file.write_all(settings.as_bytes())?;
        file.sync_all()
    };
    written().map_err(|e| EmbeddedError::file(&new, e))?;
    account.own(&new)?;
    fs::rename(&new, &path).map_err(|e| EmbeddedError::file(&path, e))
}

fn settings(name: &str, socket: &Path) -> String {
    format!(
        "# Written by contacts at every start. Your own settings go at the end of postgresql.conf.

# Who gets in: whoever can open the socket, which is its owner.
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
port = {port}
max_connections = 60
# Shown in the titles of the processes, by which they are found when the first one is killed.
cluster_name = '{name}'

# Memory, modest enough for a small machine.
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB

# Bulk: few checkpoints in an import, and a pending list that holds one.
max_wal_size = 4GB
min_wal_size = 256MB
checkpoint_timeout = 5min
checkpoint_completion_target = 0.9
gin_pending_list_limit = 16MB

# A commit is on the disk before it is answered.
fsync = on
synchronous_commit = on
full_page_writes = on

# Disks without a seek, and statements too short to be worth compiling.
random_page_cost = 1.1
jit = off

timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'

# The log goes to postgres.log. A refused statement is not in it, because it quotes what somebody
# typed; the program reports it.
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
