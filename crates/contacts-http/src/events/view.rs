//! Events as the API shows them.

use contacts_core::event::{EventKind, FeedPage, NumberedEvent};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contacts::ActorView;

/// A page of events.
#[derive(Serialize, ToSchema)]
#[schema(as = Events)]
pub(super) struct EventsView {
    /// The events, the oldest first.
    items: Vec<EventView>,
    /// What `after` takes to go on. It is always there: keep it, and ask again later.
    #[schema(example = "4711")]
    next: String,
    /// Whether there is more at once.
    more: bool,
}

/// Contacts that changed alike.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub(super) struct EventView {
    /// Its place in the organisation's order, which has no gaps.
    pub(super) number: u64,
    /// What happened.
    r#type: EventTypeView,
    /// To whom: 1 to 500 contacts.
    contact_ids: Vec<Uuid>,
    /// Which fields changed: `name`, `email`, `phone`, `tags`, or `custom.` and a key.
    fields: Vec<String>,
    /// `contacts.merged`: the contact into which they were folded.
    survivor_id: Option<Uuid>,
    /// Who did it.
    actor: ActorView,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

/// What happened to contacts.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = EventType)]
pub(crate) enum EventTypeView {
    /// They were made.
    #[serde(rename = "contacts.created")]
    Created,
    /// Some of their fields changed.
    #[serde(rename = "contacts.updated")]
    Updated,
    /// They were folded into another contact.
    #[serde(rename = "contacts.merged")]
    Merged,
    /// They are gone.
    #[serde(rename = "contacts.deleted")]
    Deleted,
}

impl From<EventKind> for EventTypeView {
    fn from(kind: EventKind) -> Self {
        match kind {
            EventKind::Created => Self::Created,
            EventKind::Updated => Self::Updated,
            EventKind::Merged(_) => Self::Merged,
            EventKind::Deleted => Self::Deleted,
        }
    }
}

impl From<FeedPage> for EventsView {
    fn from(page: FeedPage) -> Self {
        let items = page.items.into_iter().map(EventView::from).collect();
        Self { items, next: page.next.to_string(), more: page.more }
    }
}

impl From<NumberedEvent> for EventView {
    fn from(NumberedEvent { number, event }: NumberedEvent) -> Self {
        Self {
            number,
            r#type: event.kind.into(),
            survivor_id: event.kind.survivor().map(|survivor| survivor.0),
            contact_ids: event.contacts.into_iter().map(|contact| contact.0).collect(),
            fields: event.fields,
            actor: event.actor.into(),
            at: event.at,
        }
    }
}
