//! Runs of connected sources over HTTP (R45).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::sync::{SourceId, SyncRunId};

use super::body::RunBody;
use super::view::{SyncRunView, SyncRunWithLogView, SyncRunsView};
use crate::parts::answer::{Answer, json, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::{CanAdmin, CanRead};
use crate::parts::page::{PageParams, Paging};
use crate::parts::path::{Id, RunPath};
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_create, _, _>(create)
        .add::<__path_get, _, _>(get)
}

/// List the runs of a connected source
#[utoipa::path(
    get, path = "/v1/sources/{id}/runs", tag = "sources", operation_id = "list_source_runs",
    params(("id" = Uuid, Path, description = "The source"), PageParams),
    responses(
        (status = 200, description = "A page, the newest first. The last 100 are kept", body = SyncRunsView),
        (status = 404, description = "There is no such source", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn list(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<SourceId>,
    paging: Paging<SyncRunId>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let now = api.clock.now();
        let found = api.sources.runs(caller.org, id, paging.after, paging.rows())?;
        let page = paging.cut(found, |run| run.id);
        to_json(&SyncRunsView::from(page.map(|run| SyncRunView::new(run, now))))
    });
    Ok(ok(body.await?))
}

/// Run a connected source now, even when it is paused
///
/// When a run is already queued or running, that run is returned.
#[utoipa::path(
    post, path = "/v1/sources/{id}/runs", tag = "sources", operation_id = "run_source",
    params(("id" = Uuid, Path, description = "The source")),
    request_body = RunBody,
    responses(
        (status = 202, description = "The run, which is about to begin", body = SyncRunView),
        (status = 404, description = "There is no such source", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn create(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Id(id): Id<SourceId>,
    Body(body): Body<RunBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let run = api.sources.ask(caller.org, id, body.from_start, caller.actor)?;
        to_json(&SyncRunView::new(run, api.clock.now()))
    });
    Ok(json(StatusCode::ACCEPTED, body.await?))
}

/// Get a run with its log
#[utoipa::path(
    get, path = "/v1/sources/{id}/runs/{run_id}", tag = "sources", operation_id = "get_source_run",
    params(
        ("id" = Uuid, Path, description = "The source"),
        ("run_id" = Uuid, Path, description = "The run"),
    ),
    responses(
        (status = 200, description = "The run", body = SyncRunWithLogView),
        (status = 404, description = "There is no such run", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, path: RunPath) -> Answer {
    let body = blocking(&shared, move |api| {
        let run = api.sources.get_run(caller.org, path.source, path.run)?;
        to_json(&SyncRunWithLogView::new(run, api.clock.now()))
    });
    Ok(ok(body.await?))
}
