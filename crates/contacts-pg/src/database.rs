//! Connections and transactions.

mod clock;
mod connect;
mod error;
mod open;
mod outcome;
mod pulse;
mod tx;

use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use contacts_core::answer::running_claim;
use contacts_core::campaign::AddressKey;
use contacts_core::{Error, Ids, OrgId, Result};
use diesel::connection::{AnsiTransactionManager, CacheSize, SimpleConnection, TransactionManager};
use diesel::r2d2::{self, ConnectionManager, CustomizeConnection, Pool, PooledConnection};
use diesel::sql_types::Bool;
use diesel::{Connection as _, PgConnection, QueryableByName, sql_query};
use time::OffsetDateTime;

pub use self::clock::DatabaseClock;
use self::error::{Failure, classify};
pub(crate) use self::error::{PgError, PgResult, run_again, unread, unreadable};
use self::open::{OpenTransactions, roll_back};
use self::outcome::Mark;
pub use self::pulse::Pulse;
pub(crate) use self::tx::{AllOrgs, Connected, GENERIC_PLANS, OrgQuery, RunQuery, TimedTx, Tx};

#[derive(QueryableByName)]
struct ClusterRow {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

/// A Postgres database, which implements every port of the core.
#[derive(Clone)]
pub struct Database {
    pool: Pool<ConnectionManager<PgConnection>>,
    /// The connection string, with the settings of each connection.
    url: Arc<str>,
    pub(crate) ids: Arc<dyn Ids>,
    /// The key that hashes the addresses of contacts who unsubscribed.
    pub(crate) addresses: AddressKey,
    /// Whether the server is the coordinator of a Citus cluster, once it was asked.
    is_cluster: Arc<OnceLock<bool>>,
    open: OpenTransactions,
}

/// The settings of a connection pool.
#[derive(Clone, Copy, Debug)]
pub struct PoolConfig {
    /// Maximum number of connections.
    pub size: u32,
    /// How long a caller waits for a free connection before it gets [`Error::Busy`].
    pub wait: Duration,
    /// How long a statement may run before it fails with [`Error::Busy`]; `None` is no limit.
    pub statement_timeout: Option<Duration>,
    /// How long a statement may wait for a lock before it fails with [`Error::Busy`]; `None` is no
    /// limit.
    pub lock_timeout: Option<Duration>,
}

impl PoolConfig {
    /// A pool for jobs, whose statements have no limits.
    pub const fn new(size: u32, wait: Duration) -> Self {
        Self { size, wait, statement_timeout: None, lock_timeout: None }
    }

    /// A pool for requests: a statement runs at most 30 seconds, and waits at most 10 seconds for a
    /// lock.
    pub const fn for_requests(size: u32, wait: Duration) -> Self {
        let (statement, lock) = (Duration::from_secs(30), Duration::from_secs(10));
        Self { size, wait, statement_timeout: Some(statement), lock_timeout: Some(lock) }
    }
}

/// The reasons why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The server does not answer.
    #[error("the database cannot be reached: check DATABASE_URL and that the server runs ({0})")]
    Unreachable(String),
    /// The server is older than the oldest version that is known to work.
    #[error("the database server is version {0}: version 14 or later is needed")]
    TooOld(String),
    /// The system refuses the thread that follows the database's clock.
    #[error("the system has no more threads for this user: raise its limit ({0})")]
    Thread(#[source] std::io::Error),
    /// The encoding of the database is not UTF-8.
    #[error("the database holds {0} text: make one with the encoding UTF8")]
    Encoding(String),
}

/// Maximum number of attempts of a transaction that conflicts with others.
const MAX_ATTEMPTS: u32 = 20;

pub(crate) type Connection = PooledConnection<ConnectionManager<PgConnection>>;

/// Sends every statement unnamed. A transaction pooler may give the next transaction another server
/// connection, on which a named statement does not exist.
#[derive(Debug)]
struct UnnamedStatements;

impl CustomizeConnection<PgConnection, r2d2::Error> for UnnamedStatements {
    fn on_acquire(&self, connection: &mut PgConnection) -> Result<(), r2d2::Error> {
        connection.set_prepared_statement_cache_size(CacheSize::Disabled);
        Ok(())
    }
}

impl Database {
    /// Connects to a database. `addresses` must be the key that was used before: unsubscribes that
    /// were hashed with another key are not found. See [`Database::claim`].
    ///
    /// # Errors
    ///
    /// [`OpenError`], whose message states what to do.
    pub fn open(
        url: &str,
        config: PoolConfig,
        ids: Arc<dyn Ids>,
        addresses: AddressKey,
    ) -> Result<Self, OpenError> {
        let url = connect::check(url, &config)?;
        let pool = Pool::builder()
            .max_size(config.size)
            .min_idle(Some(0))
            .connection_timeout(config.wait)
            .test_on_check_out(false)
            .connection_customizer(Box::new(UnnamedStatements))
            .build(ConnectionManager::new(url.clone()))
            .map_err(|error| OpenError::Unreachable(connect::first_line(&error.to_string())))?;
        Ok(Self {
            pool,
            url: url.into(),
            ids,
            addresses,
            is_cluster: Arc::default(),
            open: Default::default(),
        })
    }

