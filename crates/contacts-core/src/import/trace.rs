//! The effects of an import on contacts, stored so that they can be shown and undone (R37, R41).

use sha2::{Digest, Sha256};

use crate::contact::{
    Activity, ActivityKind, Contact, ContactId, FieldChange, FieldEdit, Name, Phone,
};
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
