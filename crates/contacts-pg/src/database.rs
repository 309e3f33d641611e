//! Connections and transactions.

use std::fmt::Display;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use contacts_core::campaign::AddressKey;
use contacts_core::{Error, Ids, Result};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::r2d2::{ConnectionManager, Pool, PooledConnection};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{PgConnection, RunQueryDsl, sql_query};

/// A Postgres database: every port of the core.
#[derive(Clone)]
pub struct Database {
    pool: Pool<ConnectionManager<PgConnection>>,
    pub(crate) ids: Arc<dyn Ids>,
    /// Hashes the addresses of those who unsubscribe.
    pub(crate) addresses: AddressKey,
}

/// How many connections a pool keeps.
#[derive(Clone, Copy, Debug)]
pub struct PoolConfig {
    /// The most connections.
    pub size: u32,
    /// How long a caller waits for one before it is told that the service is busy.
    pub wait: Duration,
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It does not answer.
    #[error("the database cannot be reached: check DATABASE_URL and that the server runs ({0})")]
    Unreachable(String),
    /// Its server is older than the oldest that is known to work.
    #[error("the database server is version {0}: version 14 or later is needed")]
    TooOld(String),
    /// Its text is not UTF-8.
    #[error("the database holds {0} text: make one with the encoding UTF8")]
    Encoding(String),
}

/// On a pooled connection nothing may depend on the session, so what it needs is asked for when
/// it is made: custom plans (a cached generic one ruins `LIKE $1`), neither compilation nor
/// helpers for short queries, the index of an organisation and never everybody's table, and on
/// a cluster the refusal of statements that would ask every shard.
const OPTIONS: &str = "-c plan_cache_mode=force_custom_plan -c jit=off \
     -c max_parallel_workers_per_gather=0 -c enable_seqscan=off \
     -c citus.multi_task_query_log_level=error";

/// Plans that do not look at the organisation, for work on many rows of one. Statistics may know every organisation but this
/// new one and take it for empty; then any index that begins with it looks as good as the right
/// one, and each person that is known costs a walk over all. Besides, checking a foreign key is a
/// query for each row: planned once it costs a fifth. A cluster finds no shard without the values.
pub(crate) const SETTINGS: &str = "SELECT set_config('plan_cache_mode', CASE WHEN EXISTS \
     (SELECT FROM pg_extension WHERE extname = 'citus') THEN 'auto' ELSE 'force_generic_plan' END, \
     true)";

/// How often a transaction is tried that others got in the way of.
const TRIES: u32 = 20;

pub(crate) type Connection = PooledConnection<ConnectionManager<PgConnection>>;

impl Database {
    /// Connects. Whoever opens a database gives the key that was used before, for without it
    /// nobody's unsubscribe is found again: see [`Database::claim`].
    ///
    /// # Errors
    ///
    /// [`OpenError`] with a sentence that says what to do.
    pub fn open(
        url: &str,
        config: PoolConfig,
        ids: Arc<dyn Ids>,
        addresses: AddressKey,
    ) -> Result<Self, OpenError> {
        let unreachable = |error: String| OpenError::Unreachable(first_line(&error));
        check(url).map_err(|error| match error {
            CheckError::Open(error) => error,
            CheckError::Connection(error) => unreachable(error),
        })?;
        let pool = Pool::builder()
            .max_size(config.size)
            .min_idle(Some(0))
            .connection_timeout(config.wait)
            .test_on_check_out(false)
            .build(ConnectionManager::new(with_options(url)))
            .map_err(|error| unreachable(error.to_string()))?;
        Ok(Self { pool, ids, addresses })
    }

    /// Asks the server for a sign of life.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] when it gives none, [`Error::Busy`] when every connection is in use.
    pub fn ping(&self) -> Result<()> {
        self.read(|db| sql_query("SELECT 1").execute(db).map(drop).map_err(store))
    }

    /// Runs one query. A connection that the server has closed meanwhile is replaced.
    pub(crate) fn read<T>(&self, query: impl Fn(&mut PgConnection) -> Result<T>) -> Result<T> {
        // After the server was restarted, every connection that was kept is a closed one.
        for _ in 0..self.pool.max_size() {
            match query(&mut *self.connection()?) {
                Err(error) if is(&error, is_closed) => {}
                result => return result,
            }
        }
        query(&mut *self.connection()?).map_err(away)
    }

    /// Runs one query over all organisations, which on a cluster asks every shard: only the
    /// operator's and the workers' may.
    pub(crate) fn read_everywhere<T>(
        &self,
        query: impl Fn(&mut PgConnection) -> Result<T>,
    ) -> Result<T> {
        let allow = "SELECT set_config('citus.multi_task_query_log_level', 'off', true)";
        self.write(|db| {
            sql_query(allow).execute(db).map_err(store)?;
            query(db)
        })
    }

    /// Runs one transaction: all of it, or nothing. When others got in its way (a deadlock, or a
    /// row that was there a moment ago), it is run again.
    pub(crate) fn write<T>(&self, work: impl Fn(&mut PgConnection) -> Result<T>) -> Result<T> {
        let mut tries = 0;
        loop {
            tries += 1;
            let mut connection = self.begin()?;
            let db = &mut *connection;
            let done = work(db).and_then(|value| {
                AnsiTransactionManager::commit_transaction(db).map_err(store).map(|()| value)
            });
            match done {
                Ok(value) => return Ok(value),
                Err(error) => {
                    // A connection that cannot even roll back is broken, and the pool drops it.
                    let _ = AnsiTransactionManager::rollback_transaction(db);
                    if tries == TRIES || !is(&error, is_passing) {
                        return Err(away(error));
                    }
                    drop(connection);
                    tracing::debug!(tries, "a transaction is run again");
                    // The others get time to come to their end, each time more of it.
                    thread::sleep(Duration::from_millis(5) * tries);
                }
            }
        }
    }

