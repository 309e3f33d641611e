//! Views of events.

use contacts_core::event::{CurrentContacts, FeedPage, NumberedEvent};
use contacts_core::webhook::MessageType;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::contacts::{ActorView, ContactView};
use crate::parts::cursor::ListCursors;
use crate::parts::enumerated::enumeration;

/// A page of events.
#[derive(Serialize, ToSchema)]
#[schema(as = Events)]
pub(super) struct EventsView {
    /// The events, oldest first.
    items: Vec<EventView>,
    /// The value of `cursor` for the next page. Never null: store it, and request the next page
    /// later.
    next: String,
    /// Whether more events are available now.
    more: bool,
}

/// One change that was made to one or more contacts.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub(super) struct EventView {
    /// Sequence number of the event within the organisation, without gaps.
    pub(super) number: u64,
    /// The type of the event.
    r#type: EventTypeView,
    /// Ids of the changed contacts: 1 to 500.
    contact_ids: Vec<Uuid>,
    /// The changed fields: `name`, `email`, `phone`, `tags`, or `custom.` followed by the key of a
    /// custom field.
    fields: Vec<String>,
    /// For `contacts.merged`: id of the contact into which the others were merged.
    survivor_id: Option<Uuid>,
    /// Who made the change.
    actor: ActorView,
    /// When the change was made.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// With `include=contact`: the contacts as they are now, in the order of `contact_ids`. Null in
    /// place of a contact that was deleted or merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    contacts: Option<Vec<Option<ContactView>>>,
}

enumeration! {
    /// A type of event.
    ///
    /// - `contacts.created`: the contacts were created.
    /// - `contacts.updated`: fields of the contacts changed.
    /// - `contacts.merged`: the contacts were merged into another contact.
    /// - `contacts.deleted`: the contacts were deleted.
    pub(crate) EventTypeView = MessageType as "EventType" in MessageType::EVENTS
}

impl EventsView {
    pub(super) fn new(
        page: FeedPage,
        contacts: Option<&CurrentContacts>,
        cursors: &ListCursors,
    ) -> Self {
        let items = page.items.into_iter().map(|event| EventView::new(event, contacts)).collect();
        Self { items, next: cursors.seal(&page.next), more: page.more }
    }
}

impl EventView {
    /// Makes the view of an event, with its contacts when these are included.
    pub(super) fn new(
        NumberedEvent { number, event }: NumberedEvent,
        contacts: Option<&CurrentContacts>,
    ) -> Self {
        let view = |contacts: &CurrentContacts| {
            contacts.of(&event).map(|contact| contact.map(ContactView::from)).collect()
        };
        Self {
            contacts: contacts.map(view),
            number,
            r#type: MessageType::from(event.kind).into(),
            survivor_id: event.kind.survivor().map(|survivor| survivor.0),
            contact_ids: event.contacts.into_iter().map(|contact| contact.0).collect(),
            fields: event.fields,
            actor: event.actor.into(),
            at: event.at,
        }
    }
}
