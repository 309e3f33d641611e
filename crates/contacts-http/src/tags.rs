//! Tags over HTTP (R10).

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::page::Page;
use contacts_core::tag::{Renamed, Tag, TagId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::answer::{Answer, json, nothing, ok, to_json};
use crate::auth::{CanRead, CanWrite};
use crate::blocking::blocking;
use crate::body::Body;
use crate::params::Params;
use crate::path::Id;
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_create, _, _>(create)
        .add::<__path_get, _, _>(get)
        .add::<__path_rename, _, _>(rename)
        .add::<__path_delete, _, _>(delete)
}

/// A tag's name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = TagName)]
struct TagBody {
    /// 1 to 64 characters, no comma, no control characters.
    name: String,
}

/// A tag.
#[derive(Serialize, ToSchema)]
#[schema(as = Tag)]
struct TagView {
    /// Its id.
    id: Uuid,
    /// Its name, as it was first written.
    name: String,
    /// How many contacts carry it.
    contacts: u64,
}

impl From<Tag> for TagView {
    fn from(tag: Tag) -> Self {
        Self { id: tag.id.0, name: tag.name.as_str().to_owned(), contacts: tag.contacts }
    }
}

/// A page of tags.
#[derive(Serialize, ToSchema)]
#[schema(as = Tags)]
struct TagsView {
    /// The tags, in the order of their names.
    items: Vec<TagView>,
    /// What `after` takes to get the next page; null on the last one.
    next: Option<String>,
}

/// What renaming a tag did.
#[derive(Serialize, ToSchema)]
#[schema(as = RenamedTag)]
struct RenamedView {
    /// Whether it has the new name, or was merged into the tag of that name.
    outcome: RenameOutcomeView,
    /// The tag that is there now.
    tag: TagView,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RenameOutcome)]
enum RenameOutcomeView {
    Renamed,
    Merged,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what list reads")]
struct TagsQuery {
    /// What tags begin with, for completion while typing.
    prefix: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// How many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
}

/// List tags, and complete one
#[utoipa::path(
    get, path = "/v1/tags", tag = "tags", operation_id = "list_tags",
    params(TagsQuery),
    responses((status = 200, description = "A page of tags", body = TagsView))
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>, req: HttpRequest) -> Answer {
    let mut params = Params::read(req.query_string())?;
    let prefix = params.one("prefix").unwrap_or_default();
    let after = params.one("after").unwrap_or_default();
    let size = params.limit();
    params.finish()?;
    let body = blocking(&shared, move |api| {
        let tags = api.tags.list(caller.org, &prefix, &after, size.get() + 1)?;
        let page = Page::cut(tags, size, |tag| tag.name.key().to_owned());
        to_json(&TagsView {
            items: page.items.into_iter().map(TagView::from).collect(),
            next: page.next,
        })
    });
    Ok(ok(body.await?))
}

/// Add a tag that no contact carries yet
#[utoipa::path(
    post, path = "/v1/tags", tag = "tags", operation_id = "create_tag",
    request_body = TagBody,
    responses(
        (status = 200, description = "There was one of that name; this is it", body = TagView),
        (status = 201, description = "The new tag", body = TagView),
    )
)]
async fn create(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Body(body): Body<TagBody>,
) -> Answer {
    let done = blocking(&shared, move |api| {
        let (tag, is_new) = api.tags.create(caller.org, &body.name)?;
        let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
        Ok((status, to_json(&TagView::from(tag))?))
    });
    let (status, body) = done.await?;
    Ok(json(status, body))
}

/// Get a tag
#[utoipa::path(
    get, path = "/v1/tags/{id}", tag = "tags", operation_id = "get_tag",
    params(("id" = Uuid, Path, description = "The tag")),
    responses(
        (status = 200, description = "The tag", body = TagView),
        (status = 404, description = "There is no such tag", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<TagId>) -> Answer {
    let body = blocking(&shared, move |api| to_json(&TagView::from(api.tags.get(caller.org, id)?)));
    Ok(ok(body.await?))
}

/// Rename a tag everywhere, or merge it into another
#[utoipa::path(
    patch, path = "/v1/tags/{id}", tag = "tags", operation_id = "rename_tag",
    params(("id" = Uuid, Path, description = "The tag")),
    request_body = TagBody,
    responses(
        (status = 200, description = "Renamed, or merged into the tag that had the name", body = RenamedView),
        (status = 404, description = "There is no such tag", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn rename(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<TagId>,
    Body(body): Body<TagBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let (outcome, tag) = match api.tags.rename(caller.org, id, &body.name, caller.actor)? {
            Renamed::Renamed(tag) => (RenameOutcomeView::Renamed, tag),
            Renamed::Merged(tag) => (RenameOutcomeView::Merged, tag),
        };
        to_json(&RenamedView { outcome, tag: tag.into() })
    });
    Ok(ok(body.await?))
}

/// Delete a tag and take it off every contact
#[utoipa::path(
    delete, path = "/v1/tags/{id}", tag = "tags", operation_id = "delete_tag",
    params(("id" = Uuid, Path, description = "The tag")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such tag", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn delete(CanWrite(caller): CanWrite, shared: Data<Shared>, Id(id): Id<TagId>) -> Answer {
    blocking(&shared, move |api| Ok(api.tags.delete(caller.org, id, caller.actor)?)).await?;
    Ok(nothing())
}
