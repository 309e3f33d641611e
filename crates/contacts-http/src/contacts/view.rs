//! Contacts as they go out.

use std::collections::BTreeMap;

use contacts_core::contact::{Arrival, Contact, Origin, Tagged};
use contacts_core::field::{FieldValue, Number};
use contacts_core::tag::TagName;
use contacts_core::{Actor, contact::ContactId};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// A contact.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Contact)]
pub(crate) struct ContactView {
    /// Its id.
    id: Uuid,
    /// What the person is called; null while nobody has said.
    name: Option<String>,
    /// Where the person is written to; null while nobody has said.
    email: Option<String>,
    /// The phone number, as it was typed.
    phone: Option<String>,
    /// The phone number in E.164 form, when it is one.
    #[schema(example = "+4930901820")]
    phone_e164: Option<String>,
    /// The names of its tags, in order.
    tags: Vec<String>,
    /// The values of custom fields, by key.
    custom: BTreeMap<String, CustomValueView>,
    /// How it first came. Never changes.
    source: SourceView,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When its profile last changed.
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    /// Counts the changes of its profile, from 1. Tags are not counted.
    version: u64,
    /// Whether something required is missing.
    incomplete: bool,
    /// Whether campaigns can reach it.
    reachable: bool,
}

impl From<&Contact> for ContactView {
    fn from(contact: &Contact) -> Self {
        let ContactId(id) = contact.id;
        let custom = contact.custom.iter();
        Self {
            id,
            name: contact.name.as_ref().map(ToString::to_string),
            email: contact.email.as_ref().map(ToString::to_string),
            phone: contact.phone.as_ref().map(ToString::to_string),
            phone_e164: contact.phone.as_ref().and_then(|p| p.e164().map(str::to_owned)),
            tags: names(&contact.tags),
            custom: custom.map(|(key, value)| (key.to_string(), value.into())).collect(),
            source: (&contact.source).into(),
            created_at: contact.created_at,
            updated_at: contact.updated_at,
            version: contact.version,
            incomplete: contact.is_incomplete(),
            reachable: contact.is_reachable(),
        }
    }
}

fn names(tags: &[TagName]) -> Vec<String> {
    tags.iter().map(ToString::to_string).collect()
}

/// A value of a custom field: a date is text such as `2026-11-23`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = CustomValue)]
pub(crate) enum CustomValueView {
    /// Of a text, select, url or date field.
    Text(String),
    /// Of a number field.
    Integer(i64),
    /// Of a number field.
    Number(f64),
    /// Of a boolean field.
    Boolean(bool),
}

/// What to make of a value of a custom field; null clears it.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = CustomPatchValue)]
#[expect(dead_code, reason = "it describes what the body reads")]
pub(super) enum CustomPatchView {
    /// Of a text, select, url or date field.
    Text(Option<String>),
    /// Of a number field.
    Number(f64),
    /// Of a boolean field.
    Boolean(bool),
}

impl From<&FieldValue> for CustomValueView {
    fn from(value: &FieldValue) -> Self {
        match value {
            FieldValue::Text(text) => Self::Text(text.clone()),
            FieldValue::Boolean(yes) => Self::Boolean(*yes),
            FieldValue::Number(number) => Self::number(*number),
        }
    }
}

impl CustomValueView {
    /// A whole number without a decimal point, as it was most likely given.
    #[expect(clippy::cast_possible_truncation, reason = "it is a whole number of 15 digits")]
    fn number(number: Number) -> Self {
        let value = number.get();
        if value.fract() == 0.0 && value.abs() < 1e15 {
            Self::Integer(value as i64)
        } else {
            Self::Number(value)
        }
    }
}

/// Who did something.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Actor)]
pub(crate) struct ActorView {
    /// `user`, `key`, `import`, `connected` or `system`.
    #[schema(example = "key")]
    kind: &'static str,
    /// Which of them; null for the system.
    id: Option<Uuid>,
}

impl From<Actor> for ActorView {
    fn from(actor: Actor) -> Self {
        let (kind, id) = actor.parts();
        Self { kind, id }
    }
}

/// One way a contact came.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Source)]
pub(crate) struct SourceView {
    /// When it came this way.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// The way.
    #[serde(flatten)]
    origin: OriginView,
}

impl From<&Arrival> for SourceView {
    fn from(arrival: &Arrival) -> Self {
        Self { at: arrival.at, origin: (&arrival.origin).into() }
    }
}

/// The four sources, each with its detail.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = Origin)]
pub(crate) enum OriginView {
    /// A chat widget captured it.
    Chat {
        /// The widget.
        widget_id: Uuid,
        /// The visitor, as the chat service knows them.
        visitor_id: String,
        /// The conversation in which it was.
        conversation_id: String,
    },
    /// It stood in an imported file.
    CsvImport {
        /// The import.
        import_id: Uuid,
        /// The file's name.
        file_name: String,
        /// The row, counted from 1 below the header.
        row: u64,
    },
    /// Somebody added it by hand, or a program over the API.
    Manual {
        /// Who.
        by: ActorView,
    },
    /// A connected source has it.
    Connected {
        /// The source.
        source_id: Uuid,
        /// What it is called there.
        external_id: String,
    },
}

impl From<&Origin> for OriginView {
    fn from(origin: &Origin) -> Self {
        match origin {
            Origin::Chat { widget, visitor, conversation } => Self::Chat {
                widget_id: *widget,
                visitor_id: visitor.clone(),
                conversation_id: conversation.clone(),
            },
            Origin::CsvImport { import, file_name, row } => {
                Self::CsvImport { import_id: import.0, file_name: file_name.clone(), row: *row }
            }
            Origin::Manual { by } => Self::Manual { by: (*by).into() },
            Origin::Connected { source, external_id } => {
                Self::Connected { source_id: *source, external_id: external_id.clone() }
            }
        }
    }
}

/// Every way a contact came.
#[derive(Serialize, ToSchema)]
#[schema(as = Sources)]
pub(crate) struct SourcesView {
    /// The first one first.
    pub(super) items: Vec<SourceView>,
}

/// A contact after tagging, and what that changed.
#[derive(Serialize, ToSchema)]
#[schema(as = TaggedContact)]
pub(crate) struct TaggedView {
    /// The contact as it is now.
    contact: ContactView,
    /// Tags that it had not carried.
    added: Vec<String>,
    /// Tags that it carries no more.
    removed: Vec<String>,
}

impl From<&Tagged> for TaggedView {
    fn from(tagged: &Tagged) -> Self {
        Self {
            contact: (&tagged.contact).into(),
            added: names(&tagged.added),
            removed: names(&tagged.removed),
        }
    }
}
