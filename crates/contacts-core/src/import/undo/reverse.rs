//! What undoing does to one person. Every store asks this one function.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::{KeptReason, UndoOutcome};
use crate::Actor;
use crate::contact::{Change, Contact, ContactId};
use crate::event::{ContactEvent, EventKind};
use crate::import::trace::PutBack;
use crate::import::{Deed, Fingerprint};
use crate::tag::TagName;

/// What a store knows of a person whom an import was about.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The contact, with its values of archived fields.
    pub contact: Contact,
    /// The tags that the piece put on, by the names they have now; none that were deleted.
    pub tags: Vec<TagName>,
    /// What else hangs on the contact, so that it is not removed.
    pub bond: Option<KeptReason>,
}

/// What undoing does.
#[derive(Clone, Debug, PartialEq)]
pub enum Reversal {
    /// The contact goes.
    Remove,
    /// It stays as it is, though the import added it.
    Keep(KeptReason),
    /// It is put back as far as nobody has changed it.
    Restore(Box<Restored>),
}

/// A contact that is put back.
#[derive(Clone, Debug, PartialEq)]
pub struct Restored {
    /// The contact after that.
    pub contact: Contact,
    /// What that changed of its profile.
    pub changes: Change,
    /// Tags that it carries no more.
    pub untagged: Vec<TagName>,
    /// Fields that somebody has changed since.
    pub kept: Vec<String>,
}

impl Reversal {
    /// What came of the person.
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
    /// Whether anything was put back.
    pub fn is_changed(&self) -> bool {
        !self.changes.is_empty() || !self.untagged.is_empty()
    }

    /// The fields that were put back, as events name them.
    pub fn fields(&self) -> Vec<String> {
        let tags = (!self.untagged.is_empty()).then(|| "tags".to_owned());
        self.changes.iter().map(|change| change.field.clone()).chain(tags).collect()
    }
}

/// Decides what undoing does to a person.
///
/// A contact that was added goes when it is as it was added: nobody has edited or tagged it, and
/// nothing hangs on it. A field that was overwritten is put back when it still is what the
/// import wrote, and a tag that was put on is taken off.
pub fn reverse(deed: &Deed, standing: Standing, now: OffsetDateTime) -> Reversal {
    let Standing { mut contact, mut tags, bond } = standing;
    tags.sort();
    tags.dedup();
    match deed {
        Deed::Added { profile, .. } => {
            if Fingerprint::of(&contact) != *profile {
                Reversal::Keep(KeptReason::Edited)
            } else if contact.tags != tags {
                Reversal::Keep(KeptReason::Tagged)
            } else {
                bond.map_or(Reversal::Remove, Reversal::Keep)
            }
        }
        Deed::Updated { edits, .. } => {
            let (mut changes, mut kept) = (Change::new(), Vec::new());
            for edit in edits {
                match edit.put_back(&mut contact) {
                    PutBack::Done => {
                        let mut change = edit.change();
                        std::mem::swap(&mut change.from, &mut change.to);
                        changes.push(change);
                    }
                    PutBack::Already => {}
                    PutBack::Changed => kept.push(edit.field()),
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

/// The events of a piece: who is gone, and of whom which fields were put back.
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
