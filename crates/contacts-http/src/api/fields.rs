//! Custom fields over HTTP (R11).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::field::{Field, FieldPatch, FieldType, NewField};
use contacts_core::{Current, Error, Invalid};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::{Body, present};
use crate::parts::caller::{CanAdmin, CanRead};
use crate::parts::enumerated::enumeration;
use crate::parts::etag::{self, IfMatch, Written};
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::path::Key;
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_define, _, _>(define)
        .add::<__path_get, _, _>(get)
        .add::<__path_change, _, _>(change)
        .add_beside::<__path_reorder, _, _>(reorder)
}

/// A custom field to define.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewField)]
struct FieldBody {
    /// The key of the field: `[a-z][a-z0-9_]*`, at most 63 characters. Cannot be changed later.
    key: String,
    /// The label shown on the page: 1 to 100 characters.
    label: String,
    /// The type of the values.
    #[schema(value_type = FieldTypeView)]
    r#type: String,
    /// The allowed values of a select field: 1 to 500.
    options: Option<Vec<String>>,
    /// Whether search finds contacts by their values. Only of text, select and url fields.
    #[serde(default)]
    searchable: bool,
}

/// A patch of a custom field; absent members stay unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = FieldPatch)]
struct FieldPatchBody {
    /// The label shown on the page: 1 to 100 characters.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    label: Option<String>,
    /// The type of the values. It cannot be changed while contacts have values.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<FieldTypeView>, nullable = false)]
    r#type: Option<String>,
    /// The allowed values of a select field; requires `type`.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    options: Option<Vec<String>>,
    /// Whether the field is hidden; its values are kept.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    archived: Option<bool>,
    /// Whether search finds contacts by their values. Only of text, select and url fields. Existing
    /// contacts are found a moment later, in large organisations after some minutes.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    searchable: Option<bool>,
}

/// A new order of the custom fields.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = FieldOrder)]
struct OrderBody {
    /// The keys of the first fields, in order; the other fields follow in their current order.
    keys: Vec<String>,
}

enumeration! {
    /// The type of the values of a custom field.
    FieldTypeView = FieldType as "FieldType" in FieldType::ALL
}

/// A custom field.
#[derive(Serialize, ToSchema)]
#[schema(as = Field)]
struct FieldView {
    /// The key of the field.
    key: String,
    /// The label shown on the page.
    label: String,
    /// The type of the values.
    r#type: FieldTypeView,
    /// The allowed values of a select field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    options: Option<Vec<String>>,
    /// Position among the fields, starting at 0.
    position: u32,
    /// Whether the field is hidden; its values are kept.
    archived: bool,
    /// Whether search finds contacts by their values, unless the field is archived.
    searchable: bool,
    /// Version of the field. It increases by one with each change, including a change of position.
    version: u64,
}

impl From<Field> for FieldView {
    fn from(field: Field) -> Self {
        Self {
            key: field.key.as_str().to_owned(),
            label: field.label,
            options: field.kind.options().map(<[_]>::to_vec),
            r#type: field.kind.into(),
            position: field.position,
            archived: field.archived,
            searchable: field.searchable,
            version: field.version,
        }
    }
}

page_view! {
    /// A page of custom fields.
    struct FieldsView as Fields {
        /// The fields, in order, including archived ones.
        items: FieldView,
    }
}

/// List custom fields
#[utoipa::path(
    get, path = "/v1/fields", tag = "fields", operation_id = "list_fields",
    params(PageParams),
    responses((status = 200, description = "A page of fields, in order", body = FieldsView))
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>, paging: Paging<u64>) -> Answer {
    let body = blocking(&shared, move |api| {
        let page = paging.of_all(api.fields.list(caller.org)?, |field| field.position.into());
        to_json(&FieldsView::from(page.map(FieldView::from)))
    });
    Ok(ok(body.await?))
}

/// Define a custom field
#[utoipa::path(
    post, path = "/v1/fields", tag = "fields", operation_id = "define_field",
    request_body = FieldBody,
    responses(
        (status = 201, description = "The new field, after the others", body = FieldView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 409, description = "`taken`: another field has the key; `conflict`: the organisation has 500 fields", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn define(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Body(body): Body<FieldBody>,
) -> Answer {
    let done = blocking(&shared, move |api| {
        let kind = FieldType::parse(&body.r#type, body.options)?;
        let field = NewField::new(&body.key, &body.label, kind)?.searchable(body.searchable)?;
        written_response(api.fields.define(caller.org, &field, caller.actor)?)
    });
    Ok(done.await?.answer(StatusCode::CREATED))
}

/// Get a custom field
#[utoipa::path(
    get, path = "/v1/fields/{key}", tag = "fields", operation_id = "get_field",
    params(("key" = String, Path, description = "The field")),
    responses(
        (status = 200, description = "The field, even if it is archived", body = FieldView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 404, description = "There is no such field", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, Key(key): Key) -> Answer {
    let done = blocking(&shared, move |api| written_response(api.fields.get(caller.org, &key)?));
    Ok(done.await?.answer(StatusCode::OK))
}

/// Change, archive or restore a custom field
#[utoipa::path(
    patch, path = "/v1/fields/{key}", tag = "fields", operation_id = "change_field",
    params(
        ("key" = String, Path, description = "The field"),
        ("If-Match" = Option<String>, Header, description = "Entity tags, one of which it must have"),
    ),
    request_body = FieldPatchBody,
    responses(
        (status = 200, description = "The field as it is now", body = FieldView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 404, description = "There is no such field", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: contacts have values of its type", body = ProblemView, content_type = "application/problem+json"),
        (status = 412, description = "`stale`: it has changed; `current` is what it is now", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn change(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Key(key): Key,
    if_match: IfMatch,
    Body(body): Body<FieldPatchBody>,
) -> Answer {
    let done = blocking(&shared, move |api| {
        let patch = patch(body)?;
        let updated = if_match
            .guard(|version| {
                api.fields.update(caller.org, &key, version, patch.clone(), caller.actor)
            })
            .map_err(with_current)?;
        written_response(updated)
    });
    Ok(done.await?.answer(StatusCode::OK))
}

fn written_response(field: Field) -> Result<Written, Problem> {
    Written::of(field.version, &FieldView::from(field))
}

/// Adds the current state of the field to the problem for a failed precondition.
fn with_current(error: Error) -> Problem {
    etag::with_current(error, |current| match current {
        Current::Field(field) => Some(FieldView::from(field.clone())),
        _ => None,
    })
}

fn patch(body: FieldPatchBody) -> Result<FieldPatch, Problem> {
    let FieldPatchBody { label, r#type, options, archived, searchable } = body;
    let kind = match (r#type, options) {
        (Some(name), options) => Some(FieldType::parse(&name, options)?),
        (None, None) => None,
        (None, Some(_)) => {
            let reason = "must be given beside the options: select";
            return Err(Problem::invalid(Invalid::one("type", reason)));
        }
    };
    Ok(FieldPatch { label, kind, archived, searchable })
}

/// Reorder custom fields
///
/// Returns all fields, on one page.
#[utoipa::path(
    put, path = "/v1/fields/order", tag = "fields", operation_id = "reorder_fields",
    request_body = OrderBody,
    responses((status = 200, description = "All fields, in the new order", body = FieldsView))
)]
async fn reorder(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Body(body): Body<OrderBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let all = api.fields.reorder(caller.org, &body.keys, caller.actor)?;
        to_json(&FieldsView { items: all.into_iter().map(FieldView::from).collect(), next: None })
    });
    Ok(ok(body.await?))
}
