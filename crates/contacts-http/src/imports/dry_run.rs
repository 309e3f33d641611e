//! What an import would do if it ran now (R37).

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::import::{DryOutcome, DryRow, DryRun, DryRunState, ImportId};
use contacts_core::page::Page;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::SummaryView;
use crate::answer::{Answer, json, nothing, ok, to_json};
use crate::auth::{CanRead, CanWrite};
use crate::blocking::blocking;
use crate::contacts::FieldChangeView;
use crate::page::AfterRow;
use crate::params::Params;
use crate::path::Id;
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(super) fn routes(table: Table) -> Table {
    table
        .add::<__path_begin, _, _>(begin)
        .add::<__path_get, _, _>(get)
        .add::<__path_discard, _, _>(discard)
        .add::<__path_rows, _, _>(rows)
}

/// What an import would do.
#[derive(Serialize, ToSchema)]
#[schema(as = DryRun)]
struct DryRunView {
    /// How far it is.
    state: DryRunStateView,
    /// Why it failed, and what to do.
    problem: Option<String>,
    /// Rows that were looked at so far.
    rows: u64,
    /// What would happen to them.
    summary: SummaryView,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    asked_at: OffsetDateTime,
    /// When it came to an end.
    #[serde(with = "time::serde::rfc3339::option")]
    finished_at: Option<OffsetDateTime>,
}

/// How far a dry run is. `done` and `failed` are ends.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DryRunState)]
enum DryRunStateView {
    /// Rows are being looked at, or wait to be.
    Running,
    /// Every row was looked at.
    Done,
    /// It could not go on.
    Failed,
}

impl From<DryRun> for DryRunView {
    fn from(run: DryRun) -> Self {
        Self {
            state: match run.state {
                DryRunState::Running => DryRunStateView::Running,
                DryRunState::Done => DryRunStateView::Done,
                DryRunState::Failed => DryRunStateView::Failed,
            },
            problem: run.problem,
            rows: run.tally.rows(),
            summary: run.tally.into(),
            asked_at: run.asked_at,
            finished_at: run.finished_at,
        }
    }
}

/// What would happen to a row.
#[derive(Serialize, ToSchema)]
#[schema(as = DryRow)]
struct DryRowView {
    /// The row, counted from 1 below the header.
    row: u64,
    /// The line of the file, from 1, on which it begins.
    line: u64,
    /// What would happen.
    #[serde(flatten)]
    outcome: DryOutcomeView,
    /// The cells that would be lost though the row is taken, with the reason.
    warnings: Vec<String>,
}

/// What would happen.
#[derive(Serialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[schema(as = DryOutcome)]
enum DryOutcomeView {
    /// It would make a contact.
    Added,
    /// It would change one.
    Updated {
        /// The contact; null when a row above is to make it.
        contact_id: Option<Uuid>,
        /// Which fields, from what to what.
        changes: Vec<FieldChangeView>,
        /// Tags that it would put on.
        tags: Vec<String>,
    },
    /// It would not be taken.
    Skipped {
        /// The reason, as in the summary.
        code: &'static str,
        /// The reason, for people.
        reason: String,
    },
}

impl From<DryRow> for DryRowView {
    fn from(row: DryRow) -> Self {
        let outcome = match row.outcome {
            DryOutcome::Added => DryOutcomeView::Added,
            DryOutcome::Updated { contact, changes, tags } => DryOutcomeView::Updated {
                contact_id: contact.map(|contact| contact.0),
                changes: changes.into_iter().map(Into::into).collect(),
                tags,
            },
            DryOutcome::Skipped { code, reason } => {
                DryOutcomeView::Skipped { code: code.as_str(), reason }
            }
        };
        Self { row: row.row, line: row.line, outcome, warnings: row.warnings }
    }
}

/// A page of rows.
#[derive(Serialize, ToSchema)]
#[schema(as = DryRows)]
struct DryRowsView {
    /// The rows, in the order of the file.
    items: Vec<DryRowView>,
    /// What `after` takes to get the next page; null on the last one so far.
    next: Option<u64>,
}

/// Say what an import would do if it ran now
#[utoipa::path(
    post, path = "/v1/imports/{id}/dry-run", tag = "imports", operation_id = "begin_dry_run",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 202, description = "The dry run, in place of the one before", body = DryRunView),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is not ready", body = ProblemView, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: the mapping lacks something", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn begin(CanWrite(caller): CanWrite, shared: Data<Shared>, Id(id): Id<ImportId>) -> Answer {
    let body = blocking(&shared, move |api| {
        to_json(&DryRunView::from(api.imports.begin_dry_run(caller.org, id)?))
    });
    Ok(json(StatusCode::ACCEPTED, body.await?))
}

/// Get what an import would do
#[utoipa::path(
    get, path = "/v1/imports/{id}/dry-run", tag = "imports", operation_id = "get_dry_run",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The dry run", body = DryRunView),
        (status = 404, description = "There is no such import, or no dry run of it as it is now", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ImportId>) -> Answer {
    let body = blocking(&shared, move |api| {
        to_json(&DryRunView::from(api.imports.dry_run(caller.org, id)?))
    });
    Ok(ok(body.await?))
}

/// Cancel a dry run, or throw away what it said
#[utoipa::path(
    delete, path = "/v1/imports/{id}/dry-run", tag = "imports", operation_id = "discard_dry_run",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 204, description = "There is none any more"),
        (status = 404, description = "There is no such import, or no dry run of it", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn discard(CanWrite(caller): CanWrite, shared: Data<Shared>, Id(id): Id<ImportId>) -> Answer {
    blocking(&shared, move |api| Ok(api.imports.discard_dry_run(caller.org, id)?)).await?;
    Ok(nothing())
}

/// List what would happen row by row
#[utoipa::path(
    get, path = "/v1/imports/{id}/dry-run/rows", tag = "imports", operation_id = "list_dry_rows",
    params(("id" = Uuid, Path, description = "The import"), AfterRow),
    responses(
        (status = 200, description = "A page, in the order of the file", body = DryRowsView),
        (status = 404, description = "There is no such import, or no dry run of it as it is now", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn rows(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ImportId>,
    req: HttpRequest,
) -> Answer {
    let mut params = Params::read(req.query_string())?;
    let after = params.number("after", 0, i64::MAX as u64).unwrap_or(0);
    let size = params.limit();
    params.finish()?;
    let body = blocking(&shared, move |api| {
        let rows = api.imports.dry_rows(caller.org, id, after, size.get() + 1)?;
        let page = Page::cut(rows, size, |row| row.row);
        let items = page.items.into_iter().map(DryRowView::from).collect();
        to_json(&DryRowsView { items, next: page.next })
    });
    Ok(ok(body.await?))
}
