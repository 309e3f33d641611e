//! Connected sources over HTTP (R38, R39).

mod ask;
mod body;
mod runs;
mod settings;
mod view;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::page::TimeCursor;
use contacts_core::sync::{ConnectedSource, SourceId, SyncRun};
use contacts_core::{Current, Error, OrgId};

use self::body::{SourceBody, SourcePatchBody};
pub use self::settings::settings_of;
use self::view::{SourceView, SourcesView};
use crate::parts::answer::{Answer, nothing, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::CanAdmin;
use crate::parts::etag::{self, IfMatch, Written};
use crate::parts::page::{PageParams, Paging};
use crate::parts::path::Id;
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    let table = table
        .add::<__path_list, _, _>(list)
        .add::<__path_create, _, _>(create)
        .add::<__path_get, _, _>(get)
        .add::<__path_update, _, _>(update)
        .add::<__path_delete, _, _>(delete);
    runs::routes(ask::routes(table))
}

/// List connected sources
#[utoipa::path(
    get, path = "/v1/sources", tag = "sources", operation_id = "list_sources",
    params(PageParams),
    responses((status = 200, description = "A page, the oldest first, each with its last run", body = SourcesView))
)]
async fn list(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    paging: Paging<TimeCursor>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let now = api.clock.now();
        let page = paging.of_all(api.sources.list(caller.org)?, |(source, _)| source.cursor());
        to_json(&SourcesView::from(page.map(|(source, run)| SourceView::new(source, run, now))))
    });
    Ok(ok(body.await?))
}

/// Create a connected source
#[utoipa::path(
    post, path = "/v1/sources", tag = "sources", operation_id = "create_source",
    request_body = SourceBody,
    responses(
        (status = 201, description = "The source, without its secrets", body = SourceView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 409, description = "`taken`: another source has the name; `conflict`: the organisation has 50 sources, or the connector does not answer", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn create(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Body(body): Body<SourceBody>,
) -> Answer {
    let definition = body.read()?;
    let done = blocking(&shared, move |api| {
        written_response(api, api.sources.create(caller.org, definition, caller.actor)?, None)
    });
    Ok(done.await?.answer(StatusCode::CREATED))
}

/// Get a connected source
#[utoipa::path(
    get, path = "/v1/sources/{id}", tag = "sources", operation_id = "get_source",
    params(("id" = Uuid, Path, description = "The source")),
    responses(
        (status = 200, description = "The source, with its last run", body = SourceView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 404, description = "There is no such source", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanAdmin(caller): CanAdmin, shared: Data<Shared>, Id(id): Id<SourceId>) -> Answer {
    let done = blocking(&shared, move |api| {
        let last = last_run(api, caller.org, id)?;
        written_response(api, api.sources.get(caller.org, id)?, last)
    });
    Ok(done.await?.answer(StatusCode::OK))
}

/// Change, pause or resume a connected source
///
/// Secret settings that are not named stay unchanged.
#[utoipa::path(
    patch, path = "/v1/sources/{id}", tag = "sources", operation_id = "update_source",
    params(
        ("id" = Uuid, Path, description = "The source"),
        ("If-Match" = Option<String>, Header, description = "Entity tags, one of which it must have"),
    ),
    request_body = SourcePatchBody,
    responses(
        (status = 200, description = "The source", body = SourceView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 404, description = "There is no such source", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`taken`: another source has the name; `conflict`: its stream or mode cannot change while it runs", body = ProblemView, content_type = "application/problem+json"),
        (status = 412, description = "`stale`: it has changed; `current` is what it is now", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn update(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Id(id): Id<SourceId>,
    if_match: IfMatch,
    Body(body): Body<SourcePatchBody>,
) -> Answer {
    let patch = body.read()?;
    let done = blocking(&shared, move |api| {
        let updated = if_match.guard(|version| {
            api.sources.update(caller.org, id, version, patch.clone(), caller.actor)
        });
        let last = |org| last_run(api, org, id).ok().flatten();
        let updated = updated.map_err(|error| with_current(api, error, || last(caller.org)))?;
        written_response(api, updated, last(caller.org))
    });
    Ok(done.await?.answer(StatusCode::OK))
}

/// Delete a connected source and its runs; its contacts stay
#[utoipa::path(
    delete, path = "/v1/sources/{id}", tag = "sources", operation_id = "delete_source",
    params(("id" = Uuid, Path, description = "The source")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such source", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn delete(CanAdmin(caller): CanAdmin, shared: Data<Shared>, Id(id): Id<SourceId>) -> Answer {
    blocking(&shared, move |api| Ok(api.sources.delete(caller.org, id, caller.actor)?)).await?;
    Ok(nothing())
}

fn last_run(api: &Api, org: OrgId, id: SourceId) -> Result<Option<SyncRun>, Error> {
    Ok(api.sources.runs(org, id, None, 1)?.pop())
}

fn written_response(
    api: &Api,
    source: ConnectedSource,
    last: Option<SyncRun>,
) -> Result<Written, Problem> {
    Written::of(source.version, &SourceView::new(source, last, api.clock.now()))
}

/// Adds the current state of the source to the problem for a failed precondition.
fn with_current(api: &Api, error: Error, last: impl FnOnce() -> Option<SyncRun>) -> Problem {
    etag::with_current(error, |current| match current {
        Current::Source(source) => Some(SourceView::new(source.clone(), last(), api.clock.now())),
        _ => None,
    })
}
