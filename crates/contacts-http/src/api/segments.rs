//! Segments over HTTP: saved filters with a name (R20).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::segment::{RawSegmentPatch, Segment, SegmentId};
use contacts_core::{Current, Error};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::parts::answer::{Answer, nothing, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::{Body, present};
use crate::parts::caller::{CanRead, CanWrite};
use crate::parts::etag::{self, IfMatch, Written};
use crate::parts::filter::{FilterBody, FilterView};
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::path::Id;
use crate::parts::problem::{Problem, ProblemView};
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
    /// When the segment was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When the segment was last changed.
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    /// Version of the segment. It increases by one with each change.
    version: u64,
}

impl From<&Segment> for SegmentView {
    fn from(segment: &Segment) -> Self {
        Self {
            id: segment.id.0,
            name: segment.name.as_str().to_owned(),
            filter: (&segment.filter).into(),
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
        items: SegmentView,
    }
}

/// List segments
#[utoipa::path(
    get, path = "/v1/segments", tag = "segments", operation_id = "list_segments",
    params(PageParams),
    responses((status = 200, description = "A page of segments", body = SegmentsView))
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>, paging: Paging<String>) -> Answer {
    let body = blocking(&shared, move |api| {
        let after = paging.after.as_deref().unwrap_or_default();
        let segments = api.segments.list(caller.org, after, paging.rows())?;
        let page = paging.cut(segments, |segment| segment.name.key().to_owned());
        to_json(&SegmentsView::from(page.map(|segment| SegmentView::from(&segment))))
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
        written_response(&api.segments.create(caller.org, &body.name, body.filter.into_text())?)
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
    let done = blocking(&shared, move |api| written_response(&api.segments.get(caller.org, id)?));
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
        (status = 409, description = "`taken`: another has the name", body = ProblemView, content_type = "application/problem+json"),
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
        let patch = RawSegmentPatch { name: body.name.as_deref(), filter };
        let updated = if_match
            .guard(|version| api.segments.update(caller.org, id, version, patch.clone()))
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
    blocking(&shared, move |api| Ok(api.segments.delete(caller.org, id)?)).await?;
    Ok(nothing())
}
