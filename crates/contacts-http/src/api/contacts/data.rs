//! All personal data that is stored about a contact.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::Data;
use contacts_core::contact::ContactId;
use contacts_core::person::{PersonalValue, Section};
use contacts_core::trail::TrailEvent;
use serde_json::{Map, Value, json};

use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::caller::CanAdmin;
use crate::parts::path::Id;
use crate::parts::problem::ProblemView;
use crate::parts::recorded::{reads_body, record_download};
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_get, _, _>(get)
}

fn value(value_of_section: PersonalValue) -> Value {
    match value_of_section {
        PersonalValue::Nothing => Value::Null,
        PersonalValue::Boolean(yes) => json!(yes),
        PersonalValue::Number(number) => {
            as_integer(number).map_or_else(|| json!(number), |n| json!(n))
        }
        PersonalValue::Text(text) => Value::String(text),
        PersonalValue::List(values) => Value::Array(values.into_iter().map(value).collect()),
        PersonalValue::Named(values) => {
            let values =
                values.into_iter().map(|(name, value_of_section)| (name, value(value_of_section)));
            Value::Object(values.collect::<Map<_, _>>())
        }
    }
}

/// Returns a number as an integer when it has no fractional part.
#[expect(clippy::cast_possible_truncation, reason = "it is a whole number of 15 digits")]
fn as_integer(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i64)
}

/// Get all data that is stored about a contact
///
/// For subject access requests: the data as it is stored, including values of archived fields.
/// Notes are included, so review the result before you pass it on.
#[utoipa::path(
    get, path = "/v1/contacts/{id}/data", tag = "contacts", operation_id = "get_contact_data",
    params(("id" = Uuid, Path, description = "The contact")),
    responses(
        (status = 200, description = "A list for each place: `profile`, `addresses`, `tags`, `sources`, `activity`, `actions`, `notes`, `conversations`, `visitors`, `subscriptions`, `deliveries`, `unsubscribed`, `possible_duplicates`, `merged`, `imported`. Tags are names, what is in other places are objects.", body = BTreeMap<String, Vec<Value>>),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    req: HttpRequest,
) -> Answer {
    let is_read = reads_body(&req);
    let body = blocking(&shared, move |api| {
        let sections = api.people.sections(caller.org, id)?;
        record_download(api, &caller, &TrailEvent::personal_data_downloaded(id), is_read)?;
        let body = sections
            .into_iter()
            .map(|Section { name, rows }| (name, rows.into_iter().map(value).collect::<Vec<_>>()));
        to_json(&body.collect::<BTreeMap<_, _>>())
    });
    let mut response = ok(body.await?);
    let disposition = format!("attachment; filename=\"contact-{id}.json\"");
    if let Ok(disposition) = header::HeaderValue::from_str(&disposition) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}
