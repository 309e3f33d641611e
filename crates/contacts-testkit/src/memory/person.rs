//! Personal data reports in memory: everything that is stored about one person.

use contacts_core::contact::{Contact, ContactId};
use contacts_core::field::FieldValue;
use contacts_core::person::{PersonalDataRepository, PersonalValue, Section};
use contacts_core::{OrgId, Result};

use crate::World;

fn text(text: impl ToString) -> PersonalValue {
    PersonalValue::Text(text.to_string())
}

fn named(values: &[(&str, PersonalValue)]) -> PersonalValue {
    PersonalValue::Named(
        values.iter().map(|(name, held)| ((*name).to_owned(), held.clone())).collect(),
    )
}

fn maybe(value: Option<impl ToString>) -> PersonalValue {
    value.map_or(PersonalValue::Nothing, text)
}

fn profile(contact: &Contact) -> PersonalValue {
    let custom = contact.custom.iter().map(|(key, value)| {
        let held = match value {
            FieldValue::Text(value) => text(value),
            FieldValue::Boolean(yes) => PersonalValue::Boolean(*yes),
            FieldValue::Number(number) => PersonalValue::Number(number.get()),
        };
        (key.to_string(), held)
    });
    named(&[
        ("id", text(contact.id)),
        ("external_id", maybe(contact.external_id.as_ref())),
        ("name", maybe(contact.name.as_ref())),
        ("email", maybe(contact.email.as_ref())),
        ("phone", maybe(contact.phone.as_ref())),
        ("custom", PersonalValue::Named(custom.collect())),
    ])
}

impl PersonalDataRepository for World {
    fn sections(&self, org: OrgId, contact: ContactId) -> Result<Option<Vec<Section>>> {
        self.read(org, |rows| {
            let Some(record) = rows.contacts.records.get(&contact) else { return Ok(None) };
            let section = |name, rows| Section { name, rows };
            let notes = rows.notes.values().filter(|note| note.contact == contact);
            let merged = rows.merged.iter().filter(|(_, survivor)| **survivor == contact);
            Ok(Some(vec![
                section("profile", vec![profile(&record.contact)]),
                section("tags", record.contact.tags.iter().map(text).collect()),
                section("sources", record.sources.iter().map(|a| text(format!("{a:?}"))).collect()),
                section(
                    "activity",
                    record.activity.values().map(|a| text(format!("{a:?}"))).collect(),
                ),
                section(
                    "notes",
                    notes.map(|n| named(&[("text", text(n.text.as_str()))])).collect(),
                ),
                section("merged", merged.map(|(id, _)| named(&[("id", text(id))])).collect()),
            ]))
        })
    }
}
