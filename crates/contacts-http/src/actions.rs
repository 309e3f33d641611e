//! Bulk actions over HTTP (R24, R45).

mod view;

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use contacts_core::action::{ActionId, NewAction, RawAction, Whom};
use contacts_core::page::Page;
use contacts_core::selection::{RawChosen, SelectionId};
use contacts_core::{Invalid, OrgId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use self::view::ActionView;
use crate::Api;
use crate::answer::{Answer, ok, to_json};
use crate::auth::{CanRead, CanWrite};
use crate::blocking::{blocking, permit};
use crate::body::{Body, present};
use crate::download::Begun;
use crate::page::BeforeId;
use crate::params::Params;
use crate::path::Id;
use crate::problem::{Problem, ProblemView};
use crate::routes::Table;
use crate::shared::Shared;
use crate::stream::{self, Followed, Told};

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_start, _, _>(start)
        .add::<__path_get, _, _>(get)
        .add::<__path_cancel, _, _>(cancel)
        .add::<__path_follow, _, _>(follow)
        .add::<__path_download, _, _>(download)
        .add::<__path_file, _, _>(file)
}

/// Something to be done to many: to a selection, or to a few `ids`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewAction)]
struct ActionBody {
    /// To the contacts of this selection.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    selection_id: Option<Uuid>,
    /// To these contacts: 1 to 10,000.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    ids: Option<Vec<Uuid>>,
    /// What is to be done.
    action: ActionKindBody,
    /// How many contacts somebody confirmed. A delete needs it; when they are another number
    /// meanwhile, nothing is done.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    confirm_count: Option<u64>,
}

/// What is to be done.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewActionKind)]
struct ActionKindBody {
    /// `add_tags`, `remove_tags`, `add_to_campaign`, `export` or `delete`.
    r#type: String,
    /// Of `add_tags` and `remove_tags`: 1 to 100 names of tags.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    tags: Option<Vec<String>>,
    /// Of `add_to_campaign`: the campaign.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    campaign_id: Option<Uuid>,
    /// Of `export`: the columns, in order, as `GET /v1/contacts/export` takes them. When absent,
    /// all of them, but for archived fields.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    columns: Option<Vec<String>>,
    /// Of `export`: whether the file begins with a byte order mark.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    bom: Option<bool>,
}

impl ActionBody {
    fn whom(&self) -> Result<Whom, Problem> {
        let wrong = |why: &str| Err(Problem::invalid(Invalid::one("selection_id", why)));
        match (self.selection_id, &self.ids) {
            (Some(id), None) => Ok(Whom::Selection(SelectionId(id))),
            (None, Some(ids)) => Ok(Whom::Chosen(RawChosen::Ids(ids.clone()))),
            (Some(_), Some(_)) => wrong("cannot stand beside ids"),
            (None, None) => wrong("is required, or ids"),
        }
    }

    fn action(&self) -> RawAction<'_> {
        let ActionKindBody { r#type: kind, tags, campaign_id, columns, bom } = &self.action;
        RawAction {
            kind,
            tags: tags.as_deref().map(texts),
            campaign: *campaign_id,
            columns: columns.as_deref().map(texts),
            byte_order_mark: *bom,
        }
    }
}

fn texts(given: &[String]) -> Vec<&str> {
    given.iter().map(String::as_str).collect()
}

/// A page of actions.
#[derive(Serialize, ToSchema)]
#[schema(as = Actions)]
struct ActionsView {
    /// The actions, the newest first.
    items: Vec<ActionView>,
    /// What `before` takes to get the next page; null on the last one.
    next: Option<Uuid>,
}

/// List bulk actions
#[utoipa::path(
    get, path = "/v1/actions", tag = "actions", operation_id = "list_actions",
    params(BeforeId),
    responses((status = 200, description = "A page, the newest first", body = ActionsView))
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>, req: HttpRequest) -> Answer {
    let mut params = Params::read(req.query_string())?;
    let before = params.parsed("before", |text| {
        Uuid::try_parse(text).map(ActionId).map_err(|_error| "must be next of a page")
    });
    let size = params.limit();
    params.finish()?;
    let body = blocking(&shared, move |api| {
        let now = api.clock.now();
        let actions = api.actions.list(caller.org, before, size.get() + 1)?;
        let page = Page::cut(actions, size, |action| action.id.0);
        let items = page.items.into_iter().map(|action| ActionView::new(action, now));
        to_json(&ActionsView { items: items.collect(), next: page.next })
    });
    Ok(ok(body.await?))
}

