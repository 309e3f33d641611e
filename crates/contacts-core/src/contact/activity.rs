//! Activity of a contact: what happened to it, for people to read (R41).

use time::OffsetDateTime;
use uuid::Uuid;

use super::{ContactId, FieldChange, Source, SourceDetail};
use crate::Actor;
use crate::campaign::{Campaign, DeliveryKind};
use crate::consent::ConsentChange;
use crate::note::{NoteChange, NoteId};
use crate::page::{Page, Position, read_micros, read_text, write_micros, write_text};

/// One entry in the activity of a contact.
///
/// What an import did to a contact is read from the import's chunks, so that a million rows do not
/// need a million entries.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Time of the entry.
    pub at: OffsetDateTime,
    /// Actor of the change (R4).
    pub actor: Actor,
    /// What happened.
    pub what: ActivityKind,
}

/// What happened to a contact.
#[derive(Clone, Debug, PartialEq)]
pub enum ActivityKind {
    /// The contact was created.
    Created,
    /// The profile was edited.
    Edited(Vec<FieldChange>),
    /// Tags were added or removed by hand, by API or by a bulk action.
    Tagged {
        /// Names of the added tags.
        added: Vec<String>,
        /// Names of the removed tags.
        removed: Vec<String>,
    },
    /// The contact was added again from another source.
    SourceAdded(SourceDetail),
    /// The contact was in an import that changed it.
    Imported {
        /// The import, and the first row that matched the contact.
        detail: SourceDetail,
        /// Changes of the profile, summed over all rows of the import.
        changes: Vec<FieldChange>,
        /// Current names of the tags that the import added.
        tags: Vec<String>,
    },
    /// A capture filled blank fields (R17). The source itself is a separate [`Self::SourceAdded`].
    Captured(Vec<FieldChange>),
    /// Another contact was merged into this one (R13).
    Merged {
        /// Former id of the other contact.
        other: ContactId,
        /// Name or address of the other contact.
        called: Option<String>,
        /// Changes of the profile: blanks filled from the other contact.
        changes: Vec<FieldChange>,
        /// Names of the tags that came from the other contact.
        tags: Vec<String>,
    },
    /// The merge of two contacts was undone (R53). Both have this entry.
    MergeUndone {
        /// Id of the contact that is another one again.
        other: ContactId,
        /// Name or address of that contact.
        called: Option<String>,
    },
    /// A note was added, edited or deleted. The entry does not contain the note's text (R40).
    Noted {
        /// Id of the note, which may be deleted by now.
        note: NoteId,
        /// What was done with the note.
        change: NoteChange,
    },
    /// The consent was changed by hand, by API or by a bulk action (R51).
    ConsentChanged(ConsentChange),
    /// The contact was added to a campaign.
    Subscribed(Campaign),
    /// The contact was removed from a campaign by a bulk action.
    RemovedFromCampaign(Campaign),
    /// A campaign reported a delivery event.
    Delivered {
        /// The campaign.
        campaign: Campaign,
        /// The delivery event.
        kind: DeliveryKind,
    },
}

/// Where a store reads an entry of the activity from. Entries of the same microsecond are sorted by
/// this order, the last one newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActivitySource {
    /// The first source of a contact that was not added by hand.
    FirstSource,
    /// An entry stored for this contact alone.
    Event,
    /// A further source of the contact.
    Source,
    /// A subscription to a campaign.
    Subscription,
    /// A delivery event of a campaign.
    Delivery,
    /// A bulk action.
    Action,
}

/// Cursor of the activity. No two entries have the same cursor, so that entries of the same
/// microsecond are neither lost nor repeated between two pages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActivityCursor {
    /// Time of the entry.
    pub at: OffsetDateTime,
    /// Where the entry was read from.
    pub source: ActivitySource,
    /// Key of the entry within its source and time. Keys compare by bytes.
    pub key: String,
}

/// A page of activity, newest first.
pub type Activities = Page<Activity, ActivityCursor>;

impl Activity {
    /// Returns the entry of a source, with its cursor. Returns `None` for the first source of a
    /// contact that was added by hand: its creation has an entry of its own.
    pub fn of_source(source: Source, is_first: bool) -> Option<(ActivityCursor, Self)> {
        let Source { at, detail } = source;
        let key = source_key(&detail);
        let actor = match &detail {
            SourceDetail::CsvImport { import, .. } => Actor::Import(*import),
            SourceDetail::Connected { source, .. } => Actor::Connected(*source),
            SourceDetail::Manual { by } => *by,
            SourceDetail::Chat { .. } => Actor::System,
        };
        let (source, what) = match (is_first, &detail) {
            (true, SourceDetail::Manual { .. }) => return None,
            (true, _) => (ActivitySource::FirstSource, ActivityKind::Created),
            (false, _) => (ActivitySource::Source, ActivityKind::SourceAdded(detail)),
        };
        Some((ActivityCursor { at, source, key }, Self { at, actor, what }))
    }
}

/// Returns a key that is unique among the sources of one contact.
fn source_key(detail: &SourceDetail) -> String {
    let id: Uuid = detail.detail_id().unwrap_or_default();
    format!("{} {id} {}", detail.kind().as_str(), detail.reference())
}

impl ActivitySource {
    /// Every kind of entry.
    pub const ALL: [Self; 6] = [
        Self::FirstSource,
        Self::Event,
        Self::Source,
        Self::Subscription,
        Self::Delivery,
        Self::Action,
    ];

    /// Returns the letter that stands for it in a cursor.
    fn code(self) -> char {
        match self {
            Self::FirstSource => 'f',
            Self::Event => 'e',
            Self::Source => 'a',
            Self::Subscription => 's',
            Self::Delivery => 'd',
            Self::Action => 'b',
        }
    }
}

impl Position for ActivityCursor {
    fn encode(&self) -> String {
        let (at, key) = (write_micros(self.at), write_text(&self.key));
        format!("{}{at}-{key}", self.source.code())
    }

    fn decode(text: &str) -> Option<Self> {
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
        fn a_cursor_is_read_back(key in "[^\\x00]{0,20}", second in -9_000_000_000i64..9_000_000_000) {
            let at = OffsetDateTime::from_unix_timestamp(second).unwrap();
            for source in ActivitySource::ALL {
                let cursor = ActivityCursor { at, source, key: key.clone() };
                prop_assert_eq!(ActivityCursor::decode(&cursor.encode()), Some(cursor));
            }
        }

        #[test]
        fn no_text_breaks_decoding(text in "\\PC{0,80}") {
            let _ = ActivityCursor::decode(&text);
        }
    }
}
