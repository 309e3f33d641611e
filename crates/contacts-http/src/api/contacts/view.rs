//! Views of contacts.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::contact::{Contact, FoundContacts, Source, SourceDetail, Tagged};
use contacts_core::field::FieldValue;
use contacts_core::tag::TagName;
use contacts_core::{Actor, contact::ContactId};
use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::consent::ConsentSummaryView;
use crate::parts::page::page_view;

/// A contact.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Contact)]
pub(crate) struct ContactView {
    /// Id of the contact.
    id: Uuid,
    /// The organisation's own id for the contact; null when it has none.
    external_id: Option<String>,
    /// The name of the person; null when it is not known.
    name: Option<String>,
    /// The primary email address; null when it is not known.
    email: Option<String>,
    /// The other email addresses of the contact, at most 19.
    other_emails: Vec<String>,
    /// The phone number as it was entered.
    phone: Option<String>,
    /// The phone number in E.164 form, when the entered number is valid.
    #[schema(example = "+4930901820")]
    phone_e164: Option<String>,
    /// Names of the tags, in alphabetical order.
    tags: Vec<String>,
    /// Values of custom fields, by field key.
    custom: BTreeMap<String, CustomValueView>,
    /// Whether the contact wants messages.
    consent: ConsentSummaryView,
    /// How the contact was first added. Never changes.
    source: SourceView,
    /// When the contact was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When the profile was last changed.
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    /// Version of the profile, starting at 1. Changes of tags do not increase it.
    version: u64,
    /// Whether a required field is missing.
    incomplete: bool,
    /// Whether campaigns can reach the contact.
    reachable: bool,
}

impl From<&Contact> for ContactView {
    fn from(contact: &Contact) -> Self {
        let ContactId(id) = contact.id;
        let custom = contact.custom.iter();
        Self {
            id,
            external_id: contact.external_id.as_ref().map(ToString::to_string),
            name: contact.name.as_ref().map(ToString::to_string),
            email: contact.email.as_ref().map(ToString::to_string),
            other_emails: contact.other_emails.iter().map(ToString::to_string).collect(),
            phone: contact.phone.as_ref().map(ToString::to_string),
            phone_e164: contact.phone.as_ref().and_then(|p| p.e164().map(str::to_owned)),
            tags: names(&contact.tags),
            custom: custom.map(|(key, value)| (key.to_string(), value.into())).collect(),
            consent: (&contact.consent).into(),
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
    /// Value of a text, select, url or date field.
    Text(String),
    /// Value of a number field.
    #[serde(serialize_with = "write_number")]
    Number(f64),
    /// Value of a boolean field.
    Boolean(bool),
}

impl From<&FieldValue> for CustomValueView {
    fn from(value: &FieldValue) -> Self {
        match value {
            FieldValue::Text(text) => Self::Text(text.clone()),
            FieldValue::Boolean(yes) => Self::Boolean(*yes),
            FieldValue::Number(number) => Self::Number(number.get()),
        }
    }
}

/// Writes a whole number without a decimal point, the form in which it was most likely given.
#[expect(clippy::cast_possible_truncation, reason = "it is a whole number of 15 digits")]
fn write_number<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        to.serialize_i64(*value as i64)
    } else {
        to.serialize_f64(*value)
    }
}

/// Who performed an action.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Actor)]
pub(crate) struct ActorView {
    /// The kind of actor.
    kind: ActorKindView,
    /// Id of the user, key, import or connected source; null for the system.
    id: Option<Uuid>,
}

/// A kind of actor.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ActorKind)]
enum ActorKindView {
    /// A signed-in user.
    User,
    /// A program with an API key.
    Key,
    /// An import of a file.
    Import,
    /// A connected source.
    Connected,
    /// The operator, or the service itself.
    System,
}

impl From<Actor> for ActorView {
    fn from(actor: Actor) -> Self {
        let kind = match actor {
            Actor::User(_) => ActorKindView::User,
            Actor::Key(_) => ActorKindView::Key,
            Actor::Import(_) => ActorKindView::Import,
            Actor::Connected(_) => ActorKindView::Connected,
            Actor::System => ActorKindView::System,
        };
        Self { kind, id: actor.parts().1 }
    }
}