/// Do something to many contacts
#[utoipa::path(
    post, path = "/v1/actions", tag = "actions", operation_id = "start_action",
    request_body = ActionBody,
    responses(
        (status = 200, description = "It is done: the selection has at most 1,000 contacts", body = ActionView),
        (status = 202, description = "It is being done in the background", body = ActionView, headers(
            ("location" = String, description = "Its path"),
        )),
        (status = 409, description = "`count_changed`: it would be done to `count` contacts, which is not the number confirmed", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn start(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Body(body): Body<ActionBody>,
) -> Answer {
    let whom = body.whom()?;
    let done = blocking(&shared, move |api| {
        let new = NewAction { whom, action: body.action(), confirm_count: body.confirm_count };
        let action = api.actions.start(caller.org, &new, caller.actor)?;
        let (id, is_end) = (action.id, action.state.is_end());
        Ok((id, is_end, to_json(&ActionView::new(action, api.clock.now()))?))
    });
    let (id, is_end, body) = done.await?;
    let status = if is_end { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok(HttpResponse::build(status)
        .content_type("application/json")
        .insert_header((header::LOCATION, format!("/v1/actions/{id}")))
        .body(body))
}

/// Get a bulk action
#[utoipa::path(
    get, path = "/v1/actions/{id}", tag = "actions", operation_id = "get_action",
    params(("id" = Uuid, Path, description = "The action")),
    responses(
        (status = 200, description = "The action", body = ActionView),
        (status = 404, description = "There is no such action", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ActionId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let action = api.actions.get(caller.org, id)?;
        to_json(&ActionView::new(action, api.clock.now()))
    });
    Ok(ok(body.await?))
}

/// Stop a bulk action; what was done stays
#[utoipa::path(
    post, path = "/v1/actions/{id}/cancel", tag = "actions", operation_id = "cancel_action",
    params(("id" = Uuid, Path, description = "The action")),
    responses(
        (status = 200, description = "The action, cancelled, with a true result", body = ActionView),
        (status = 404, description = "There is no such action", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is at an end", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn cancel(CanWrite(caller): CanWrite, shared: Data<Shared>, Id(id): Id<ActionId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let action = api.actions.cancel(caller.org, id)?;
        to_json(&ActionView::new(action, api.clock.now()))
    });
    Ok(ok(body.await?))
}

/// Follow a bulk action, live
#[utoipa::path(
    get, path = "/v1/actions/{id}/events", tag = "actions", operation_id = "follow_action",
    params(("id" = Uuid, Path, description = "The action")),
    responses(
        (status = 200, description = "Server-sent events named `progress`, each with the whole action as its data. The stream ends with the action; when it ends before, ask again.", body = ActionView, content_type = "text/event-stream"),
        (status = 404, description = "There is no such action", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn follow(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ActionId>) -> Answer {
    stream::follow(shared, FollowedAction { org: caller.org, id, told: Vec::new() }).await
}

#[derive(Clone)]
struct FollowedAction {
    org: OrgId,
    id: ActionId,
    /// What was last told.
    told: Vec<u8>,
}

impl Followed for FollowedAction {
    fn look(&mut self, api: &Api) -> Result<Told, Problem> {
        let action = api.actions.get(self.org, self.id)?;
        let mut told = Told { is_end: action.state.is_end(), ..Told::default() };
        let state = to_json(&ActionView::new(action, api.clock.now()))?;
        if state != self.told {
            told.push("progress", None, &state);
            self.told = state;
        }
        Ok(told)
    }
}

/// Download what came of each contact
///
/// CSV with the columns `contact_id`, `outcome` (`changed`, `unchanged`, `skipped`) and `reason`:
/// everybody who was done or skipped so far.
#[utoipa::path(
    get, path = "/v1/actions/{id}/result", tag = "actions", operation_id = "download_action_result",
    params(("id" = Uuid, Path, description = "The action")),
    responses(
        (status = 200, description = "The file", body = String, content_type = "text/csv"),
        (status = 404, description = "There is no such action", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn download(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ActionId>) -> Answer {
    let place = permit(&shared.streams)?;
    let begun =
        blocking(&shared, move |api| Begun::new(Box::new(api.actions.result(caller.org, id)?)));
    Ok(begun.await?.csv(shared, place, &format!("action-{id}.csv")))
}

/// Download the file that an export made
///
/// It is kept for 24 hours after the export is done. When something goes wrong midway, the
/// connection breaks off before the last chunk: a file that ended well is complete.
#[utoipa::path(
    get, path = "/v1/actions/{id}/file", tag = "actions", operation_id = "download_action_file",
    params(("id" = Uuid, Path, description = "The export")),
    responses(
        (status = 200, description = "The file", body = String, content_type = "text/csv", headers(
            ("content-disposition" = String, description = "Its name"),
        )),
        (status = 404, description = "There is no such action, or it makes no file", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: the export is not done", body = ProblemView, content_type = "application/problem+json"),
        (status = 410, description = "`file_erased`: the file is not kept any more", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn file(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ActionId>) -> Answer {
    let place = permit(&shared.streams)?;
    let begun =
        blocking(&shared, move |api| Begun::new(Box::new(api.actions.file(caller.org, id)?)));
    Ok(begun.await?.csv(shared, place, &format!("contacts-{id}.csv")))
}