    /// Returns a health check of the server that uses no connection of the pool.
    pub fn pulse(&self) -> Pulse {
        Pulse::new(&self.url)
    }

    /// Runs queries in one organisation, each in its own transaction. Runs them again when the
    /// server has closed the connection.
    pub(crate) fn read<T>(
        &self,
        org: OrgId,
        query: impl Fn(&mut Tx<'_>) -> PgResult<T>,
    ) -> Result<T> {
        Ok(self.query(|db| query(&mut Tx::new(db, self, org)))?)
    }

    /// Runs one transaction in an organisation. Runs it again when it conflicts with other
    /// transactions (a deadlock, or a row that was deleted in between).
    pub(crate) fn write<T>(
        &self,
        org: OrgId,
        work: impl Fn(&mut Tx<'_>) -> PgResult<T>,
    ) -> Result<T> {
        Ok(self.transact(|db| work(&mut Tx::new(db, self, org)))?)
    }

    /// Like [`Database::write`], with the time of the change.
    pub(crate) fn write_at<T>(
        &self,
        org: OrgId,
        now: OffsetDateTime,
        work: impl Fn(&mut TimedTx<'_>) -> PgResult<T>,
    ) -> Result<T> {
        Ok(self.try_write_at(org, now, work)?)
    }

    /// Like [`Database::write_at`], for a caller that handles the failure.
    pub(crate) fn try_write_at<T>(
        &self,
        org: OrgId,
        now: OffsetDateTime,
        work: impl Fn(&mut TimedTx<'_>) -> PgResult<T>,
    ) -> PgResult<T> {
        self.transact(|db| work(&mut TimedTx::new(Tx::new(db, self, org), now)))
    }

    /// Runs queries over all organisations, on tables that are copied to every node of a cluster.
    pub(crate) fn read_shared<T>(
        &self,
        query: impl Fn(&mut AllOrgs<'_>) -> PgResult<T>,
    ) -> Result<T> {
        Ok(self.query(|db| query(&mut AllOrgs { db }))?)
    }

    /// Like [`Database::read_shared`], in one transaction that changes rows.
    pub(crate) fn write_shared<T>(
        &self,
        work: impl Fn(&mut AllOrgs<'_>) -> PgResult<T>,
    ) -> Result<T> {
        Ok(self.transact(|db| work(&mut AllOrgs { db }))?)
    }

    /// Runs one query over all organisations. On a cluster it asks every shard, which connections
    /// refuse otherwise, so only the operator's commands and the workers use it.
    pub(crate) fn read_everywhere<T>(
        &self,
        query: impl Fn(&mut AllOrgs<'_>) -> PgResult<T>,
    ) -> Result<T> {
        if !self.is_cluster()? {
            return self.read_shared(query);
        }
        let allow = "SELECT set_config('citus.multi_task_query_log_level', 'off', true)";
        self.write_shared(|all| {
            RunQuery::execute(sql_query(allow), all)?;
            query(all)
        })
    }

    fn is_cluster(&self) -> Result<bool> {
        if let Some(known) = self.is_cluster.get() {
            return Ok(*known);
        }
        let statement = "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus') AS yes";
        let row: ClusterRow =
            self.query(|db| Ok(diesel::RunQueryDsl::get_result(sql_query(statement), db)?))?;
        Ok(*self.is_cluster.get_or_init(|| row.yes))
    }

    fn query<T>(&self, query: impl Fn(&mut PgConnection) -> PgResult<T>) -> PgResult<T> {
        if let Some(found) = self.query_open(&query)? {
            return Ok(found);
        }
        // After a restart of the server, every idle connection of the pool is closed.
        for _ in 0..self.pool.max_size() {
            match query(&mut *self.connection()?) {
                Err(PgError::Diesel(error)) if classify(&error) == Failure::Lost => {}
                result => return result,
            }
        }
        query(&mut *self.connection()?)
    }

    fn transact<T>(&self, work: impl Fn(&mut PgConnection) -> PgResult<T>) -> PgResult<T> {
        self.commit_earlier()?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.attempt(&work) {
                Err(PgError::Diesel(error))
                    if attempts < MAX_ATTEMPTS && classify(&error) == Failure::Conflict => {}
                result => return result,
            }
            tracing::debug!(attempts, "retrying a transaction");
            // Wait longer after each attempt, so that the other transactions can end.
            thread::sleep(Duration::from_millis(5) * attempts);
        }
    }

    /// Runs a transaction once. It stays open when the answer of its request is to be committed with
    /// it (R63).
    fn attempt<T>(&self, work: impl Fn(&mut PgConnection) -> PgResult<T>) -> PgResult<T> {
        let running = running_claim();
        let marked = running.filter(|running| !running.waits_for_answer);
        let mut connection = self.begin()?;
        let db = &mut *connection;
        let done = work(db).and_then(|value| {
            let mark = marked.map(|running| Mark::set(db, &running)).transpose()?;
            Ok((value, mark))
        });
        let (value, mark) = match done {
            Ok(done) => done,
            Err(error) => {
                roll_back(connection);
                return Err(error);
            }
        };
        match running {
            Some(running) if running.waits_for_answer => self.open.keep(&running, connection),
            _ => self.commit(connection, mark.as_ref())?,
        }
        Ok(value)
    }

    /// Commits a transaction. When the answer to its COMMIT is lost and the transaction belongs to a
    /// keyed request, finds out whether it was committed (R63).
    fn commit(&self, mut connection: Connection, mark: Option<&Mark>) -> PgResult<()> {
        let committed = AnsiTransactionManager::commit_transaction(&mut *connection);
        let Err(error) = committed else { return Ok(()) };
        // Looking needs a connection, and the pool may have only this one.
        drop(connection);
        match mark {
            Some(mark) if self.was_committed(mark) => Ok(()),
            _ => Err(error.into()),
        }
    }

    /// Returns a connection in a new transaction. Replaces connections that the server has closed.
    fn begin(&self) -> PgResult<Connection> {
        for _ in 0..self.pool.max_size() {
            let mut connection = self.connection()?;
            match AnsiTransactionManager::begin_transaction(&mut *connection) {
                Ok(()) => return Ok(connection),
                Err(error) if classify(&error) == Failure::Lost => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut connection = self.connection()?;
        AnsiTransactionManager::begin_transaction(&mut *connection)?;
        Ok(connection)
    }

    /// Opens a connection outside the pool whose statements have no limits. For migrations:
    /// building an index takes minutes, and so does waiting for another program that builds it.
    pub(crate) fn connect_without_limits(&self) -> diesel::ConnectionResult<PgConnection> {
        let mut db = PgConnection::establish(&self.url)?;
        let connect_without_limits =
            db.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0");
        connect_without_limits.map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
        Ok(db)
    }

    pub(crate) fn connection(&self) -> Result<Connection> {
        self.pool.get().map_err(|error| {
            let all_in_use = self.pool.state().connections >= self.pool.max_size();
            if all_in_use { Error::Busy } else { Error::Unavailable(error.into()) }
        })
    }

    /// Runs maintenance statements outside a transaction. A refused statement is logged and ignored.
    /// A lost connection is an error, because the statements have yet to run.
    pub(crate) fn tidy(&self, statements: &str) -> Result<()> {
        match self.connection()?.batch_execute(statements) {
            Err(error) if classify(&error) != Failure::Lost => {
                tracing::warn!(%error, "maintenance of the database failed");
                Ok(())
            }
            tidied => Ok(tidied.map_err(PgError::from)?),
        }
    }
}
