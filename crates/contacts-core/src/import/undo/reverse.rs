//! The decision about undoing an import for one contact, which every store uses.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use crate::Actor;
use crate::contact::{Change, Contact, ContactId, RestoreOutcome};
use crate::event::{ContactEvent, EventKind};
use crate::import::{Fingerprint, ImportEffect};
use crate::tag::TagName;
use crate::undo::{KeptReason, UndoOutcome};

/// The current state of a contact that an import is about.
#[derive(Clone, Debug)]
pub struct CurrentState {
    /// The contact, with its values of archived fields.
    pub contact: Contact,
    /// The tags that the chunk added, by their current names, without deleted ones.
    pub tags: Vec<TagName>,
    /// The reason why the contact must not be removed, such as notes or conversations.
    pub bond: Option<KeptReason>,
}

/// The effect of undoing a trace.
#[derive(Clone, Debug, PartialEq)]
pub enum Reversal {
    /// The contact is removed.
    Remove,
    /// The contact is kept, although the import added it.
    Keep(KeptReason),
    /// Fields that nobody has changed since are restored, and tags of the import are removed.
    Restore(Box<Restored>),
}

/// The restored state of a contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Restored {
    /// The contact afterwards.
    pub contact: Contact,
    /// The changes of the profile.
    pub changes: Change,
    /// The tags that are removed.
    pub untagged: Vec<TagName>,
    /// Fields that are not restored, with the reason.
    pub kept: Vec<(String, KeptReason)>,
}

impl Reversal {
    /// The result for the contact.
    pub fn outcome(&self) -> UndoOutcome {
        match self {
            Self::Remove => UndoOutcome::Removed,
            Self::Keep(_) => UndoOutcome::Kept,
            Self::Restore(restored) if !restored.kept.is_empty() => UndoOutcome::Kept,
            Self::Restore(restored) if restored.is_changed() => UndoOutcome::Restored,
            Self::Restore(_) => UndoOutcome::Unchanged,
        }
    }
}

impl Restored {
    /// Whether anything is restored.
    pub fn is_changed(&self) -> bool {
        !self.changes.is_empty() || !self.untagged.is_empty()
    }

    /// The restored fields, as events name them.
    pub fn fields(&self) -> Vec<String> {
        let tags = (!self.untagged.is_empty()).then(|| "tags".to_owned());
        self.changes.iter().map(|change| change.field.clone()).chain(tags).collect()
    }
}

/// Decides what undoing a trace does to its contact.
///
/// - A contact that was added is removed when nobody has edited or tagged it, and it has no notes,
///   conversations, subscriptions or other sources.
/// - A field that was overwritten is restored when it still has the value that the import wrote.
/// - The fields in `taken` are kept: another contact has the address or the external id now.
/// - A tag that was added is removed.
pub(super) fn reverse(
    effect: &ImportEffect,
    current: CurrentState,
    taken: &BTreeSet<String>,
    now: OffsetDateTime,
) -> Reversal {
    let CurrentState { mut contact, mut tags, bond } = current;
    tags.sort();
    tags.dedup();
    match effect {
        ImportEffect::Added { profile, .. } => {
            if Fingerprint::of(&contact) != *profile {
                Reversal::Keep(KeptReason::Edited)
            } else if contact.tags != tags {
                Reversal::Keep(KeptReason::Tagged)
            } else {
                bond.map_or(Reversal::Remove, Reversal::Keep)
            }
        }
        ImportEffect::Updated { edits, .. } => {
            let (mut changes, mut kept) = (Change::new(), Vec::new());
            for edit in edits {
                if taken.contains(&edit.field()) {
                    kept.push((edit.field(), KeptReason::Taken));
                    continue;
                }
                match edit.restore(&mut contact) {
                    RestoreOutcome::Done => changes.push(edit.restored()),
                    RestoreOutcome::Already => {}
                    RestoreOutcome::Changed => kept.push((edit.field(), KeptReason::Edited)),
                }
            }
            if !changes.is_empty() {
                contact.version += 1;
                contact.updated_at = now;
            }
            let (untagged, left) = contact.tags.into_iter().partition(|tag| tags.contains(tag));
            contact.tags = left;
            Reversal::Restore(Box::new(Restored { contact, changes, untagged, kept }))
        }
    }
}

/// Returns the events of a step: removed contacts, and restored fields of contacts.
pub fn undo_events(
    mut removed: Vec<ContactId>,
    mut restored: Vec<(ContactId, Vec<String>)>,
    actor: Actor,
    now: OffsetDateTime,
) -> Vec<ContactEvent> {
    removed.sort_unstable();
    restored.sort_unstable();
    let mut events = ContactEvent::of_many(&removed, EventKind::Deleted, &[], actor, now);
    let mut alike: BTreeMap<Vec<String>, Vec<ContactId>> = BTreeMap::new();
    for (contact, fields) in restored {
        alike.entry(fields).or_default().push(contact);
    }
    for (fields, contacts) in alike {
        events.extend(ContactEvent::of_many(&contacts, EventKind::Updated, &fields, actor, now));
    }
    events
}
