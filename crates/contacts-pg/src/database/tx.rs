//! Transactions: a connection, the organisation, and the time of the change.

use std::ops::{Deref, DerefMut};

use contacts_core::OrgId;
use contacts_core::campaign::AddressKey;
use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::query_dsl::LoadQuery;
use diesel::query_dsl::methods::ExecuteDsl;
use diesel::sql_types::Uuid as SqlUuid;
use diesel::{OptionalExtension, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Database, PgResult};

/// A statement's text with the organisation bound as `$1`.
pub(crate) type OrgQuery<'f> = BoxedSqlQuery<'f, Pg, SqlQuery>;

/// A query, or a transaction, in one organisation.
///
/// Statements of diesel's query builder filter by `org_id.eq(tx.org.0)`, or find a row by its
/// primary key, which begins with the organisation. SQL text comes from [`Tx::query`] and
/// [`Tx::statement`](crate::statement::Statement), which bind the organisation as `$1`.
pub(crate) struct Tx<'a> {
    db: &'a mut PgConnection,
    database: &'a Database,
    /// The organisation that the statements of the transaction are restricted to.
    pub(crate) org: OrgId,
}

impl<'a> Tx<'a> {
    pub(super) fn new(db: &'a mut PgConnection, database: &'a Database, org: OrgId) -> Self {
        Self { db, database, org }
    }

    /// Returns a query from SQL text whose `$1` is the organisation; bind `$2` and on next.
    pub(crate) fn query<'f>(&self, statement: impl Into<String>) -> OrgQuery<'f> {
        sql_query(statement).into_boxed().bind::<SqlUuid, _>(self.org.0)
    }

    /// Returns a new id.
    pub(crate) fn next_id(&self) -> Uuid {
        self.database.ids.next()
    }

    /// Returns the key that hashes the addresses of contacts who unsubscribed.
    pub(crate) fn address_key(&self) -> &'a AddressKey {
        &self.database.addresses
    }

    /// Changes a setting of the transaction, by a statement such as `SET LOCAL`.
    pub(crate) fn set(&mut self, statement: &str) -> PgResult<()> {
        RunQuery::execute(sql_query(statement), self).map(drop)
    }

    /// Makes Postgres plan statements without their values until the transaction ends. For work
    /// on many rows of one organisation.
    ///
    /// Table statistics may be older than a new organisation, and Postgres then estimates that it
    /// has no rows: any index that begins with the organisation looks as good as the right one,
    /// and each look-up scans all of its rows. Besides, each check of a foreign key is a query,
    /// which costs a fifth when it is planned once. A Citus cluster needs the values to choose a
    /// shard, so it keeps its own mode.
    pub(crate) fn use_generic_plans(&mut self) -> PgResult<()> {
        self.set(&format!("SELECT {GENERIC_PLANS}"))
    }
}

/// The expression that [`Tx::use_generic_plans`] runs, for statements that also do other work.
pub(crate) const GENERIC_PLANS: &str = "set_config('plan_cache_mode', CASE WHEN EXISTS \
     (SELECT FROM pg_extension WHERE extname = 'citus') THEN 'auto' ELSE 'force_generic_plan' END, \
     true)";

/// A transaction that changes rows at a time from the core's clock.
pub(crate) struct TimedTx<'a> {
    tx: Tx<'a>,
    /// The time of the change.
    pub(crate) now: OffsetDateTime,
}

impl<'a> TimedTx<'a> {
    pub(super) fn new(tx: Tx<'a>, now: OffsetDateTime) -> Self {
        Self { tx, now }
    }
}

impl<'a> Deref for TimedTx<'a> {
    type Target = Tx<'a>;

    fn deref(&self) -> &Self::Target {
        &self.tx
    }
}

impl DerefMut for TimedTx<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.tx
    }
}

/// A query, or a transaction, over all organisations. On a cluster it asks every shard, so only
/// the operator's commands and the workers use it.
pub(crate) struct AllOrgs<'a> {
    pub(super) db: &'a mut PgConnection,
}

/// A transaction that can run statements.
pub(crate) trait Connected {
    /// Returns the connection.
    fn db(&mut self) -> &mut PgConnection;
}

impl Connected for Tx<'_> {
    fn db(&mut self) -> &mut PgConnection {
        self.db
    }
}

impl Connected for TimedTx<'_> {
    fn db(&mut self) -> &mut PgConnection {
        self.tx.db
    }
}

impl Connected for AllOrgs<'_> {
    fn db(&mut self) -> &mut PgConnection {
        self.db
    }
}

/// Runs a statement in a transaction.
pub(crate) trait RunQuery: RunQueryDsl<PgConnection> + Sized {
    /// Returns the number of rows that the statement changed or found.
    fn execute(self, tx: &mut impl Connected) -> PgResult<usize>
    where
        Self: ExecuteDsl<PgConnection, Pg>,
    {
        Ok(ExecuteDsl::execute(self, tx.db())?)
    }

    /// Returns the rows.
    fn load<'query, R>(self, tx: &mut impl Connected) -> PgResult<Vec<R>>
    where
        Self: LoadQuery<'query, PgConnection, R>,
    {
        Ok(RunQueryDsl::load(self, tx.db())?)
    }

    /// Returns the only row; no row is an error.
    fn get_result<'query, R>(self, tx: &mut impl Connected) -> PgResult<R>
    where
        Self: LoadQuery<'query, PgConnection, R>,
    {
        Ok(RunQueryDsl::get_result(self, tx.db())?)
    }

    /// Returns the first row, if there is one.
    fn row<'query, R>(self, tx: &mut impl Connected) -> PgResult<Option<R>>
    where
        Self: LoadQuery<'query, PgConnection, R>,
    {
        Ok(RunQueryDsl::get_result(self, tx.db()).optional()?)
    }
}

impl<Q: RunQueryDsl<PgConnection>> RunQuery for Q {}
