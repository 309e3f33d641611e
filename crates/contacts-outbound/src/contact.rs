//! Contacts in messages, in the form in which the API shows them. Notes are never among them (R40).

use std::collections::BTreeMap;

use contacts_core::Actor;
use contacts_core::consent::{Consent, Unsubscribe};
use contacts_core::contact::{Contact, EmailAddress, ExternalId, Name, Phone, SourceDetail};
use contacts_core::field::{FieldKey, FieldValue};
use contacts_core::tag::TagName;
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// A contact.
#[derive(Serialize)]
pub(crate) struct ContactView<'a> {
    id: String,
    external_id: Option<&'a str>,
    name: Option<&'a str>,
    email: Option<&'a str>,
    other_emails: Vec<&'a str>,
    phone: Option<&'a str>,
    phone_e164: Option<&'a str>,
    tags: Vec<&'a str>,
    custom: BTreeMap<&'a str, Value>,
    consent: ConsentView,
    source: SourceView,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    version: u64,
    incomplete: bool,
    reachable: bool,
}

/// Whether a contact wants messages (R51).
#[derive(Serialize)]
struct ConsentView {
    state: &'static str,
    reason: Option<&'static str>,
    #[serde(with = "time::serde::rfc3339::option")]
    at: Option<OffsetDateTime>,
}

/// How a contact was first added (R5).
#[derive(Serialize)]
struct SourceView {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    #[serde(flatten)]
    detail: Value,
}

/// Who made a change (R4).
#[derive(Serialize)]
pub(crate) struct ActorView {
    kind: &'static str,
    id: Option<String>,
}

impl<'a> From<&'a Contact> for ContactView<'a> {
    fn from(contact: &'a Contact) -> Self {
        let custom = contact.custom.iter().map(|(key, value)| (FieldKey::as_str(key), json(value)));
        let source = &contact.source;
        Self {
            id: contact.id.to_string(),
            external_id: contact.external_id.as_ref().map(ExternalId::as_str),
            name: contact.name.as_ref().map(Name::as_str),
            email: contact.email.as_ref().map(EmailAddress::as_str),
            other_emails: contact.other_emails.iter().map(EmailAddress::as_str).collect(),
            phone: contact.phone.as_ref().map(Phone::as_str),
            phone_e164: contact.phone.as_ref().and_then(Phone::e164),
            tags: contact.tags.iter().map(TagName::as_str).collect(),
            custom: custom.collect(),
            consent: (&contact.consent).into(),
            source: SourceView { at: source.at, detail: source_detail(&source.detail) },
            created_at: contact.created_at,
            updated_at: contact.updated_at,
            version: contact.version,
            incomplete: contact.is_incomplete(),
            reachable: contact.is_reachable(),
        }
    }
}

impl From<&Consent> for ConsentView {
    fn from(consent: &Consent) -> Self {
        let (reason, at) = consent
            .unsubscribe()
            .map(|Unsubscribe { reason, at, .. }| (reason.as_str(), *at))
            .unzip();
        Self { state: consent.as_str(), reason, at }
    }
}

impl From<Actor> for ActorView {
    fn from(actor: Actor) -> Self {
        let (kind, id) = actor.parts();
        Self { kind, id: id.map(|id| id.to_string()) }
    }
}

/// A whole number is written without a decimal point.
#[expect(clippy::cast_possible_truncation, reason = "it is a whole number of 15 digits")]
fn json(value: &FieldValue) -> Value {
    match value {
        FieldValue::Text(text) => json!(text),
        FieldValue::Boolean(yes) => json!(yes),
        FieldValue::Number(number) if number.get().fract() == 0.0 => json!(number.get() as i64),
        FieldValue::Number(number) => json!(number.get()),
    }
}

fn source_detail(detail: &SourceDetail) -> Value {
    let kind = detail.kind().as_str();
    match detail {
        SourceDetail::Chat { widget, visitor, conversation } => json!({
            "kind": kind, "widget_id": widget.to_string(), "visitor_id": visitor,
            "conversation_id": conversation,
        }),
        SourceDetail::CsvImport { import, file_name, row } => json!({
            "kind": kind, "import_id": import.to_string(), "file_name": file_name, "row": row,
        }),
        SourceDetail::Manual { by } => json!({"kind": kind, "by": ActorView::from(*by)}),
        SourceDetail::Connected { source, external_id } => json!({
            "kind": kind, "source_id": source.to_string(), "external_id": external_id,
        }),
    }
}

#[cfg(test)]
mod tests {
    use contacts_core::Ids;
    use contacts_core::import::ImportId;
    use contacts_core::key::KeyId;
    use contacts_testkit::CountedIds;

    use super::*;

    #[test]
    fn every_source_has_its_details() {
        let id = CountedIds::default().next();
        let text = id.to_string();
        let chat = SourceDetail::Chat {
            widget: id,
            visitor: "v-1".to_owned(),
            conversation: text.clone(),
        };
        let file_name = "people.csv".to_owned();
        let import = SourceDetail::CsvImport { import: ImportId(id), file_name, row: 7 };
        let manual = SourceDetail::Manual { by: Actor::Key(KeyId(id)) };
        let connected = SourceDetail::Connected { source: id, external_id: "r-9".to_owned() };
        let expected = [
            json!({"kind": "chat", "widget_id": text, "visitor_id": "v-1", "conversation_id": text}),
            json!({"kind": "csv_import", "import_id": text, "file_name": "people.csv", "row": 7}),
            json!({"kind": "manual", "by": {"kind": "key", "id": text}}),
            json!({"kind": "connected", "source_id": text, "external_id": "r-9"}),
        ];
        assert_eq!(
            [chat, import, manual, connected].map(|source| source_detail(&source)),
            expected
        );
    }
}
