//! What an import did to people, kept so that it can be told of and undone (R37, R41).

use sha2::{Digest, Sha256};

use crate::contact::{Activity, ActivityKind, Contact, ContactId, FieldChange, Name, Phone};
use crate::field::{FieldKey, FieldValue};
use crate::tag::TagId;

/// What one piece of an import, the rows of a chunk, did to one person.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The person.
    pub contact: ContactId,
    /// The first row of the piece that was about them.
    pub row: u64,
    /// Whether an earlier piece of the import was about them, too.
    pub again: bool,
    /// What it did.
    pub deed: Deed,
}

/// What a piece did to a person.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// It made the contact.
    Added {
        /// The profile as it was made.
        profile: Fingerprint,
        /// The tags that it was made with.
        tags: Vec<TagId>,
    },
    /// It changed the contact, or met it and found nothing to change.
    Updated {
        /// The fields, from what to what.
        edits: Vec<FieldEdit>,
        /// The tags that it put on.
        tags: Vec<TagId>,
    },
}

impl Deed {
    /// The tags that it put on.
    pub fn tags(&self) -> &[TagId] {
        match self {
            Self::Added { tags, .. } | Self::Updated { tags, .. } => tags,
        }
    }
}

/// Tells what an import changed, in the entry of the activity that says that the contact came by
/// it. The traces are those of the import and the contact, the first piece first; the name that a
/// tag has now is asked for.
pub fn tell_import<'a>(
    entry: &mut Activity,
    traces: impl Iterator<Item = &'a Trace>,
    name_of: impl Fn(TagId) -> Option<String>,
) {
    let ActivityKind::Arrived(origin) = &entry.what else { return };
    let (mut changes, mut tags): (Vec<FieldChange>, Vec<String>) = Default::default();
    for trace in traces {
        tags.extend(trace.deed.tags().iter().filter_map(|tag| name_of(*tag)));
        let Deed::Updated { edits, .. } = &trace.deed else { continue };
        for change in edits.iter().map(FieldEdit::change) {
            match changes.iter_mut().find(|known| known.field == change.field) {
                Some(known) => known.to = change.to,
                None => changes.push(change),
            }
        }
    }
    changes.retain(|change| change.from != change.to);
    tags.sort();
    tags.dedup();
    if !changes.is_empty() || !tags.is_empty() {
        entry.what = ActivityKind::Imported { origin: origin.clone(), changes, tags };
    }
}

/// A profile in so few bytes that a copy of it need not be kept to tell that it has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// The fingerprint of a contact's profile; tags are no part of it. It is kept, so every
    /// version of the program must make the same.
    pub fn of(contact: &Contact) -> Self {
        let mut hash = Sha256::new();
        let mut part = |text: Option<&str>| match text {
            // A length before each part, so that no two profiles run together alike.
            Some(text) => {
                hash.update([1]);
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            }
            None => hash.update([0]),
        };
        part(contact.name.as_ref().map(Name::as_str));
        part(contact.email.as_ref().map(|email| email.as_str()));
        part(contact.phone.as_ref().map(Phone::as_str));
        for (key, value) in &contact.custom {
            part(Some(key.as_str()));
            part(Some(&value.to_string()));
        }
        let mut first = [0; 8];
        first.copy_from_slice(&hash.finalize()[..8]);
        Self(u64::from_be_bytes(first))
    }
}

/// A field that an import wrote, from what to what. An address is never one: it finds the
/// contact and is not rewritten.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldEdit {
    /// The name.
    Name {
        /// What it was.
        from: Option<Name>,
        /// What it was made.
        to: Option<Name>,
    },
    /// The phone number.
    Phone {
        /// What it was.
        from: Option<Phone>,
        /// What it was made.
        to: Option<Phone>,
    },
    /// A custom field.
    Custom {
        /// Its key.
        key: FieldKey,
        /// What it was.
        from: Option<FieldValue>,
        /// What it was made.
        to: Option<FieldValue>,
    },
}

/// What came of putting a field back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PutBack {
    /// It is what it was.
    Done,
    /// It was that already.
    Already,
    /// It is not what the import wrote any more, and was left alone.
    Changed,
}

impl FieldEdit {
    /// What changed between two states of a contact.
    pub fn between(before: &Contact, after: &Contact) -> Vec<Self> {
        let mut edits = Vec::new();
        if before.name != after.name {
            edits.push(Self::Name { from: before.name.clone(), to: after.name.clone() });
        }
        if before.phone != after.phone {
            edits.push(Self::Phone { from: before.phone.clone(), to: after.phone.clone() });
        }
        let added = after.custom.keys().filter(|key| !before.custom.contains_key(key));
        for key in before.custom.keys().chain(added) {
            let (from, to) = (before.custom.get(key), after.custom.get(key));
            if from != to {
                let (from, to) = (from.cloned(), to.cloned());
                edits.push(Self::Custom { key: key.clone(), from, to });
            }
        }
        edits
    }

    /// The field's name, as a [`FieldChange`] has it.
    pub fn field(&self) -> String {
        match self {
            Self::Name { .. } => "name".to_owned(),
            Self::Phone { .. } => "phone".to_owned(),
            Self::Custom { key, .. } => format!("custom.{key}"),
        }
    }

    /// The edit as people read it.
    pub fn change(&self) -> FieldChange {
        let (from, to) = match self {
            Self::Name { from, to } => (written(from), written(to)),
            Self::Phone { from, to } => (written(from), written(to)),
            Self::Custom { from, to, .. } => (written(from), written(to)),
        };
        FieldChange { field: self.field(), from, to }
    }

    /// Puts back what was there, if the contact still has what the import wrote.
    pub(super) fn put_back(&self, contact: &mut Contact) -> PutBack {
        match self {
            Self::Name { from, to } => put_back(&mut contact.name, from, to),
            Self::Phone { from, to } => put_back(&mut contact.phone, from, to),
            Self::Custom { key, from, to } => {
                let mut slot = contact.custom.remove(key);
                let done = put_back(&mut slot, from, to);
                contact.custom.extend(slot.map(|value| (key.clone(), value)));
                done
            }
        }
    }
}

fn written<T: ToString>(value: &Option<T>) -> Option<String> {
    value.as_ref().map(ToString::to_string)
}

fn put_back<T: PartialEq + Clone>(
    slot: &mut Option<T>,
    from: &Option<T>,
    to: &Option<T>,
) -> PutBack {
    if slot == from {
        PutBack::Already
    } else if slot == to {
        slot.clone_from(from);
        PutBack::Done
    } else {
        PutBack::Changed
    }
}
