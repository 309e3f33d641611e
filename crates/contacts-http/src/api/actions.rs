//! Bulk actions over HTTP (R24, R45).

mod undo;
mod view;

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use contacts_core::action::{Action, ActionId, ActionTarget, NewAction, RawAction};
use contacts_core::export::FileFormat;
use contacts_core::run::RunKind;
use contacts_core::selection::{RawSelectionScope, SelectionId};
use contacts_core::trail::TrailEvent;
use contacts_core::{Error, Invalid};
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use self::view::ActionView;
use crate::api::contacts::{CustomValue, FileFormatView, columns_of};
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::{Body, present};
use crate::parts::caller::{Caller, CanAct, CanExport, CanRead};
use crate::parts::download::StartedDownload;
use crate::parts::enumerated::Enumerated;
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::params::{QueryParams, query};
use crate::parts::path::Id;
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::recorded::{reads_body, record_download};
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    undo::routes(table)
        .add::<__path_list, _, _>(list)
        .add::<__path_start, _, _>(start)
        .add::<__path_get, _, _>(get)
        .add::<__path_download, _, _>(download)
        .add::<__path_file, _, _>(file)
}

/// A bulk action to start on a selection or on a list of `ids`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewAction)]
struct ActionBody {
    /// The selection whose contacts the action applies to.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    selection_id: Option<Uuid>,
    /// The contacts that the action applies to: 1 to 10,000 ids.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    ids: Option<Vec<Uuid>>,
    /// The action to apply.
    action: ActionKindBody,
    /// The number of contacts that the user confirmed. Required for `delete`: when the number of
    /// contacts has changed since, nothing is deleted.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    confirm_count: Option<u64>,
}

/// The kind of a bulk action and its parameters.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewActionKind)]
struct ActionKindBody {
    /// The type of the action.
    r#type: ActionTypeBody,
    /// For `add_tags` and `remove_tags`: 1 to 100 tag names.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    tags: Option<Vec<String>>,
    /// For `add_to_campaign` and `remove_from_campaign`: the id of the campaign.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    campaign_id: Option<Uuid>,
    /// For `set_field`: `phone`, or `custom.` followed by the key of a custom field.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, example = "custom.tier")]
    field: Option<String>,
    /// For `set_field`: the value that each contact gets; null clears the field.
    #[serde(default, deserialize_with = "present")]
    value: Option<CustomValue>,
    /// For `set_field`: whether contacts that have a value keep it. Default: false.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    only_blanks: Option<bool>,
    /// For `export`: the columns, in order, as in `GET /v1/contacts/export`. Default: all columns
    /// except archived fields.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    columns: Option<Vec<String>>,
    /// For `export`: the id of a segment whose columns the file has, as in
    /// `GET /v1/contacts/export`.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    view: Option<Uuid>,
    /// For `export`: whether the file starts with a byte order mark.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    bom: Option<bool>,
}

impl ActionKindBody {
    /// Replaces the segment `view` of an export by its columns.
    fn resolve_view(&mut self, api: &Api, caller: &Caller) -> Result<(), Error> {
        let Some(view) = self.view.map(|view| view.to_string()) else { return Ok(()) };
        let columns = match self.r#type {
            ActionTypeBody::Export => columns_of(api, caller, self.columns.take(), Some(&view)),
            _ => Err(Invalid::one("view", "is for exports only").into()),
        };
        self.columns = columns.map_err(|error| match error {
            Error::Invalid(parts) => {
                Error::Invalid(parts.into_iter().map(|part| part.within("action")).collect())
            }
            error => error,
        })?;
        Ok(())
    }
}

/// A type of bulk action.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ActionType)]
enum ActionTypeBody {
    AddTags,
    RemoveTags,
    AddToCampaign,
    RemoveFromCampaign,
    Unsubscribe,
    SetField,
    Export,
    Delete,
}

impl ActionTypeBody {
    fn kind(self) -> RunKind {
        match self {
            Self::AddTags => RunKind::AddTags,
            Self::RemoveTags => RunKind::RemoveTags,
            Self::AddToCampaign => RunKind::AddToCampaign,
            Self::RemoveFromCampaign => RunKind::RemoveFromCampaign,
            Self::Unsubscribe => RunKind::Unsubscribe,
            Self::SetField => RunKind::SetField,
            Self::Export => RunKind::Export,
            Self::Delete => RunKind::Delete,
        }
    }
}

impl ActionBody {
    fn target(&self) -> Result<ActionTarget, Problem> {
        let errors = |reason: &str| Err(Problem::invalid(Invalid::one("selection_id", reason)));
        match (self.selection_id, &self.ids) {
            (Some(id), None) => Ok(ActionTarget::Selection(SelectionId(id))),
            (None, Some(ids)) => {
                Ok(ActionTarget::SelectionScope(RawSelectionScope::Ids(ids.clone())))
            }
            (Some(_), Some(_)) => errors("cannot stand beside ids"),
            (None, None) => errors("is required, or ids"),
        }
    }

    fn action(&self) -> RawAction<'_> {
        let kind = &self.action;
        RawAction {
            kind: kind.r#type.kind().as_str(),
            tags: kind.tags.as_deref().map(texts),
            campaign: kind.campaign_id,
            columns: kind.columns.as_deref().map(texts),
            byte_order_mark: kind.bom,
            field: kind.field.as_deref(),
            value: kind.value.as_ref().map(CustomValue::as_raw),
            only_blanks: kind.only_blanks,
        }
    }
}

