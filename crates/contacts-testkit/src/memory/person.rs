//! Everything that is held of one person, in memory.

use contacts_core::contact::{Contact, ContactId};
use contacts_core::field::FieldValue;
use contacts_core::person::{Held, PersonRepository, Section};
use contacts_core::{OrgId, Result};

use crate::World;

fn text(text: impl ToString) -> Held {
    Held::Text(text.to_string())
}

fn named(values: &[(&str, Held)]) -> Held {
    Held::Named(values.iter().map(|(name, held)| ((*name).to_owned(), held.clone())).collect())
}

fn maybe(value: Option<impl ToString>) -> Held {
    value.map_or(Held::Nothing, text)
}

fn profile(contact: &Contact) -> Held {
    let custom = contact.custom.iter().map(|(key, value)| {
        let held = match value {
            FieldValue::Text(value) => text(value),
            FieldValue::Boolean(yes) => Held::Boolean(*yes),
            FieldValue::Number(number) => Held::Number(number.get()),
        };
        (key.to_string(), held)
    });
    named(&[
        ("id", text(contact.id)),
        ("name", maybe(contact.name.as_ref())),
        ("email", maybe(contact.email.as_ref())),
        ("phone", maybe(contact.phone.as_ref())),
        ("custom", Held::Named(custom.collect())),
    ])
}

impl PersonRepository for World {
    fn everything(&self, org: OrgId, contact: ContactId) -> Result<Option<Vec<Section>>> {
        self.rows(org, |rows| {
            let Some(record) = rows.contacts.records.get(&contact) else { return Ok(None) };
            let section = |name, rows| Section { name, rows };
            let notes = rows.notes.values().filter(|note| note.contact == contact);
            let merged = rows.merged.iter().filter(|(_, survivor)| **survivor == contact);
            Ok(Some(vec![
                section("profile", vec![profile(&record.contact)]),
                section("tags", record.contact.tags.iter().map(text).collect()),
                section(
                    "sources",
                    record.arrivals.iter().map(|a| text(format!("{a:?}"))).collect(),
                ),
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
