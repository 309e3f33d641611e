//! Segments over HTTP: saved filters with a name (R20).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::key::Scope;
use contacts_core::segment::{
    Audience, NewSegment, RawSegmentPatch, Segment, SegmentId, ViewColumn, Viewer,
};
use contacts_core::{Current, Error};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::contacts::{CountView, SortView};
use crate::parts::answer::{Answer, nothing, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::{Body, present};
use crate::parts::caller::{Caller, CanRead, CanWrite};
use crate::parts::etag::{self, IfMatch, Written};
use crate::parts::filter::{FilterBody, FilterView};
use crate::parts::page::{FilteredPaging, PageParams, page_view};
use crate::parts::params::query;
use crate::parts::path::Id;
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_create, _, _>(create)
        .add::<__path_get, _, _>(get)
        .add::<__path_change, _, _>(change)
        .add::<__path_delete, _, _>(delete)
}

/// A segment to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewSegment)]
struct SegmentBody {
    /// The name: 1 to 200 characters, unique regardless of case.
    name: String,
    /// The filter. It cannot refer to a segment.
    filter: FilterBody,
    /// The order of the contacts in the list.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    sort: Option<SortView>,
    /// The columns of the list, in their order.
    #[serde(default)]
    #[schema(required = false)]
    columns: Vec<ColumnBody>,
    /// Whether only the user or the key that saves it sees the segment.
    #[serde(default)]
    #[schema(required = false)]
    private: bool,
}

/// A column of the list.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewViewColumn)]
struct ColumnBody {
    /// `name`, `email`, `phone`, `external_id`, `tags`, `source`, `consent`, `conversation`,
    /// `created`, `updated`, or `field.` and the key of a custom field.
    key: String,
    /// The width in pixels, 40 to 2,000. Null leaves it to the reader.
    #[serde(default)]
    width: Option<u16>,
}

fn columns(columns: Vec<ColumnBody>) -> Vec<(String, Option<u16>)> {
    columns.into_iter().map(|column| (column.key, column.width)).collect()
}

/// A patch of a segment; absent members stay unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = SegmentPatch)]
struct SegmentPatchBody {
    /// The name: 1 to 200 characters, unique regardless of case.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// The filter, which replaces the current one.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    filter: Option<FilterBody>,
    /// The order of the contacts in the list.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    sort: Option<SortView>,
    /// The columns of the list in their order, which replace the current ones.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    columns: Option<Vec<ColumnBody>>,
    /// `false` shares a private segment with everybody. A shared one cannot become private.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    private: Option<bool>,
}

/// A saved filter with a name.
#[derive(Serialize, ToSchema)]
#[schema(as = Segment)]
struct SegmentView {
    /// Id of the segment, for the parameter `segment` of a filter.
    id: Uuid,
    /// The name of the segment.
    name: String,
    /// The filter; relative date ranges stay relative.
    filter: FilterView,
    /// The order of the contacts in the list; null leaves it to the reader.
    sort: Option<SortView>,
    /// The columns of the list, in their order; empty leaves them to the reader.
    columns: Vec<ColumnView>,
    /// Whether only the caller sees the segment, or nobody any more.
    private: bool,
    /// When the segment was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When the segment was last changed.
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    /// Version of the segment. It increases by one with each change.
    version: u64,
}

/// A column of the list.
#[derive(Serialize, ToSchema)]
#[schema(as = ViewColumn)]
struct ColumnView {
    /// The name of the column.
    key: String,
    /// The width in pixels; null leaves it to the reader.
    width: Option<u16>,
}

impl From<&ViewColumn> for ColumnView {
    fn from(column: &ViewColumn) -> Self {
        Self { key: column.key.as_str().to_owned(), width: column.width }
    }
}

impl From<&Segment> for SegmentView {
    fn from(segment: &Segment) -> Self {
        Self {
            id: segment.id.0,
            name: segment.name.as_str().to_owned(),
            filter: (&segment.filter).into(),
            sort: segment.layout.sort.as_ref().map(SortView::from),
            columns: segment.layout.columns.iter().map(ColumnView::from).collect(),
            private: segment.audience != Audience::Shared,
            created_at: segment.created_at,
            updated_at: segment.updated_at,
            version: segment.version,
        }
    }
}

fn written_response(segment: &Segment) -> Result<Written, Problem> {
    Written::of(segment.version, &SegmentView::from(segment))
}

/// Adds the current state of the segment to the problem for a failed precondition.
fn with_current(error: Error) -> Problem {
    etag::with_current(error, |current| match current {
        Current::Segment(segment) => Some(SegmentView::from(segment)),
        _ => None,
    })
}

page_view! {
    /// A page of segments.
    struct SegmentsView as Segments {
        /// The segments, ordered by name.
        items: ListedSegmentView,
    }
}

/// A segment as listed.
#[derive(Serialize, ToSchema)]
#[schema(as = ListedSegment)]
struct ListedSegmentView {
    #[serde(flatten)]
    segment: SegmentView,
    /// Number of matching contacts, or an estimate where counting takes long. Null without
    /// `counts=true`, when the filter is no longer valid, and after counting for two seconds for the
    /// segments of a page.
    count: Option<CountView>,
}

