//! The effects of an import on contacts, stored so that they can be shown and undone (R37, R41).

use sha2::{Digest, Sha256};

use crate::contact::{
    Activity, ActivityKind, Contact, ContactId, EmailAddress, ExternalId, FieldChange, Name, Phone,
};
use crate::field::{FieldKey, FieldValue};
use crate::tag::TagId;

/// The effect of one chunk of an import on one contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Contact that the row added or changed.
    pub contact: ContactId,
    /// The first row of the chunk that is about the contact.
    pub row: u64,
    /// Whether an earlier chunk of the import is about the contact, too.
    pub again: bool,
    /// The effect.
    pub effect: ImportEffect,
}

/// The effect of a chunk on a contact.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportEffect {
    /// The import added the contact.
    Added {
        /// The fingerprint of the profile as it was added.
        profile: Fingerprint,
        /// The tags of the contact as it was added.
        tags: Vec<TagId>,
    },
    /// The import changed the contact, or found nothing to change.
    Updated {
        /// The changed fields, with their old and new values.
        edits: Vec<FieldEdit>,
        /// The tags that it added.
        tags: Vec<TagId>,
    },
}

impl ImportEffect {
    /// The tags that it added.
    pub fn tags(&self) -> &[TagId] {
        match self {
            Self::Added { tags, .. } | Self::Updated { tags, .. } => tags,
        }
    }
}

/// Adds the changes of an import to the activity that reports the import as a source of the
/// contact. `traces` are those of the import and the contact, the first chunk first; `name_of`
/// returns the current name of a tag.
pub fn tell_import<'a>(
    entry: &mut Activity,
    traces: impl Iterator<Item = &'a Trace>,
    name_of: impl Fn(TagId) -> Option<String>,
) {
    let ActivityKind::SourceAdded(detail) = &entry.what else { return };
    let (mut changes, mut tags): (Vec<FieldChange>, Vec<String>) = Default::default();
    for trace in traces {
        tags.extend(trace.effect.tags().iter().filter_map(|tag| name_of(*tag)));
        let ImportEffect::Updated { edits, .. } = &trace.effect else { continue };
        for change in edits.iter().map(FieldEdit::change) {
            match changes.iter_mut().find(|existing| existing.field == change.field) {
                Some(existing) => existing.to = change.to,
                None => changes.push(change),
            }
        }
    }
    changes.retain(|change| change.from != change.to);
    tags.sort();
    tags.dedup();
    if !changes.is_empty() || !tags.is_empty() {
        entry.what = ActivityKind::Imported { detail: detail.clone(), changes, tags };
    }
}

/// A hash of a profile, which recognises a change without a copy of the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// The fingerprint of a contact's profile, without its tags. Fingerprints are stored, so every
    /// version of the program must compute the same.
    pub fn of(contact: &Contact) -> Self {
        let mut hash = Sha256::new();
        let mut part = |text: Option<&str>| match text {
            // The length of each part comes first, so that no two profiles have the same bytes.
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
        // Profiles without further addresses and without an external id keep the fingerprint that
        // they had before there were any. No field has an empty key.
        if !contact.other_emails.is_empty() {
            part(None);
        }
        for email in &contact.other_emails {
            part(Some(email.as_str()));
        }
        if let Some(id) = &contact.external_id {
            part(Some(""));
            part(Some(id.as_str()));
        }
        let mut first = [0; 8];
        first.copy_from_slice(&hash.finalize()[..8]);
        Self(u64::from_be_bytes(first))
    }
}

/// A change of one field by an import.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldEdit {
    /// The organisation's own id.
    ExternalId {
        /// The old value.
        from: Option<ExternalId>,
        /// The new value.
        to: Option<ExternalId>,
    },
    /// The primary address. Only a row that finds the contact by an id changes it (R50). The old
    /// one stays as a further address (R48).
    Email {
        /// Addresses that the contact did not have before. An undo removes them.
        added: Vec<EmailAddress>,
        /// The old value.
        from: Option<EmailAddress>,
        /// The new value.
        to: Option<EmailAddress>,
    },
    /// Name of the contact.
    Name {
        /// The old value.
        from: Option<Name>,
        /// The new value.
        to: Option<Name>,
    },
    /// The phone number.
    Phone {
        /// The old value.
        from: Option<Phone>,
        /// The new value.
        to: Option<Phone>,
    },
    /// A custom field.
    Custom {
        /// The key of the field.
        key: FieldKey,
        /// The old value.
        from: Option<FieldValue>,
        /// The new value.
        to: Option<FieldValue>,
    },
}

