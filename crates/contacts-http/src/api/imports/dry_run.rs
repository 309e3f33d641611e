//! Dry runs of imports (R37).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::import::{DryEffect, DryOutcome, DryRow, DryRowFilter, DryRun, ImportId};
use contacts_core::run::Run;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::issues::IssueCodeView;
use super::view::{SkipCodeView, SummaryView};
use crate::api::contacts::FieldChangeView;
use crate::api::runs::{RunFactsView, RunStateView};
use crate::parts::answer::{Answer, json, nothing, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::caller::{CanImport, CanRead};
use crate::parts::enumerated::enumeration;
use crate::parts::page::{FilteredPaging, PageParams, page_view};
use crate::parts::params::query;
use crate::parts::path::Id;
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table
        .add::<__path_begin, _, _>(begin)
        .add::<__path_get, _, _>(get)
        .add::<__path_discard, _, _>(discard)
        .add::<__path_rows, _, _>(rows)
}

/// A dry run of an import.
#[derive(Serialize, ToSchema)]
#[schema(as = DryRun)]
struct DryRunView {
    /// Id of the dry run, as a run.
    id: Uuid,
    /// The state of the dry run.
    state: RunStateView,
    /// The expected outcomes of the rows that were checked so far.
    summary: SummaryView,
    /// Whether cells were corrected since the dry run began, so that its results may be wrong.
    outdated: bool,
    #[serde(flatten)]
    facts: RunFactsView,
}

impl DryRunView {
    fn new(run: DryRun, now: OffsetDateTime) -> Self {
        Self {
            facts: RunFactsView::new(&Run::from(&run), now),
            id: run.id.0,
            state: run.state.into(),
            outdated: run.is_outdated,
            summary: run.tally.into(),
        }
    }
}

/// The expected outcome of one row.
#[derive(Serialize, ToSchema)]
#[schema(as = DryRow)]
struct DryRowView {
    /// Number of the row, starting at 1 for the first row below the header.
    row: u64,
    /// The line of the file, starting at 1, on which the row begins.
    line: u64,
    /// The expected outcome.
    #[serde(flatten)]
    outcome: DryOutcomeView,
    /// Cells that would be dropped although the row is imported, with the reasons.
    warnings: Vec<String>,
}

/// The expected outcome of a row.
#[derive(Serialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[schema(as = DryOutcome)]
enum DryOutcomeView {
    /// The row would add a contact.
    Added,
    /// The row would change a contact.
    Updated {
        /// Id of the contact; null when an earlier row of the file would add it.
        contact_id: Option<Uuid>,
        /// The fields that would change, with their old and new values.
        changes: Vec<FieldChangeView>,
        /// Tags that would be added.
        tags: Vec<String>,
    },
    /// The row would be skipped.
    Skipped {
        /// The reason.
        code: SkipCodeView,
        /// The reason, in words.
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
                DryOutcomeView::Skipped { code: code.into(), reason }
            }
        };
        Self { row: row.row, line: row.line, outcome, warnings: row.warnings }
    }
}

enumeration! {
    /// The expected effect of a row.
    DryEffectView = DryEffect as "DryEffect" in DryEffect::ALL
}

query! {
    /// Parameters that select rows of a dry run.
    struct DryRowParams {
        /// Only rows with this effect.
        #[param(inline)]
        outcome: Option<DryEffectView>,
        /// Only rows that would be skipped for this reason; with `warning`, rows of which a cell would
        /// be dropped.
        #[param(inline)]
        reason: Option<IssueCodeView>,
        /// Only the row with this number.
        row: Option<u64>,
    }
}

page_view! {
    /// A page of rows.
    struct DryRowsView as DryRows {
        /// The rows, in the order of the file.
        items: DryRowView,
    }
}

/// Start a dry run of an import
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
async fn begin(CanImport(caller): CanImport, shared: Data<Shared>, Id(id): Id<ImportId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let run = api.imports.begin_dry_run(caller.org, id, caller.actor)?;
        to_json(&DryRunView::new(run, api.clock.now()))
    });
    Ok(json(StatusCode::ACCEPTED, body.await?))
}

/// Get the dry run of an import
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
        to_json(&DryRunView::new(api.imports.dry_run(caller.org, id)?, api.clock.now()))
    });
    Ok(ok(body.await?))
}

/// Cancel a dry run or discard its result
#[utoipa::path(
    delete, path = "/v1/imports/{id}/dry-run", tag = "imports", operation_id = "discard_dry_run",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 204, description = "There is none any more"),
        (status = 404, description = "There is no such import, or no dry run of it", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn discard(
    CanImport(caller): CanImport,
    shared: Data<Shared>,
    Id(id): Id<ImportId>,
) -> Answer {
    blocking(&shared, move |api| Ok(api.imports.discard_dry_run(caller.org, id)?)).await?;
    Ok(nothing())
}

/// List the expected outcome of each row
#[utoipa::path(
    get, path = "/v1/imports/{id}/dry-run/rows", tag = "imports", operation_id = "list_dry_rows",
    params(("id" = Uuid, Path, description = "The import"), DryRowParams, PageParams),
    responses(
        (status = 200, description = "A page, in the order of the file", body = DryRowsView),
        (status = 404, description = "There is no such import, or no dry run of it as it is now", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn rows(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ImportId>,
    FilteredPaging { page: paging, query }: FilteredPaging<u64, DryRowParams>,
) -> Answer {
    let filter = DryRowFilter {
        effect: query.outcome.map(|effect| effect.0),
        reason: query.reason.map(|reason| reason.0),
        row: query.row,
    };
    let body = blocking(&shared, move |api| {
        let after = paging.after.unwrap_or(0);
        let rows = api.imports.dry_rows(caller.org, id, &filter, after, paging.rows())?;
        let page = paging.cut(rows, |row| row.row);
        to_json(&DryRowsView::from(page.map(DryRowView::from)))
    });
    Ok(ok(body.await?))
}