/// A source of a contact.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Source)]
pub(crate) struct SourceView {
    /// When the contact was added from this source.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// The source and its details.
    #[serde(flatten)]
    detail: SourceDetailView,
}

impl From<&Source> for SourceView {
    fn from(source: &Source) -> Self {
        Self { at: source.at, detail: (&source.detail).into() }
    }
}

/// The details of a source, by type.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = SourceDetail)]
pub(crate) enum SourceDetailView {
    /// The contact was captured by a chat widget.
    Chat {
        /// Id of the widget.
        widget_id: Uuid,
        /// Id of the visitor in the chat service.
        visitor_id: String,
        /// Id of the conversation in which the contact was captured.
        conversation_id: String,
    },
    /// The contact was in an imported file.
    CsvImport {
        /// Id of the import.
        import_id: Uuid,
        /// Name of the file.
        file_name: String,
        /// Number of the row, starting at 1 for the first row below the header.
        row: u64,
    },
    /// The contact was added by hand, or by a program over the API.
    Manual {
        /// Who added the contact.
        by: ActorView,
    },
    /// The contact was synced from a connected source.
    Connected {
        /// Id of the connected source.
        source_id: Uuid,
        /// Id of the record in the connected source.
        external_id: String,
    },
}

impl From<&SourceDetail> for SourceDetailView {
    fn from(detail: &SourceDetail) -> Self {
        match detail {
            SourceDetail::Chat { widget, visitor, conversation } => Self::Chat {
                widget_id: *widget,
                visitor_id: visitor.clone(),
                conversation_id: conversation.clone(),
            },
            SourceDetail::CsvImport { import, file_name, row } => {
                Self::CsvImport { import_id: import.0, file_name: file_name.clone(), row: *row }
            }
            SourceDetail::Manual { by } => Self::Manual { by: (*by).into() },
            SourceDetail::Connected { source, external_id } => {
                Self::Connected { source_id: *source, external_id: external_id.clone() }
            }
        }
    }
}

page_view! {
    /// A page of the sources of a contact.
    pub(crate) struct SourcesView as Sources {
        /// The sources: the one that created the contact, then the others, oldest first.
        items: SourceView,
    }
}

/// The contacts that some ids mean.
#[derive(Serialize, ToSchema)]
#[schema(as = FoundContacts)]
pub(crate) struct FoundView {
    /// The contacts that exist, in the order of their ids. A merged contact is represented by its
    /// survivor.
    items: Vec<ContactView>,
    /// The ids that were merged into other contacts.
    merged: Vec<MergedIdView>,
    /// The ids that no contact has: the contact was deleted, or never existed.
    missing: Vec<Uuid>,
}

/// The id of a contact that was merged into another one.
#[derive(Serialize, ToSchema)]
#[schema(as = MergedId)]
pub(crate) struct MergedIdView {
    /// The id that was requested.
    id: Uuid,
    /// The surviving contact.
    contact_id: Uuid,
}

impl FoundView {
    pub(super) fn new(ids: &BTreeSet<Uuid>, found: &FoundContacts) -> Self {
        let FoundContacts { contacts, merged } = found;
        let existing = contacts.iter().map(|contact| contact.id.0);
        let known: BTreeSet<_> = existing.chain(merged.keys().map(|id| id.0)).collect();
        let merged =
            merged.iter().map(|(id, contact)| MergedIdView { id: id.0, contact_id: contact.0 });
        Self {
            items: contacts.iter().map(ContactView::from).collect(),
            merged: merged.collect(),
            missing: ids.difference(&known).copied().collect(),
        }
    }
}

/// The outcome of changing a contact's tags.
#[derive(Serialize, ToSchema)]
#[schema(as = TaggedContact)]
pub(crate) struct TaggedView {
    /// The contact after the change.
    contact: ContactView,
    /// Tags that were added.
    added: Vec<String>,
    /// Tags that were removed.
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
