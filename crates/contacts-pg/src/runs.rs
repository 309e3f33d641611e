//! The port that reads runs of every kind. Each kind has its table; one statement reads those that
//! are asked for.

use contacts_core::import::ImportState;
use contacts_core::run::{Progress, Run, RunFilter, RunId, RunKind, RunRepository, RunState};
use contacts_core::{Actor, OrgId, Result};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{PgResult, Tx, unreadable};
use crate::statement::{Bind, Statement};

/// A table of runs.
struct Source {
    table: &'static str,
    /// The kinds of the table's runs.
    kinds: &'static [RunKind],
    /// The columns `kind`, `subject_id`, `done`, `total` and `done_before`.
    columns: &'static str,
    /// The columns `problem`, `actor_kind` and `actor_id`.
    end: &'static str,
}

/// What the columns of most tables are called.
const ENDED_BY: &str = "problem, actor_kind, actor_id";

/// The tables of all runs. Every statement names the organisation for each of them.
const SOURCES: [Source; 6] = [
    Source {
        table: "imports",
        kinds: &[RunKind::Import],
        columns: "'import'::text AS kind, id AS subject_id, \
             CASE WHEN state = 'running' AND retried_rows IS NOT NULL \
                 THEN retried_rows - corrected_rows ELSE rows_read END AS done, \
             CASE WHEN state = 'running' AND retried_rows IS NOT NULL \
                 THEN retried_rows ELSE (analysis->>'rows')::bigint END AS total, \
             0::bigint AS done_before",
        end: ENDED_BY,
    },
    Source {
        table: "dry_runs",
        kinds: &[RunKind::DryRun],
        columns: "'dry_run'::text AS kind, import_id AS subject_id, rows_read AS done, total, \
             0::bigint AS done_before",
        end: ENDED_BY,
    },
    Source {
        table: "undos",
        kinds: &[RunKind::Undo, RunKind::UndoAction],
        columns: "kind, subject_id, chunks_done AS done, chunks AS total, \
             chunks_done_before AS done_before",
        end: ENDED_BY,
    },
    Source {
        table: "actions",
        kinds: &RunKind::ACTIONS,
        columns: "kind, id AS subject_id, (tally->>'changed')::bigint \
                 + (tally->>'unchanged')::bigint + (SELECT coalesce(sum(s.value::bigint), 0) \
                 FROM jsonb_each_text(tally->'skipped') s)::bigint AS done, contacts AS total, \
             0::bigint AS done_before",
        end: ENDED_BY,
    },
    Source {
        table: "erasures",
        kinds: &[RunKind::Erasure],
        columns: "'erasure'::text AS kind, contact_id AS subject_id, files AS done, \
             NULL::bigint AS total, 0::bigint AS done_before",
        end: "NULL::text AS problem, actor_kind, actor_id",
    },
    Source {
        table: "sync_runs",
        kinds: &[RunKind::Sync],
        columns: "'sync'::text AS kind, source_id AS subject_id, (tally->>'added')::bigint \
                 + (tally->>'updated')::bigint + (SELECT coalesce(sum((s.value->>1)::bigint), 0) \
                 FROM jsonb_array_elements(tally->'skipped') s)::bigint AS done, \
             NULL::bigint AS total, 0::bigint AS done_before",
        end: ENDED_BY,
    },
];

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = SqlUuid)]
    subject_id: Uuid,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    done: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    total: Option<i64>,
    #[diesel(sql_type = BigInt)]
    done_before: i64,
    #[diesel(sql_type = Nullable<Text>)]
    problem: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    actor_kind: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    actor_id: Option<Uuid>,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    started_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finished_at: Option<OffsetDateTime>,
}

impl Row {
    fn read(self) -> PgResult<Run> {
        let kind = RunKind::parse(&self.kind).ok_or_else(|| unreadable("actions.kind"))?;
        let state = match kind {
            RunKind::Import => {
                let state = ImportState::parse(&self.state);
                let state = state.ok_or_else(|| unreadable("imports.state"))?;
                state.since(self.started_at).run_state()
            }
            _ => read_state(&self.state, self.started_at, "runs.state")?,
        };
        Ok(Run {
            id: RunId(self.id),
            kind,
            subject_id: self.subject_id,
            state,
            progress: Progress {
                done: self.done.cast_unsigned(),
                total: self.total.map(i64::cast_unsigned),
                done_before: self.done_before.cast_unsigned(),
            },
            problem: self.problem,
            actor: read_actor(self.actor_kind.as_deref(), self.actor_id, "runs.actor_kind")?,
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
        })
    }
}

