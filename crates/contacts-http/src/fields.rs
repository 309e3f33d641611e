//! Custom fields over HTTP (R11).

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use contacts_core::Invalid;
use contacts_core::field::{Field, FieldPatch, FieldType};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer::{Answer, json, ok, to_json};
use crate::auth::{CanAdmin, CanRead};
use crate::blocking::blocking;
use crate::body::{Body, present};
use crate::problem::{Problem, ProblemView};
use crate::routes::Table;
use crate::shared::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_define, _, _>(define)
        .add::<__path_change, _, _>(change)
        .add_beside::<__path_reorder, _, _>(reorder)
}

/// A field to be defined.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewField)]
struct FieldBody {
    /// What it is called in data: `[a-z][a-z0-9_]*`, 63 characters at most. Never changes.
    key: String,
    /// What people call it: 1 to 100 characters.
    label: String,
    /// What its values are.
    #[schema(value_type = FieldTypeView)]
    r#type: String,
    /// The values that a select field takes: 1 to 500.
    options: Option<Vec<String>>,
}

/// What to change of a field; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = FieldPatch)]
struct FieldPatchBody {
    /// What people call it: 1 to 100 characters.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    label: Option<String>,
    /// What its values are. It cannot change while contacts have values.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<FieldTypeView>, nullable = false)]
    r#type: Option<String>,
    /// The values that a select field takes, beside `type`.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    options: Option<Vec<String>>,
    /// Whether it is hidden; its values are kept.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    archived: Option<bool>,
}

/// An order of fields.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = FieldOrder)]
struct OrderBody {
    /// The keys that come first; the others follow as they stood.
    keys: Vec<String>,
}

/// What a field's values are.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FieldType)]
enum FieldTypeView {
    Text,
    Number,
    Boolean,
    Date,
    Select,
    Url,
}

/// A custom field.
#[derive(Serialize, ToSchema)]
#[schema(as = Field)]
struct FieldView {
    /// What it is called in data.
    key: String,
    /// What people call it.
    label: String,
    /// What its values are.
    r#type: FieldTypeView,
    /// The values that a select field takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Vec<String>>,
    /// Where it stands among the others, from 0.
    position: u32,
    /// Whether it is hidden; its values are kept.
    archived: bool,
}

impl From<Field> for FieldView {
    fn from(field: Field) -> Self {
        Self {
            key: field.key.as_str().to_owned(),
            label: field.label,
            r#type: match &field.kind {
                FieldType::Text => FieldTypeView::Text,
                FieldType::Number => FieldTypeView::Number,
                FieldType::Boolean => FieldTypeView::Boolean,
                FieldType::Date => FieldTypeView::Date,
                FieldType::Select(_) => FieldTypeView::Select,
                FieldType::Url => FieldTypeView::Url,
            },
            options: field.kind.options().map(<[_]>::to_vec),
            position: field.position,
            archived: field.archived,
        }
    }
}

/// All custom fields of the organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = Fields)]
struct FieldsView {
    /// The fields, in order, archived ones too.
    items: Vec<FieldView>,
}

impl From<Vec<Field>> for FieldsView {
    fn from(fields: Vec<Field>) -> Self {
        Self { items: fields.into_iter().map(FieldView::from).collect() }
    }
}

/// List custom fields
#[utoipa::path(
    get, path = "/v1/fields", tag = "fields", operation_id = "list_fields",
    responses((status = 200, description = "All fields, in order", body = FieldsView))
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>) -> Answer {
    let body =
        blocking(&shared, move |api| to_json(&FieldsView::from(api.fields.list(caller.org)?)));
    Ok(ok(body.await?))
}

/// Define a custom field
#[utoipa::path(
    post, path = "/v1/fields", tag = "fields", operation_id = "define_field",
    request_body = FieldBody,
    responses(
        (status = 201, description = "The new field, after the others", body = FieldView),
        (status = 409, description = "`taken`: there is one of the key; `conflict`: there are too many", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn define(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Body(body): Body<FieldBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let kind = FieldType::parse(&body.r#type, body.options)?;
        to_json(&FieldView::from(api.fields.define(caller.org, &body.key, &body.label, kind)?))
    });
    Ok(json(StatusCode::CREATED, body.await?))
}

/// Change a custom field, archive it, or take it out of the archive
#[utoipa::path(
    patch, path = "/v1/fields/{key}", tag = "fields", operation_id = "change_field",
    params(("key" = String, Path, description = "The field")),
    request_body = FieldPatchBody,
    responses(
        (status = 200, description = "The field as it is now", body = FieldView),
        (status = 404, description = "There is no such field", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: contacts have values of its type", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn change(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    key: Path<String>,
    Body(body): Body<FieldPatchBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let patch = patch(body)?;
        to_json(&FieldView::from(api.fields.change(caller.org, &key, patch)?))
    });
    Ok(ok(body.await?))
}

fn patch(body: FieldPatchBody) -> Result<FieldPatch, Problem> {
    let FieldPatchBody { label, r#type, options, archived } = body;
    let kind = match (r#type, options) {
        (Some(name), options) => Some(FieldType::parse(&name, options)?),
        (None, None) => None,
        (None, Some(_)) => {
            let reason = "must be given beside the options: select";
            return Err(Problem::invalid(Invalid::one("type", reason)));
        }
    };
    Ok(FieldPatch { label, kind, archived })
}

/// Put custom fields in order
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
        to_json(&FieldsView::from(api.fields.reorder(caller.org, &body.keys)?))
    });
    Ok(ok(body.await?))
}
