//! Everything that is held of one person.

use std::collections::BTreeMap;

use actix_web::http::header;
use actix_web::web::Data;
use contacts_core::contact::ContactId;
use contacts_core::person::{Held, Section};
use serde_json::{Map, Value, json};

use crate::answer::{Answer, ok, to_json};
use crate::auth::CanAdmin;
use crate::blocking::blocking;
use crate::path::Id;
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_get, _, _>(get)
}

fn value(held: Held) -> Value {
    match held {
        Held::Nothing => Value::Null,
        Held::Boolean(yes) => json!(yes),
        Held::Number(number) => whole(number).map_or_else(|| json!(number), |n| json!(n)),
        Held::Text(text) => Value::String(text),
        Held::List(values) => Value::Array(values.into_iter().map(value).collect()),
        Held::Named(values) => {
            let values = values.into_iter().map(|(name, held)| (name, value(held)));
            Value::Object(values.collect::<Map<_, _>>())
        }
    }
}

/// A number without a decimal point, when it has none.
#[expect(clippy::cast_possible_truncation, reason = "it is a whole number of 15 digits")]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i64)
}

/// Get everything that is held of a person
///
/// For requests of access: what stands in each place, as it is kept, values of archived fields
/// too. Notes are in it, so look at it before you hand it on.
#[utoipa::path(
    get, path = "/v1/contacts/{id}/data", tag = "contacts", operation_id = "get_contact_data",
    params(("id" = Uuid, Path, description = "The contact")),
    responses(
        (status = 200, description = "A list for each place: `profile`, `tags`, `sources`, `activity`, `actions`, `notes`, `conversations`, `visitors`, `subscriptions`, `deliveries`, `unsubscribed`, `possible_duplicates`, `merged`, `imported`. Tags are names, what is in other places are objects.", body = BTreeMap<String, Vec<Value>>),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanAdmin(caller): CanAdmin, shared: Data<Shared>, Id(id): Id<ContactId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let sections = api.people.everything(caller.org, id)?;
        let told = sections
            .into_iter()
            .map(|Section { name, rows }| (name, rows.into_iter().map(value).collect::<Vec<_>>()));
        to_json(&told.collect::<BTreeMap<_, _>>())
    });
    let mut response = ok(body.await?);
    let disposition = format!("attachment; filename=\"contact-{id}.json\"");
    if let Ok(disposition) = header::HeaderValue::from_str(&disposition) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}