fn texts(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

page_view! {
    /// A page of bulk actions.
    struct ActionsView as Actions {
        /// The bulk actions, newest first.
        items: ActionView,
    }
}

/// List bulk actions
#[utoipa::path(
    get, path = "/v1/actions", tag = "actions", operation_id = "list_actions",
    params(PageParams),
    responses((status = 200, description = "A page, the newest first", body = ActionsView))
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>, paging: Paging<ActionId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let now = api.clock.now();
        let actions = api.actions.list(caller.org, paging.after, paging.rows())?;
        let page = paging.cut(actions, |action| action.id);
        to_json(&ActionsView::from(page.map(|action| ActionView::new(action, now))))
    });
    Ok(ok(body.await?))
}

/// Start a bulk action
///
/// The type of the action decides which scope is needed: `export` for `export`, `bulk_delete` for
/// `delete`, and `write` for all others.
#[utoipa::path(
    post, path = "/v1/actions", tag = "actions", operation_id = "start_action",
    request_body = ActionBody,
    responses(
        (status = 200, description = "It is done: the selection has at most 1,000 contacts", body = ActionView),
        (status = 202, description = "It is being done in the background", body = ActionView, headers(
            ("location" = String, description = "Its path"),
        )),
        (status = 409, description = "`count_changed`: the selection now has `count` contacts", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn start(
    CanAct(caller): CanAct,
    shared: Data<Shared>,
    Body(mut body): Body<ActionBody>,
) -> Answer {
    caller.check(body.action.r#type.kind().scope())?;
    let target = body.target()?;
    let done = blocking(&shared, move |api| {
        body.action.resolve_view(api, &caller)?;
        let new = NewAction { target, action: body.action(), confirm_count: body.confirm_count };
        let action = api.actions.start(caller.org, &new, caller.actor)?;
        Started::new(action, api.clock.now())
    });
    Ok(done.await?.answer())
}

/// The response to the start of an action: 200 when it has ended, 202 while it runs.
pub(crate) struct Started {
    id: ActionId,
    has_ended: bool,
    body: Vec<u8>,
}

impl Started {
    pub(crate) fn new(action: Action, now: OffsetDateTime) -> Result<Self, Problem> {
        let (id, has_ended) = (action.id, !action.state.is_open());
        Ok(Self { id, has_ended, body: to_json(&ActionView::new(action, now))? })
    }

    pub(crate) fn answer(self) -> HttpResponse {
        let status = if self.has_ended { StatusCode::OK } else { StatusCode::ACCEPTED };
        HttpResponse::build(status)
            .content_type("application/json")
            .insert_header((header::LOCATION, format!("/v1/actions/{}", self.id)))
            .body(self.body)
    }
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

/// Download the outcome for each contact
///
/// A CSV file with the columns `contact_id`, `outcome` (`changed`, `unchanged`, `skipped`) and
/// `reason`. It lists all contacts that have been processed or skipped so far.
#[utoipa::path(
    get, path = "/v1/actions/{id}/result", tag = "actions", operation_id = "download_action_result",
    params(("id" = Uuid, Path, description = "The action")),
    responses(
        (status = 200, description = "The file", body = String, content_type = "text/csv"),
        (status = 404, description = "There is no such action", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn download(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ActionId>) -> Answer {
    let slot = shared.downloads.take(caller.org)?;
    let started = blocking(&shared, move |api| {
        StartedDownload::new(Box::new(api.actions.result(caller.org, id)?))
    });
    Ok(started.await?.csv(shared, slot, &format!("action-{id}.csv")))
}

query! {
    /// How the file of an export is downloaded.
    struct FileQuery {
        /// The kind of the file.
        #[param(inline, default = "csv")]
        format: Option<FileFormatView>,
    }
}

/// Download the file that an export wrote, as a CSV file or a workbook
///
/// The file is kept for 24 hours after the export is done. If an error occurs during the download,
/// the connection closes before the last chunk: a download that ends normally is complete.
#[utoipa::path(
    get, path = "/v1/actions/{id}/file", tag = "actions", operation_id = "download_action_file",
    params(("id" = Uuid, Path, description = "The export"), FileQuery),
    responses(
        (status = 200, description = "The file", content(
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ), headers(
            ("content-disposition" = String, description = "Its name"),
        )),
        (status = 404, description = "There is no such action, or it makes no file", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: the export is not done", body = ProblemView, content_type = "application/problem+json"),
        (status = 410, description = "`file_erased`: the file was deleted", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn file(
    CanExport(caller): CanExport,
    shared: Data<Shared>,
    Id(id): Id<ActionId>,
    QueryParams(query): QueryParams<FileQuery>,
    req: HttpRequest,
) -> Answer {
    let is_read = reads_body(&req);
    let format = query.format.map_or(FileFormat::Csv, |Enumerated(format)| format);
    let slot = shared.downloads.take(caller.org)?;
    let started = blocking(&shared, move |api| {
        let file = api.actions.file(caller.org, id, format)?;
        record_download(api, &caller, &TrailEvent::export_downloaded(id), is_read)?;
        StartedDownload::new(file)
    });
    Ok(started.await?.export(shared, slot, &format!("contacts-{id}"), format))
}