query! {
    /// Which segments a list contains.
    struct SegmentsQuery {
        /// `true` lists the private segments of deactivated users and of revoked or expired keys
        /// instead, which needs the scope `admin`. With it, they can be changed and deleted.
        orphaned: Option<bool>,
        /// Whether the contacts of each segment are counted.
        #[param(default = false)]
        counts: Option<bool>,
    }
}

/// Returns who changes segments.
fn viewer(caller: &Caller) -> Viewer {
    Viewer { id: caller.credential(), is_administrator: caller.may(Scope::Admin) }
}

/// List segments
#[utoipa::path(
    get, path = "/v1/segments", tag = "segments", operation_id = "list_segments",
    params(SegmentsQuery, PageParams),
    responses((status = 200, description = "A page of segments", body = SegmentsView))
)]
async fn list(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    FilteredPaging { page: paging, query: SegmentsQuery { orphaned, counts } }: FilteredPaging<
        String,
        SegmentsQuery,
    >,
) -> Answer {
    let orphaned = orphaned == Some(true);
    if orphaned {
        caller.check(Scope::Admin)?;
    }
    let body = blocking(&shared, move |api| {
        let after = paging.after.as_deref().unwrap_or_default();
        let segments = if orphaned {
            api.segments.orphaned(caller.org, after, paging.rows())?
        } else {
            api.segments.list(caller.org, caller.credential(), after, paging.rows())?
        };
        let page = paging.cut(segments, |segment| segment.name.key().to_owned());
        let counted = match counts {
            Some(true) => api.segments.counts(caller.org, &page.items)?,
            _ => vec![None; page.items.len()],
        };
        let mut counted = counted.into_iter();
        to_json(&SegmentsView::from(page.map(|segment| ListedSegmentView {
            segment: SegmentView::from(&segment),
            count: counted.next().flatten().map(CountView::from),
        })))
    });
    Ok(ok(body.await?))
}

/// Create a segment: save a filter under a name
#[utoipa::path(
    post, path = "/v1/segments", tag = "segments", operation_id = "create_segment",
    request_body = SegmentBody,
    responses(
        (status = 201, description = "The new segment", body = SegmentView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 409, description = "`taken`: another has the name", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn create(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Body(body): Body<SegmentBody>,
) -> Answer {
    let done = blocking(&shared, move |api| {
        let new = NewSegment {
            name: &body.name,
            filter: body.filter.into_text(),
            sort: body.sort.map(|sort| sort.value()),
            columns: columns(body.columns),
            private: body.private,
        };
        written_response(&api.segments.create(caller.org, caller.credential(), new)?)
    });
    Ok(done.await?.answer(StatusCode::CREATED))
}

/// Get a segment
#[utoipa::path(
    get, path = "/v1/segments/{id}", tag = "segments", operation_id = "get_segment",
    params(("id" = Uuid, Path, description = "The segment")),
    responses(
        (status = 200, description = "The segment", body = SegmentView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 404, description = "There is no such segment", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<SegmentId>) -> Answer {
    let done = blocking(&shared, move |api| {
        written_response(&api.segments.get(caller.org, caller.credential(), id)?)
    });
    Ok(done.await?.answer(StatusCode::OK))
}

/// Change a segment
#[utoipa::path(
    patch, path = "/v1/segments/{id}", tag = "segments", operation_id = "update_segment",
    params(
        ("id" = Uuid, Path, description = "The segment"),
        ("If-Match" = Option<String>, Header, description = "Entity tags, one of which it must have"),
    ),
    request_body = SegmentPatchBody,
    responses(
        (status = 200, description = "The segment as it is now", body = SegmentView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 404, description = "There is no such segment", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`taken`: another has the name; `conflict`: a shared segment cannot become private", body = ProblemView, content_type = "application/problem+json"),
        (status = 412, description = "`stale`: it has changed; `current` is what it is now", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn change(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<SegmentId>,
    if_match: IfMatch,
    Body(body): Body<SegmentPatchBody>,
) -> Answer {
    let done = blocking(&shared, move |api| {
        let filter = body.filter.map(FilterBody::into_text);
        let patch = RawSegmentPatch {
            name: body.name.as_deref(),
            filter,
            sort: body.sort.map(|sort| sort.value()),
            columns: body.columns.map(columns),
            private: body.private,
        };
        let (org, viewer) = (caller.org, viewer(&caller));
        let updated = if_match
            .guard(|version| api.segments.update(org, viewer, id, version, patch.clone()))
            .map_err(with_current)?;
        written_response(&updated)
    });
    Ok(done.await?.answer(StatusCode::OK))
}

/// Delete a segment; its contacts stay
#[utoipa::path(
    delete, path = "/v1/segments/{id}", tag = "segments", operation_id = "delete_segment",
    params(("id" = Uuid, Path, description = "The segment")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such segment", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn delete(CanWrite(caller): CanWrite, shared: Data<Shared>, Id(id): Id<SegmentId>) -> Answer {
    let delete = move |api: &Api| Ok(api.segments.delete(caller.org, viewer(&caller), id)?);
    blocking(&shared, delete).await?;
    Ok(nothing())
}
