//! Statements that are put together: text, and the values that are bound in it.

use contacts_core::Result;
use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{Array, BigInt, Bool, Double, Jsonb, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::database::store;

#[derive(QueryableByName)]
pub(crate) struct PlanRow {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    pub(crate) line: String,
}

/// A value that is bound.
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

/// A statement under construction.
pub(crate) struct Statement {
    text: String,
    binds: Vec<Bind>,
}

impl Statement {
    /// A statement whose `$1` is the organisation.
    pub(crate) fn of(org: contacts_core::OrgId) -> Self {
        Self { text: String::new(), binds: vec![Bind::Uuid(org.0)] }
    }

    /// What a table has under a column's value, such as an id.
    pub(crate) fn find(org: contacts_core::OrgId, table: &str, column: &str, value: Uuid) -> Self {
        let mut find = Self::of(org);
        find.push("SELECT * FROM ").push(table).push(" WHERE org_id = $1 AND ").push(column);
        find.push(" = ").bind(Bind::Uuid(value));
        find
    }

    /// The statement with a value that its text names, from `$2` on.
    pub(crate) fn with(mut self, value: Bind) -> Self {
        self.binds.push(value);
        self
    }

    /// Adds text.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a value, as `$n`.
    pub(crate) fn bind(&mut self, value: Bind) -> &mut Self {
        self.binds.push(value);
        self.text.push('$');
        self.text.push_str(&self.binds.len().to_string());
        self
    }

    /// Ends it with an order: the newest first, those before an id, so many at most. Ids are made
    /// in the order of time.
    pub(crate) fn newest(&mut self, before: Option<Uuid>, limit: usize) -> &mut Self {
        if let Some(before) = before {
            self.push(" AND id < ").bind(Bind::Uuid(before));
        }
        self.push(" ORDER BY id DESC LIMIT ").bind(Bind::Int(limit as i64))
    }

    /// Runs it: the row that it finds.
    pub(crate) fn row<R>(&self, db: &mut PgConnection) -> Result<Option<R>>
    where
        R: QueryableByName<Pg> + 'static,
    {
        self.build().get_result(db).optional().map_err(store)
    }

    /// The statement with text before it.
    pub(crate) fn before(mut self, text: &str) -> Self {
        self.text.insert_str(0, text);
        self
    }

    /// The statement, ready to run.
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

    /// How Postgres would run it.
    pub(crate) fn plan(self, db: &mut PgConnection) -> Result<String> {
        let lines: Vec<PlanRow> = self.before("EXPLAIN ").build().load(db).map_err(store)?;
        Ok(lines.into_iter().map(|row| row.line + "\n").collect())
    }
}

/// A text as a pattern of `LIKE` that finds it anywhere.
pub(crate) fn anywhere(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