/// The result of restoring a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RestoreOutcome {
    /// The field was restored.
    Done,
    /// The field already had the old value.
    Already,
    /// The field no longer has the value that the import wrote, and was kept.
    Changed,
}

impl FieldEdit {
    /// The changes between two states of a contact.
    pub fn between(before: &Contact, after: &Contact) -> Vec<Self> {
        let mut edits = Vec::new();
        if before.external_id != after.external_id {
            let (from, to) = (before.external_id.clone(), after.external_id.clone());
            edits.push(Self::ExternalId { from, to });
        }
        if !before.has_same_emails(after) {
            let (from, to) = (before.email.clone(), after.email.clone());
            let added = after.emails().filter(|email| !before.has_email(email.key()));
            edits.push(Self::Email { added: added.cloned().collect(), from, to });
        }
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
            Self::ExternalId { .. } => "external_id".to_owned(),
            Self::Email { .. } => "email".to_owned(),
            Self::Name { .. } => "name".to_owned(),
            Self::Phone { .. } => "phone".to_owned(),
            Self::Custom { key, .. } => format!("custom.{key}"),
        }
    }

    /// The change, for people.
    pub fn change(&self) -> FieldChange {
        let (from, to) = match self {
            Self::ExternalId { from, to } => (text_of(from), text_of(to)),
            Self::Email { from, to, .. } => (text_of(from), text_of(to)),
            Self::Name { from, to } => (text_of(from), text_of(to)),
            Self::Phone { from, to } => (text_of(from), text_of(to)),
            Self::Custom { from, to, .. } => (text_of(from), text_of(to)),
        };
        FieldChange { field: self.field(), from, to }
    }

    /// Restores the old value, if the contact still has the new one.
    pub(super) fn restore(&self, contact: &mut Contact) -> RestoreOutcome {
        match self {
            Self::ExternalId { from, to } => restore(&mut contact.external_id, from, to),
            Self::Email { added, from, to } => restore_email(contact, from, to, added),
            Self::Name { from, to } => restore(&mut contact.name, from, to),
            Self::Phone { from, to } => restore(&mut contact.phone, from, to),
            Self::Custom { key, from, to } => {
                let mut slot = contact.custom.remove(key);
                let done = restore(&mut slot, from, to);
                contact.custom.extend(slot.map(|value| (key.clone(), value)));
                done
            }
        }
    }
}

fn text_of<T: ToString>(value: &Option<T>) -> Option<String> {
    value.as_ref().map(ToString::to_string)
}

/// Like [`restore`], but another spelling of an address is another value. An address that the
/// import added is removed.
fn restore_email(
    contact: &mut Contact,
    from: &Option<EmailAddress>,
    to: &Option<EmailAddress>,
    added: &[EmailAddress],
) -> RestoreOutcome {
    let current = text_of(&contact.email);
    // A contact with further addresses has a primary one.
    let has_others = contact.other_emails.iter().any(|other| !added.contains(other));
    if from.is_none() && current.is_some() && has_others {
        return RestoreOutcome::Changed;
    }
    if current == text_of(from) && !contact.other_emails.iter().any(|e| added.contains(e)) {
        return RestoreOutcome::Already;
    }
    if current != text_of(to) {
        return RestoreOutcome::Changed;
    }
    contact.email.clone_from(from);
    contact.other_emails.retain(|other| Some(other) != from.as_ref() && !added.contains(other));
    if to != from && to.as_ref().is_some_and(|to| !added.contains(to)) {
        contact.other_emails.extend(to.clone());
        contact.other_emails.sort_unstable_by(|one, other| one.key().cmp(other.key()));
    }
    RestoreOutcome::Done
}

fn restore<T: PartialEq + Clone>(
    slot: &mut Option<T>,
    from: &Option<T>,
    to: &Option<T>,
) -> RestoreOutcome {
    if slot == from {
        RestoreOutcome::Already
    } else if slot == to {
        slot.clone_from(from);
        RestoreOutcome::Done
    } else {
        RestoreOutcome::Changed
    }
}
