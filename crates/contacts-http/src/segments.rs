//! Segments over HTTP: filters that were saved under a name (R20).

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::page::Page;
use contacts_core::segment::{Segment, SegmentId, SegmentPatch};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::{Answer, json, nothing, ok, to_json};
use crate::auth::{CanRead, CanWrite};
use crate::blocking::blocking;
use crate::body::{Body, present};
use crate::filter::{FilterBody, FilterView};
use crate::page::AfterPlace;
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
        .add::<__path_change, _, _>(change)
        .add::<__path_delete, _, _>(delete)
}

/// A filter to be saved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewSegment)]
struct SegmentBody {
    /// 1 to 200 characters; another may not have the same, whatever the case.
    name: String,
    /// Whom it means. It cannot name a segment.
    #[schema(value_type = FilterView)]
    filter: FilterBody,
}

/// What to change of a segment; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = SegmentPatch)]
struct SegmentPatchBody {
    /// 1 to 200 characters; another may not have the same, whatever the case.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// Whom it means, as a whole.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<FilterView>, nullable = false)]
    filter: Option<FilterBody>,
}

/// A filter that was saved under a name.
#[derive(Serialize, ToSchema)]
#[schema(as = Segment)]
struct SegmentView {
    /// Its id, which `segment` of a filter takes.
    id: Uuid,
    /// What people call it.
    name: String,
    /// Whom it means. The last seven days stay the last ones.
    filter: FilterView,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

impl From<&Segment> for SegmentView {
    fn from(segment: &Segment) -> Self {
        Self {
            id: segment.id.0,
            name: segment.name.as_str().to_owned(),
            filter: (&segment.filter).into(),
            created_at: segment.created_at,
            updated_at: segment.updated_at,
        }
    }
}

/// A page of segments.
#[derive(Serialize, ToSchema)]
#[schema(as = Segments)]
struct SegmentsView {
    /// The segments, in the order of their names.
    items: Vec<SegmentView>,
    /// What `after` takes to get the next page; null on the last one.
    next: Option<String>,
}

/// List segments
#[utoipa::path(
    get, path = "/v1/segments", tag = "segments", operation_id = "list_segments",
    params(AfterPlace),
    responses((status = 200, description = "A page of segments", body = SegmentsView))
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>, req: HttpRequest) -> Answer {
    let mut params = Params::read(req.query_string())?;
    let after = params.one("after").unwrap_or_default();
    let size = params.limit();
    params.finish()?;
    let body = blocking(&shared, move |api| {
        let segments = api.segments.list(caller.org, &after, size.get() + 1)?;
        let page = Page::cut(segments, size, |segment| segment.name.key().to_owned());
        let items = page.items.iter().map(SegmentView::from).collect();
        to_json(&SegmentsView { items, next: page.next })
    });
    Ok(ok(body.await?))
}

/// Save a filter under a name
#[utoipa::path(
    post, path = "/v1/segments", tag = "segments", operation_id = "create_segment",
    request_body = SegmentBody,
    responses(
        (status = 201, description = "The new segment", body = SegmentView),
        (status = 409, description = "`taken`: another has the name", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn create(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Body(body): Body<SegmentBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let segment = api.segments.create(caller.org, &body.name, body.filter.0)?;
        to_json(&SegmentView::from(&segment))
    });
    Ok(json(StatusCode::CREATED, body.await?))
}

/// Get a segment
#[utoipa::path(
    get, path = "/v1/segments/{id}", tag = "segments", operation_id = "get_segment",
    params(("id" = Uuid, Path, description = "The segment")),
    responses(
        (status = 200, description = "The segment", body = SegmentView),
        (status = 404, description = "There is no such segment", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<SegmentId>) -> Answer {
    let body = blocking(&shared, move |api| {
        to_json(&SegmentView::from(&api.segments.get(caller.org, id)?))
    });
    Ok(ok(body.await?))
}

/// Change a segment
#[utoipa::path(
    patch, path = "/v1/segments/{id}", tag = "segments", operation_id = "update_segment",
    params(("id" = Uuid, Path, description = "The segment")),
    request_body = SegmentPatchBody,
    responses(
        (status = 200, description = "The segment as it is now", body = SegmentView),
        (status = 404, description = "There is no such segment", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`taken`: another has the name", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn change(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<SegmentId>,
    Body(body): Body<SegmentPatchBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let filter = body.filter.map(|filter| filter.0);
        let patch = SegmentPatch { name: body.name.as_deref(), filter };
        to_json(&SegmentView::from(&api.segments.change(caller.org, id, patch)?))
    });
    Ok(ok(body.await?))
}

/// Delete a segment; whoever it means stays
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
