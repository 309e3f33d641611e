//! Runs of every kind over HTTP (R45): imports, dry runs, undos, bulk actions, erasures and runs of
//! connected sources.

mod view;

use actix_web::web::Data;
use contacts_core::run::{RunFilter, RunId, RunKind};

pub(crate) use self::view::{RunFactsView, RunStateView};
use self::view::{RunKindView, RunView, RunsView};
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::caller::{Caller, CanCancel, CanRead};
use crate::parts::enumerated::Enumerated;
use crate::parts::page::{FilteredPaging, PageParams};
use crate::parts::params::query;
use crate::parts::path::Id;
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::stream::{self, Followed, PolledEvents};
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_get, _, _>(get)
        .add::<__path_cancel, _, _>(cancel)
        .add::<__path_follow, _, _>(follow)
}

query! {
    /// Parameters that select a page of runs.
    struct RunsQuery {
        /// Only runs of this kind. Default: all kinds; erasures need the scope `admin`.
        kind: Option<RunKindView>,
        /// Whether only runs are returned that have not ended.
        #[param(value_type = Option<bool>, default = false)]
        open: Option<bool>,
    }
}

/// List runs
///
/// Returns imports, dry runs, undos, bulk actions, erasures and runs of connected sources in one
/// list. An import is listed from its upload on; while it is reviewed, its state is `waiting`.
#[utoipa::path(
    get, path = "/v1/runs", tag = "runs", operation_id = "list_runs",
    params(RunsQuery, PageParams),
    responses((status = 200, description = "A page, the newest first", body = RunsView))
)]
async fn list(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    FilteredPaging { page, query }: FilteredPaging<RunId, RunsQuery>,
) -> Answer {
    let kinds = match query.kind {
        Some(Enumerated(kind)) => {
            caller.check(kind.read_scope())?;
            vec![kind]
        }
        None => {
            let all = RunKind::ALL.into_iter();
            all.filter(|kind| caller.may(kind.read_scope())).collect()
        }
    };
    let filter = RunFilter { kinds, only_open: query.open.unwrap_or(false) };
    let body = blocking(&shared, move |api| {
        let now = api.clock.now();
        let runs = api.runs.list(caller.org, &filter, page.after, page.rows())?;
        let page = page.cut(runs, |run| run.id);
        to_json(&RunsView::from(page.map(|run| RunView::new(&run, now))))
    });
    Ok(ok(body.await?))
}

/// Get a run
#[utoipa::path(
    get, path = "/v1/runs/{id}", tag = "runs", operation_id = "get_run",
    params(("id" = Uuid, Path, description = "The run")),
    responses(
        (status = 200, description = "The run", body = RunView),
        (status = 404, description = "There is no such run", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<RunId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let run = api.runs.get(caller.org, id)?;
        caller.check(run.kind.read_scope())?;
        to_json(&RunView::new(&run, api.clock.now()))
    });
    Ok(ok(body.await?))
}

/// Cancel a run
///
/// What the run has already done stays. An undo that was cancelled can be requested again. The kind
/// of the run decides which scope is needed: `import` for imports, dry runs and their undos,
/// `merge` for merges and their undos, `export` for exports, `bulk_delete` for deletions, `admin`
/// for erasures and runs of connected sources, and `write` for all others.
#[utoipa::path(
    post, path = "/v1/runs/{id}/cancel", tag = "runs", operation_id = "cancel_run",
    params(("id" = Uuid, Path, description = "The run")),
    responses(
        (status = 200, description = "The run, cancelled", body = RunView),
        (status = 404, description = "There is no such run", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it has ended, or it is an erasure", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn cancel(CanCancel(caller): CanCancel, shared: Data<Shared>, Id(id): Id<RunId>) -> Answer {
    let body = blocking(&shared, move |api| {
        caller.check(api.runs.get(caller.org, id)?.kind.scope())?;
        let run = api.runs.cancel(caller.org, id, caller.actor)?;
        to_json(&RunView::new(&run, api.clock.now()))
    });
    Ok(ok(body.await?))
}

/// Stream the progress of a run
#[utoipa::path(
    get, path = "/v1/runs/{id}/events", tag = "runs", operation_id = "follow_run",
    params(("id" = Uuid, Path, description = "The run")),
    responses(
        (status = 200, description = "Server-sent events named `progress`, each with the whole run as its data. The stream ends with the run; when it ends before, ask again.", body = RunView, content_type = "text/event-stream"),
        (status = 404, description = "There is no such run", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn follow(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<RunId>) -> Answer {
    stream::follow(shared, caller.org, FollowedRun { caller, id, sent: Vec::new() }).await
}

/// A run that a client follows. Each event contains the whole state, so that nothing is lost
/// between two connections.
#[derive(Clone)]
struct FollowedRun {
    caller: Caller,
    id: RunId,
    /// The most recently sent state; an unchanged state is not sent again.
    sent: Vec<u8>,
}

impl Followed for FollowedRun {
    fn poll_events(&mut self, api: &Api) -> Result<PolledEvents, Problem> {
        let run = api.runs.get(self.caller.org, self.id)?;
        self.caller.check(run.kind.read_scope())?;
        let mut events = PolledEvents { is_end: !run.state.is_open(), ..PolledEvents::default() };
        let state = to_json(&RunView::new(&run, api.clock.now()))?;
        if state != self.sent {
            events.push("progress", None, &state);
            self.sent = state;
        }
        Ok(events)
    }
}
