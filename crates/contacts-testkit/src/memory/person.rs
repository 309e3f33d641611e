//! Personal data reports in memory: everything that is stored about one person.

use contacts_core::campaign::{Delivery, Subscription};
use contacts_core::consent::{Consent, ConsentNote, Unsubscribe};
use contacts_core::contact::{
    Activity, Contact, ContactAddress, ContactId, ContactRepository, FieldChange, FieldEdit, Source,
};
use contacts_core::conversation::{Conversation, Visitor};
use contacts_core::field::FieldValue;
use contacts_core::import::{ImportEffect, ImportId, Trace};
use contacts_core::note::Note;
use contacts_core::person::{PersonalDataRepository, PersonalValue, Section};
use contacts_core::{OrgId, Result};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::World;
use crate::world::Rows;

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

fn time(at: OffsetDateTime) -> PersonalValue {
    at.format(&Rfc3339).map_or(PersonalValue::Nothing, PersonalValue::Text)
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
        ("other_emails", PersonalValue::List(contact.other_emails.iter().map(text).collect())),
        ("phone", maybe(contact.phone.as_ref())),
        ("custom", PersonalValue::Named(custom.collect())),
        ("created_at", time(contact.created_at)),
        ("updated_at", time(contact.updated_at)),
    ])
}

fn address(address: &ContactAddress) -> PersonalValue {
    named(&[
        ("email", text(&address.email)),
        ("is_primary", PersonalValue::Boolean(address.is_primary)),
        ("added_at", time(address.added_at)),
        ("source", text(address.source.as_str())),
    ])
}

fn source(source: &Source) -> PersonalValue {
    named(&[
        ("kind", text(source.detail.kind().as_str())),
        ("reference", text(source.detail.reference())),
        ("at", time(source.at)),
    ])
}

fn activity(activity: &Activity) -> PersonalValue {
    let what = format!("{:?}", activity.what);
    let kind = what.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    named(&[("kind", text(kind)), ("at", time(activity.at)), ("detail", text(&what))])
}

fn note(note: &Note) -> PersonalValue {
    named(&[("text", text(note.text.as_str())), ("created_at", time(note.created_at))])
}

fn conversation(conversation: &Conversation) -> PersonalValue {
    named(&[
        ("id", text(conversation.id)),
        ("visitor", text(conversation.visitor.id())),
        ("started_at", time(conversation.started_at)),
        ("preview", text(&conversation.preview)),
    ])
}

fn visitor(visitor: &Visitor) -> PersonalValue {
    named(&[("widget_id", text(visitor.widget())), ("visitor", text(visitor.id()))])
}

fn subscription(subscription: &Subscription) -> PersonalValue {
    named(&[
        ("campaign_id", text(subscription.campaign)),
        ("pending_at", time(subscription.pending_at)),
        ("sent_at", subscription.sent_at.map_or(PersonalValue::Nothing, time)),
    ])
}

fn delivery(delivery: &Delivery) -> PersonalValue {
    named(&[
        ("campaign_id", text(delivery.campaign)),
        ("kind", text(delivery.kind.as_str())),
        ("at", time(delivery.at)),
    ])
}

fn unsubscribed(consent: &Consent) -> Vec<PersonalValue> {
    let Consent::Unsubscribed(Unsubscribe { reason, at, note, .. }) = consent else {
        return Vec::new();
    };
    let note = maybe(note.as_ref().map(ConsentNote::as_str));
    vec![named(&[("reason", text(reason.as_str())), ("at", time(*at)), ("note", note)])]
}

/// Returns the rows of imports that wrote a contact.
fn imported(rows: &Rows, contact: ContactId) -> Vec<PersonalValue> {
    let traces = rows.imports.values().flat_map(|stored| {
        let own = stored.chunks.iter().flatten().filter(|trace| trace.contact == contact);
        own.map(|trace| (stored.import.id, trace))
    });
    let row = |(import, trace): (ImportId, &Trace)| {
        let edits = match &trace.effect {
            ImportEffect::Updated { edits, .. } => edits.iter().map(edited).collect(),
            ImportEffect::Added { .. } => Vec::new(),
        };
        named(&[
            ("import_id", text(import)),
            ("row", text(trace.row)),
            ("changes", PersonalValue::List(edits)),
        ])
    };
    traces.map(row).collect()
}

fn edited(edit: &FieldEdit) -> PersonalValue {
    let FieldChange { field, from, to } = edit.change();
    named(&[("field", text(field)), ("from", maybe(from)), ("to", maybe(to))])
}

impl PersonalDataRepository for World {
    fn sections(&self, org: OrgId, contact: ContactId) -> Result<Option<Vec<Section>>> {
        let addresses = self.addresses(org, contact)?;
        self.read(org, |rows| {
            let Some(record) = rows.contacts.records.get(&contact) else { return Ok(None) };
            let notes = rows.notes.values().filter(|note| note.contact == contact);
            let links = rows.links_of(contact).into_iter();
            let conversations = rows.conversations.of(contact);
            let visitors = rows.visitors.iter().filter(|(_, owner)| **owner == contact);
            let pairs = rows.pairs.keys().filter(|(one, other)| [*one, *other].contains(&contact));
            let merged = rows.merged.iter().filter(|(_, survivor)| **survivor == contact);
            let sections: Vec<(_, Vec<PersonalValue>)> = vec![
                ("profile", vec![profile(&record.contact)]),
                ("addresses", addresses.iter().map(address).collect()),
                ("tags", record.contact.tags.iter().map(text).collect()),
                ("sources", record.sources.iter().map(source).collect()),
                ("connected", links.map(|(_, id)| named(&[("external_id", text(id))])).collect()),
                ("activity", record.activity.values().map(activity).collect()),
                ("actions", record.bulk.values().map(activity).collect()),
                ("notes", notes.map(note).collect()),
                ("conversations", conversations.iter().map(conversation).collect()),
                ("visitors", visitors.map(|(id, _)| visitor(id)).collect()),
                ("subscriptions", record.subscriptions.values().map(subscription).collect()),
                ("deliveries", record.deliveries.values().map(delivery).collect()),
                ("unsubscribed", unsubscribed(&record.contact.consent)),
                (
                    "possible_duplicates",
                    pairs
                        .map(|(one, other)| {
                            named(&[("contact_id", text(one)), ("other_id", text(other))])
                        })
                        .collect(),
                ),
                ("merged", merged.map(|(id, _)| named(&[("id", text(id))])).collect()),
                ("imported", imported(rows, contact)),
            ];
            let section = |(name, rows)| Section { name, rows };
            Ok(Some(sections.into_iter().map(section).collect()))
        })
    }
}
