//! What happened to a contact (R41).

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Arrival, ContactId, FieldChange, Origin};
use crate::Actor;
use crate::campaign::{Campaign, DeliveryKind};
use crate::note::{NoteChange, NoteId};
use crate::page::{Page, read_micros, read_text, write_micros, write_text};

/// Something that happened to a contact. What an import did to it is read from what the import
/// keeps of its pieces: a million rows need no million entries.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// When.
    pub at: OffsetDateTime,
    /// Who did it.
    pub actor: Actor,
    /// What.
    pub what: ActivityKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum ActivityKind {
    /// It was made.
    Created,
    /// Its profile was edited: which fields, from what to what.
    Edited(Vec<FieldChange>),
    /// Tags were put on and taken off.
    Tagged {
        /// Those put on.
        added: Vec<String>,
        /// Those taken off.
        removed: Vec<String>,
    },
    /// It came once more, by an import or another source.
    Arrived(Origin),
    /// It came once more, by an import that changed it.
    Imported {
        /// The import, and the first row that was about it.
        origin: Origin,
        /// What the import changed of its profile, all its rows together.
        changes: Vec<FieldChange>,
        /// Tags that the import put on, by the names they have now.
        tags: Vec<String>,
    },
    /// A chat's capture filled what was blank (R17). That it came by one is [`Self::Arrived`].
    Captured(Vec<FieldChange>),
    /// Another contact was folded into it (R13).
    Merged {
        /// The other's old id.
        other: ContactId,
        /// What the other was called.
        called: Option<String>,
        /// What the profile took from it.
        changes: Vec<FieldChange>,
        /// Tags that came from it.
        tags: Vec<String>,
    },
    /// A note was made, edited or deleted. What it says is not told here (R40).
    Noted {
        /// The note, which may be gone.
        note: NoteId,
        /// What was done with it.
        change: NoteChange,
    },
    /// It was put into a campaign.
    Subscribed(Campaign),
    /// A campaign did something to it.
    Delivered {
        /// The campaign.
        campaign: Campaign,
        /// What it did.
        kind: DeliveryKind,
    },
}

/// Where a store reads activity from. What happened in one microsecond stands in this order, the
/// last of it newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActivitySource {
    /// The first arrival, for contacts that were not made by hand.
    FirstArrival,
    /// What was noted of the contact alone.
    Event,
    /// The other arrivals.
    Arrival,
    /// Campaigns that it was put into.
    Subscription,
    /// What campaigns did to it.
    Delivery,
    /// Bulk actions.
    Action,
}

/// A place in what happened to a contact. Two entries never have the same, so that those of one
/// microsecond are neither lost nor repeated between two pages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActivityPlace {
    /// When it happened.
    pub at: OffsetDateTime,
    /// Where it was read from.
    pub source: ActivitySource,
    /// What tells it from others of its source and moment. Keys compare by bytes.
    pub key: String,
}

/// A page of what happened, the newest first.
pub type Activities = Page<Activity, ActivityPlace>;

impl Activity {
    /// What an arrival was for the contact, and where it stands; nothing for the one by which a
    /// contact was made by hand, which has an event of its own.
    pub fn of_arrival(arrival: Arrival, is_first: bool) -> Option<(ActivityPlace, Self)> {
        let Arrival { at, origin } = arrival;
        let key = arrival_key(&origin);
        let actor = match &origin {
            Origin::CsvImport { import, .. } => Actor::Import(*import),
            Origin::Connected { source, .. } => Actor::Connected(*source),
            Origin::Manual { by } => *by,
            Origin::Chat { .. } => Actor::System,
        };
        let (source, what) = match (is_first, &origin) {
            (true, Origin::Manual { .. }) => return None,
            (true, _) => (ActivitySource::FirstArrival, ActivityKind::Created),
            (false, _) => (ActivitySource::Arrival, ActivityKind::Arrived(origin)),
        };
        Some((ActivityPlace { at, source, key }, Self { at, actor, what }))
    }
}

/// What tells an arrival from others of the contact.
fn arrival_key(origin: &Origin) -> String {
    let id: Uuid = origin.origin_id().unwrap_or_default();
    format!("{} {id} {}", origin.kind().as_str(), origin.reference())
}

impl ActivitySource {
    /// Every source.
    pub const ALL: [Self; 6] = [
        Self::FirstArrival,
        Self::Event,
        Self::Arrival,
        Self::Subscription,
        Self::Delivery,
        Self::Action,
    ];

    /// A letter for it, by which cursors name it.
    fn code(self) -> char {
        match self {
            Self::FirstArrival => 'f',
            Self::Event => 'e',
            Self::Arrival => 'a',
            Self::Subscription => 's',
            Self::Delivery => 'd',
            Self::Action => 'b',
        }
    }
}

impl ActivityPlace {
    /// The place as an opaque text of letters, digits and dashes.
    pub fn encode(&self) -> String {
        let (at, key) = (write_micros(self.at), write_text(&self.key));
        format!("{}{at}-{key}", self.source.code())
    }

    /// Reads what [`ActivityPlace::encode`] wrote.
    pub fn decode(text: &str) -> Option<Self> {
        let source = ActivitySource::ALL.into_iter().find(|s| text.starts_with(s.code()))?;
        let (at, key) = text.get(1..)?.split_once('-')?;
        Some(Self { at: read_micros(at)?, source, key: read_text(key)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_place_is_read_back(key in "[^\\x00]{0,20}", second in -9_000_000_000i64..9_000_000_000) {
            let at = OffsetDateTime::from_unix_timestamp(second).unwrap();
            for source in ActivitySource::ALL {
                let place = ActivityPlace { at, source, key: key.clone() };
                prop_assert_eq!(ActivityPlace::decode(&place.encode()), Some(place));
            }
        }

        #[test]
        fn no_text_breaks_decoding(text in "\\PC{0,80}") {
            let _ = ActivityPlace::decode(&text);
        }
    }
}