/// Which rows of each table are read.
#[derive(Clone, Copy)]
struct Page<'a> {
    filter: &'a RunFilter,
    id: Option<RunId>,
    before: Option<RunId>,
    limit: usize,
}

impl RunRepository for Database {
    fn find(&self, org: OrgId, id: RunId) -> Result<Option<Run>> {
        let filter = &RunFilter::default();
        let page = Page { filter, id: Some(id), before: None, limit: 1 };
        let found = self.read(org, |tx| select(tx, page))?;
        Ok(found.into_iter().next())
    }

    fn list(
        &self,
        org: OrgId,
        filter: &RunFilter,
        before: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<Run>> {
        self.read(org, |tx| select(tx, Page { filter, id: None, before, limit }))
    }
}

/// Returns the query plan of the first page of runs.
///
/// # Errors
///
/// [`contacts_core::Error::Store`] when the store fails.
pub fn explain_runs(database: &Database, org: OrgId, filter: &RunFilter) -> Result<String> {
    let page = Page { filter, id: None, before: None, limit: 50 };
    database.read(org, |tx| match statement(tx, page) {
        Some(statement) => statement.plan(tx),
        None => Ok(String::new()),
    })
}

fn select(tx: &mut Tx<'_>, page: Page<'_>) -> PgResult<Vec<Run>> {
    let Some(select) = statement(tx, page) else { return Ok(Vec::new()) };
    let rows: Vec<Row> = select.load(tx)?;
    rows.into_iter().map(Row::read).collect()
}

/// Returns the statement for a page of runs, or `None` when no kind is asked for.
///
/// Each table gives at most one page, from the end of its index, so that the cost does not depend on
/// the number of runs.
fn statement(tx: &Tx<'_>, page: Page<'_>) -> Option<Statement> {
    let mut select = tx.statement();
    select.push("SELECT * FROM (");
    let mut is_first = true;
    for source in SOURCES {
        let kinds = source.kinds.iter().filter(|kind| page.filter.kinds.contains(*kind));
        let kinds: Vec<_> = kinds.map(|kind| kind.as_str().to_owned()).collect();
        if kinds.is_empty() {
            continue;
        }
        select.push(if is_first { "(" } else { " UNION ALL (" });
        is_first = false;
        select.push("SELECT id, state, ").push(source.columns).push(", ").push(source.end);
        select.push(", created_at, started_at, finished_at FROM ").push(source.table);
        select.push(" WHERE org_id = $1");
        if kinds.len() < source.kinds.len() {
            select.push(" AND kind = ANY(").bind(Bind::Texts(kinds)).push(")");
        }
        if page.filter.only_open {
            select.push(" AND finished_at IS NULL");
        }
        if let Some(id) = page.id {
            select.push(" AND id = ").bind(Bind::Uuid(id.0));
        }
        select.newest(page.before.map(|run| run.0), page.limit).push(")");
    }
    if is_first {
        return None;
    }
    select.push(") runs ORDER BY id DESC LIMIT ").bind(Bind::Int(page.limit as i64));
    Some(select)
}

/// Reads the state of a run. Tables say `running` from the request on.
pub(crate) fn read_state(
    name: &str,
    started_at: Option<OffsetDateTime>,
    column: &'static str,
) -> PgResult<RunState> {
    let state = RunState::parse(name).ok_or_else(|| unreadable(column))?;
    Ok(state.since(started_at))
}

/// Returns the name by which tables store a state that no worker has begun, or any other.
pub(crate) fn stored_state(state: RunState) -> &'static str {
    if state == RunState::Queued { RunState::Running.as_str() } else { state.as_str() }
}

/// Reads the actor of a run; `None` when a schedule requested it.
pub(crate) fn read_actor(
    kind: Option<&str>,
    id: Option<Uuid>,
    column: &'static str,
) -> PgResult<Option<Actor>> {
    let read = |kind| Actor::from_parts(kind, id).ok_or_else(|| unreadable(column));
    kind.map(read).transpose()
}
