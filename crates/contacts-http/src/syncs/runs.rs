//! Runs of sources, over HTTP (R45).

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::OrgId;
use contacts_core::page::Page;
use contacts_core::sync::{SourceId, SyncRunId};
use uuid::Uuid;

use super::body::RunBody;
use super::view::{RunView, RunWithLogView, RunsView};
use crate::Api;
use crate::answer::{Answer, json, ok, to_json};
use crate::auth::{CanAdmin, CanRead};
use crate::blocking::blocking;
use crate::body::Body;
use crate::page::BeforeId;
use crate::params::Params;
use crate::path::{Id, RunPath};
use crate::problem::{Problem, ProblemView};
use crate::routes::Table;
use crate::shared::Shared;
use crate::stream::{self, Followed, Told};

pub(super) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_create, _, _>(create)
        .add::<__path_get, _, _>(get)
        .add::<__path_cancel, _, _>(cancel)
        .add::<__path_follow, _, _>(follow)
}

/// List the runs of a source
#[utoipa::path(
    get, path = "/v1/sources/{id}/runs", tag = "sources", operation_id = "list_runs",
    params(("id" = Uuid, Path, description = "The source"), BeforeId),
    responses(
        (status = 200, description = "A page, the newest first. The last 100 are kept", body = RunsView),
        (status = 404, description = "There is no such source", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn list(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<SourceId>,
    req: HttpRequest,
) -> Answer {
    let mut params = Params::read(req.query_string())?;
    let before = params.parsed("before", |text| {
        Uuid::try_parse(text).map(SyncRunId).map_err(|_error| "must be next of a page")
    });
    let size = params.limit();
    params.finish()?;
    let body = blocking(&shared, move |api| {
        let found = api.sources.runs(caller.org, id, before, size.get() + 1)?;
        let page = Page::cut(found, size, |run| run.id.0);
        let items = page.items.into_iter().map(RunView::from).collect();
        to_json(&RunsView { items, next: page.next })
    });
    Ok(ok(body.await?))
}

/// Run a source now, paused or not
///
/// When a run is open already, that is the answer.
#[utoipa::path(
    post, path = "/v1/sources/{id}/runs", tag = "sources", operation_id = "run_source",
    params(("id" = Uuid, Path, description = "The source")),
    request_body = RunBody,
    responses(
        (status = 202, description = "The run, which is about to begin", body = RunView),
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
        to_json(&RunView::from(run))
    });
    Ok(json(StatusCode::ACCEPTED, body.await?))
}

/// Get a run, and what the connector said
#[utoipa::path(
    get, path = "/v1/sources/{id}/runs/{run_id}", tag = "sources", operation_id = "get_run",
    params(
        ("id" = Uuid, Path, description = "The source"),
        ("run_id" = Uuid, Path, description = "The run"),
    ),
    responses(
        (status = 200, description = "The run", body = RunWithLogView),
        (status = 404, description = "There is no such run", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, path: RunPath) -> Answer {
    let body = blocking(&shared, move |api| {
        let run = api.sources.get_run(caller.org, path.source, path.run)?;
        to_json(&RunWithLogView::from(run))
    });
    Ok(ok(body.await?))
}

/// Stop a run; what was taken stays
#[utoipa::path(
    post, path = "/v1/sources/{id}/runs/{run_id}/cancel", tag = "sources", operation_id = "cancel_run",
    params(
        ("id" = Uuid, Path, description = "The source"),
        ("run_id" = Uuid, Path, description = "The run"),
    ),
    responses(
        (status = 200, description = "The run, cancelled, with a true summary", body = RunView),
        (status = 404, description = "There is no such run", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is at an end", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn cancel(CanAdmin(caller): CanAdmin, shared: Data<Shared>, path: RunPath) -> Answer {
    let body = blocking(&shared, move |api| {
        let run = api.sources.cancel(caller.org, path.source, path.run)?;
        to_json(&RunView::from(run))
    });
    Ok(ok(body.await?))
}

/// Follow a run, live
#[utoipa::path(
    get, path = "/v1/sources/{id}/runs/{run_id}/events", tag = "sources", operation_id = "follow_run",
    params(
        ("id" = Uuid, Path, description = "The source"),
        ("run_id" = Uuid, Path, description = "The run"),
    ),
    responses(
        (status = 200, description = "Server-sent events named `progress`, each with the whole run as its data. The stream ends with the run; when it ends before, ask again.", body = RunView, content_type = "text/event-stream"),
        (status = 404, description = "There is no such run", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn follow(CanRead(caller): CanRead, shared: Data<Shared>, path: RunPath) -> Answer {
    let RunPath { source, run } = path;
    stream::follow(shared, FollowedRun { org: caller.org, source, run, told: Vec::new() }).await
}

#[derive(Clone)]
struct FollowedRun {
    org: OrgId,
    source: SourceId,
    run: SyncRunId,
    /// What was last told.
    told: Vec<u8>,
}

impl Followed for FollowedRun {
    fn look(&mut self, api: &Api) -> Result<Told, Problem> {
        let run = api.sources.get_run(self.org, self.source, self.run)?;
        let mut told = Told { is_end: !run.state.is_open(), ..Told::default() };
        let state = to_json(&RunView::from(run))?;
        if state != self.told {
            told.push("progress", None, &state);
            self.told = state;
        }
        Ok(told)
    }
}