    /// A connection in a transaction; one that the server has closed is replaced.
    fn begin(&self) -> Result<Connection> {
        for _ in 0..self.pool.max_size() {
            let mut connection = self.connection()?;
            match AnsiTransactionManager::begin_transaction(&mut *connection) {
                Ok(()) => return Ok(connection),
                Err(error) if is_closed(&error) => {}
                Err(error) => return Err(store(error)),
            }
        }
        let mut connection = self.connection()?;
        let begun = AnsiTransactionManager::begin_transaction(&mut *connection);
        begun.map(|()| connection).map_err(|error| away(store(error)))
    }

    pub(crate) fn connection(&self) -> Result<Connection> {
        self.pool.get().map_err(|error| {
            let all_in_use = self.pool.state().connections >= self.pool.max_size();
            if all_in_use { Error::Busy } else { Error::Unavailable(error.into()) }
        })
    }

    /// Runs statements outside a transaction, as upkeep needs. That they are refused is no one's
    /// business; that the server was lost meanwhile is, for then they are still to be done.
    pub(crate) fn tidy(&self, statements: &str) -> Result<()> {
        match self.connection()?.batch_execute(statements) {
            Err(error) if !is_closed(&error) => {
                tracing::warn!(%error, "upkeep of the database failed");
                Ok(())
            }
            tidied => tidied.map_err(|error| away(store(error))),
        }
    }
}

/// What a diesel error is for the core.
pub(crate) fn store(error: DieselError) -> Error {
    Error::store(error)
}

/// A store that was lost is not one that failed.
fn away(error: Error) -> Error {
    match error {
        Error::Store(source) if source.downcast_ref().is_some_and(is_closed) => {
            Error::Unavailable(source)
        }
        error => error,
    }
}

/// What a row that does not parse is for the core: it names the table and the column.
pub(crate) fn unreadable(place: &'static str) -> Error {
    Error::store(format!("{place} holds what cannot be read"))
}

/// The same, with what is wrong with it.
pub(crate) fn unread<E: Display>(place: &'static str) -> impl FnOnce(E) -> Error {
    move |why| Error::store(format!("{place} holds what cannot be read: it {why}"))
}

pub(crate) fn is(error: &Error, test: impl Fn(&DieselError) -> bool) -> bool {
    match error {
        Error::Store(source) => source.downcast_ref().is_some_and(test),
        _ => false,
    }
}

pub(crate) fn is_unique_violation(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
}

fn is_closed(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
            _,
        ) => true,
        // A server that was killed says nothing that could be classified.
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) => {
            let message = info.message();
            [
                "server closed the connection",
                "no connection to the server",
                "terminating connection",
                "could not receive data from server",
                "could not send data to server",
                "SSL connection has been closed",
            ]
            .iter()
            .any(|sign| message.contains(sign))
        }
        DieselError::BrokenTransactionManager => true,
        _ => false,
    }
}

/// Failures that pass when the transaction is run again: others changed what it had read.
fn is_passing(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)
        | DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)
        | DieselError::RollbackTransaction => true,
        // Diesel does not tell SQLSTATE 40P01 from others.
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) => {
            info.message().contains("deadlock detected")
        }
        _ => false,
    }
}

enum CheckError {
    Open(OpenError),
    Connection(String),
}

#[derive(diesel::QueryableByName)]
struct Server {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    number: i32,
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    encoding: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    letters: String,
}

fn check(url: &str) -> Result<(), CheckError> {
    use diesel::Connection as _;

    let connection = |error: &dyn ToString| CheckError::Connection(error.to_string());
    let mut db = PgConnection::establish(&with_options(url)).map_err(|e| connection(&e))?;
    let query = "SELECT current_setting('server_version_num')::int AS number, \
                 current_setting('server_version') AS version, \
                 current_setting('server_encoding') AS encoding, \
                 datctype::text AS letters FROM pg_database WHERE datname = current_database()";
    let server: Server = sql_query(query).get_result(&mut db).map_err(|e| connection(&e))?;
    if server.number < 140_000 {
        return Err(CheckError::Open(OpenError::TooOld(server.version)));
    }
    if server.encoding != "UTF8" {
        return Err(CheckError::Open(OpenError::Encoding(server.encoding)));
    }
    if matches!(server.letters.as_str(), "C" | "POSIX") {
        tracing::warn!(
            "the database's locale is {}: search is slow for names that are not ASCII; \
             make a database with the locale C.UTF-8",
            server.letters
        );
    }
    Ok(())
}

/// The connection string with [`OPTIONS`], unless it brings its own.
fn with_options(url: &str) -> String {
    if url.contains("options=") {
        return url.to_owned();
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        let sign = if url.contains('?') { '&' } else { '?' };
        return format!("{url}{sign}options={}", OPTIONS.replace(' ', "%20").replace('=', "%3D"));
    }
    format!("{url} options='{OPTIONS}'")
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_added_to_both_forms_of_a_connection_string() {
        let uri = with_options("postgres://localhost/x");
        assert!(uri.starts_with("postgres://localhost/x?options=-c%20plan_cache_mode%3Dforce"));
        assert!(with_options("postgres:///x?host=/run").contains("host=/run&options="));
        assert!(with_options("host=/run dbname=x").ends_with("level=error'"));
        assert_eq!(
            with_options("postgres:///x?options=-c%20a%3Db"),
            "postgres:///x?options=-c%20a%3Db"
        );
    }
}
