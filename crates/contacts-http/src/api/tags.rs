//! Tags over HTTP (R10).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::tag::{Renamed, Tag, TagId};
use contacts_core::{Current, Error};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::parts::answer::{Answer, nothing, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::{CanRead, CanWrite};
use crate::parts::etag::{self, IfMatch, Written};
use crate::parts::page::{FilteredPaging, PageParams, page_view};
use crate::parts::params::query;
use crate::parts::path::Id;
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_create, _, _>(create)
        .add::<__path_get, _, _>(get)
        .add::<__path_rename, _, _>(rename)
        .add::<__path_delete, _, _>(delete)
}

/// The name of a tag.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = TagName)]
struct TagBody {
    /// The name: 1 to 64 characters, without commas and control characters.
    name: String,
}

/// A tag.
#[derive(Serialize, ToSchema)]
#[schema(as = Tag)]
struct TagView {
    /// Id of the tag.
    id: Uuid,
    /// The name, as it was first written.
    name: String,
    /// Number of contacts that have the tag.
    contacts: u64,
    /// Version of the tag. It increases by one with each new spelling of the name.
    version: u64,
}

fn written_response(tag: Tag) -> Result<Written, Problem> {
    Written::of(tag.version, &TagView::from(tag))
}

/// Adds the current state of the tag to the problem for a failed precondition.
fn with_current(error: Error) -> Problem {
    etag::with_current(error, |current| match current {
        Current::Tag(tag) => Some(TagView::from(tag.clone())),
        _ => None,
    })
}

impl From<Tag> for TagView {
    fn from(tag: Tag) -> Self {
        Self {
            id: tag.id.0,
            name: tag.name.as_str().to_owned(),
            contacts: tag.contacts,
            version: tag.version,
        }
    }
}

page_view! {
    /// A page of tags.
    struct TagsView as Tags {
        /// The tags, ordered by name.
        items: TagView,
    }
}

/// The outcome of renaming a tag.
#[derive(Serialize, ToSchema)]
#[schema(as = RenamedTag)]
struct RenamedView {
    /// Whether the tag was renamed, or merged into an existing tag with the new name.
    outcome: RenameOutcomeView,
    /// The tag that has the new name.
    tag: TagView,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RenameOutcome)]
enum RenameOutcomeView {
    Renamed,
    Merged,
}

query! {
    /// Parameters that select tags.
    struct TagsQuery {
        /// Prefix of the tag names, for completion while typing.
        prefix: Option<String>,
    }
}

/// List tags, or complete the beginning of a name
#[utoipa::path(
    get, path = "/v1/tags", tag = "tags", operation_id = "list_tags",
    params(TagsQuery, PageParams),
    responses((status = 200, description = "A page of tags", body = TagsView))
)]
async fn list(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    FilteredPaging { page, query }: FilteredPaging<String, TagsQuery>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let prefix = query.prefix.unwrap_or_default();
        let after = page.after.as_deref().unwrap_or_default();
        let tags = api.tags.list(caller.org, &prefix, after, page.rows())?;
        let tags = page.cut(tags, |tag| tag.name.key().to_owned());
        to_json(&TagsView::from(tags.map(TagView::from)))
    });
    Ok(ok(body.await?))
}

/// Create a tag that no contact has yet
#[utoipa::path(
    post, path = "/v1/tags", tag = "tags", operation_id = "create_tag",
    request_body = TagBody,
    responses(
        (status = 200, description = "There was one of that name; this is it", body = TagView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 201, description = "The new tag", body = TagView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
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
        Ok((status, written_response(tag)?))
    });
    let (status, written_response) = done.await?;
    Ok(written_response.answer(status))
}

/// Get a tag
#[utoipa::path(
    get, path = "/v1/tags/{id}", tag = "tags", operation_id = "get_tag",
    params(("id" = Uuid, Path, description = "The tag")),
    responses(
        (status = 200, description = "The tag", body = TagView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 404, description = "There is no such tag", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<TagId>) -> Answer {
    let done = blocking(&shared, move |api| written_response(api.tags.get(caller.org, id)?));
    Ok(done.await?.answer(StatusCode::OK))
}

/// Rename a tag on all contacts, or merge it into another tag
#[utoipa::path(
    patch, path = "/v1/tags/{id}", tag = "tags", operation_id = "rename_tag",
    params(
        ("id" = Uuid, Path, description = "The tag"),
        ("If-Match" = Option<String>, Header, description = "Entity tags, one of which it must have"),
    ),
    request_body = TagBody,
    responses(
        (status = 200, description = "Renamed, or merged into the tag that had the name", body = RenamedView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 404, description = "There is no such tag", body = ProblemView, content_type = "application/problem+json"),
        (status = 412, description = "`stale`: it has changed; `current` is what it is now", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn rename(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<TagId>,
    if_match: IfMatch,
    Body(body): Body<TagBody>,
) -> Answer {
    let done = blocking(&shared, move |api| {
        let (org, name, actor) = (caller.org, &body.name, caller.actor);
        let renamed = if_match.guard(|version| api.tags.rename(org, id, name, version, actor));
        let (outcome, tag) = match renamed.map_err(with_current)? {
            Renamed::Renamed(tag) => (RenameOutcomeView::Renamed, tag),
            Renamed::Merged(tag) => (RenameOutcomeView::Merged, tag),
        };
        let etag = written_response(tag.clone())?.etag;
        Ok(Written { etag, body: to_json(&RenamedView { outcome, tag: tag.into() })? })
    });
    Ok(done.await?.answer(StatusCode::OK))
}

/// Delete a tag and remove it from all contacts
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
