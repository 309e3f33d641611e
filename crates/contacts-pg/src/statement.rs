//! Statements that are composed at run time, and SQL functions that diesel does not define.

use diesel::pg::Pg;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{
    Array, BigInt, Bool, Double, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel::{QueryableByName, define_sql_function, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::database::{Connected, PgResult, RunQuery, Tx};

define_sql_function! {
    /// Returns the first of two times that is not null.
    fn coalesce(first: Nullable<Timestamptz>, second: Nullable<Timestamptz>) -> Nullable<Timestamptz>;
}

define_sql_function! {
    /// Returns whether a text starts with another.
    fn starts_with(text: Text, prefix: Text) -> Bool;
}

/// A row that is an id only.
#[derive(QueryableByName)]
pub(crate) struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) id: Uuid,
}

/// A line of a query plan.
#[derive(QueryableByName)]
pub(crate) struct PlanRow {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    pub(crate) line: String,
}

/// A value that is bound to a placeholder of a statement.
#[derive(Clone)]
pub(crate) enum Bind {
    Uuid(Uuid),
    Uuids(Vec<Uuid>),
    Text(String),
    Texts(Vec<String>),
    Int(i64),
    Double(f64),
    Bool(bool),
    Time(OffsetDateTime),
    Json(serde_json::Value),
}

/// The text of a statement, and the values of its placeholders `$1`, `$2` and on.
pub(crate) struct Statement {
    text: String,
    binds: Vec<Bind>,
}

impl Tx<'_> {
    /// Returns an empty statement whose `$1` is the organisation.
    pub(crate) fn statement(&self) -> Statement {
        Statement::of(self.org)
    }

    /// Returns a statement that selects the rows of a table with `value` in `column`, such as an
    /// id.
    pub(crate) fn find(&self, table: &str, column: &str, value: Uuid) -> Statement {
        let mut find = self.statement();
        find.push("SELECT * FROM ").push(table).push(" WHERE org_id = $1 AND ").push(column);
        find.push(" = ").bind(Bind::Uuid(value));
        find
    }
}

impl Statement {
    /// Returns an empty statement whose `$1` is the organisation.
    pub(crate) fn of(org: contacts_core::OrgId) -> Self {
        Self { text: String::new(), binds: vec![Bind::Uuid(org.0)] }
    }

    /// Binds the next placeholder to a value. Text that is appended later refers to it.
    pub(crate) fn with(mut self, value: Bind) -> Self {
        self.binds.push(value);
        self
    }

    /// Appends text.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a placeholder `$n` with its value.
    pub(crate) fn bind(&mut self, value: Bind) -> &mut Self {
        self.binds.push(value);
        self.text.push('$');
        self.text.push_str(&self.binds.len().to_string());
        self
    }

    /// Appends the end of a page of at most `limit` rows, newest first, with ids below `before`.
    /// Ids are generated in the order of time.
    pub(crate) fn newest(&mut self, before: Option<Uuid>, limit: usize) -> &mut Self {
        if let Some(before) = before {
            self.push(" AND id < ").bind(Bind::Uuid(before));
        }
        self.push(" ORDER BY id DESC LIMIT ").bind(Bind::Int(limit as i64))
    }

    /// Runs the statement and returns the number of rows that it changed or found.
    pub(crate) fn execute(&self, tx: &mut impl Connected) -> PgResult<usize> {
        self.build().execute(tx)
    }

    /// Runs the statement and returns its rows.
    pub(crate) fn load<R: QueryableByName<Pg> + 'static>(
        &self,
        tx: &mut impl Connected,
    ) -> PgResult<Vec<R>> {
        self.build().load(tx)
    }

    /// Runs the statement and returns its only row; no row is an error.
    pub(crate) fn get_result<R: QueryableByName<Pg> + 'static>(
        &self,
        tx: &mut impl Connected,
    ) -> PgResult<R> {
        self.build().get_result(tx)
    }

    /// Runs the statement and returns its first row, if there is one.
    pub(crate) fn row<R: QueryableByName<Pg> + 'static>(
        &self,
        tx: &mut impl Connected,
    ) -> PgResult<Option<R>> {
        self.build().row(tx)
    }

    /// Returns the statement with `text` in front.
    pub(crate) fn before(mut self, text: &str) -> Self {
        self.text.insert_str(0, text);
        self
    }

    /// Returns the statement in the form that diesel runs.
    pub(crate) fn build(&self) -> BoxedSqlQuery<'static, Pg, SqlQuery> {
        let mut query = sql_query(&self.text).into_boxed::<Pg>();
        for bind in self.binds.clone() {
            query = match bind {
                Bind::Uuid(value) => query.bind::<SqlUuid, _>(value),
                Bind::Uuids(values) => query.bind::<Array<SqlUuid>, _>(values),
                Bind::Text(value) => query.bind::<Text, _>(value),
                Bind::Texts(values) => query.bind::<Array<Text>, _>(values),
                Bind::Int(value) => query.bind::<BigInt, _>(value),
                Bind::Double(value) => query.bind::<Double, _>(value),
                Bind::Bool(value) => query.bind::<Bool, _>(value),
                Bind::Time(value) => query.bind::<Timestamptz, _>(value),
                Bind::Json(value) => query.bind::<Jsonb, _>(value),
            };
        }
        query
    }

    /// Returns the query plan of the statement.
    pub(crate) fn plan(self, tx: &mut Tx<'_>) -> PgResult<String> {
        let lines: Vec<PlanRow> = self.before("EXPLAIN ").load(tx)?;
        Ok(lines.into_iter().map(|row| row.line + "\n").collect())
    }
}

/// Returns a `LIKE` pattern that matches values that contain `text`.
pub(crate) fn anywhere(text: &str) -> String {
    format!("%{}%", escaped(text))
}

/// Returns a `LIKE` pattern that matches values that begin with `text`.
pub(crate) fn at_start(text: &str) -> String {
    format!("{}%", escaped(text))
}

/// Returns a `LIKE` pattern that matches values that end with `text`.
pub(crate) fn at_end(text: &str) -> String {
    format!("%{}", escaped(text))
}

/// Returns a `LIKE` pattern that matches `text` only.
fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}
