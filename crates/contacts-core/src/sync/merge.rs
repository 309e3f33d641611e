//! The decision about one record of a source (R39), which every store uses.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::{Mapping, Overwrite, SyncRow};
use crate::OrgId;
use crate::consent::Consent;
use crate::contact::{Change, Contact, ContactId, ContactPatch, Patch, Source};
use crate::import::{Target, Warning};
use crate::tag::TagName;

/// The link between an external id of a source and a contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Contact that the record is linked to.
    pub contact: ContactId,
    /// Fingerprints of the source's values that were written.
    pub fingerprints: ValueFingerprints,
    /// Whether the record has vanished at the source.
    pub vanished: bool,
}

/// The values of a source that were written to a contact: a fingerprint of each value, by a
/// fingerprint of its field. A value that somebody has changed since is recognised without a copy
/// of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueFingerprints(BTreeMap<u64, u64>);

/// The effect of a record on an existing contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The contact, its tags included, after the change.
    pub contact: Contact,
    /// The changes of its profile.
    pub changes: Change,
    /// The tags that the contact did not have.
    pub tags: Vec<TagName>,
    /// The values of the source that are written now.
    pub fingerprints: ValueFingerprints,
    /// The values of the record that are lost.
    pub warnings: Vec<Warning>,
}

impl Merged {
    /// Whether the contact changes.
    pub fn is_change(&self) -> bool {
        !self.changes.is_empty() || !self.tags.is_empty()
    }
}

impl ValueFingerprints {
    fn field(&self, field: &str) -> Option<u64> {
        self.0.get(&fingerprint(&[field])).copied()
    }

    /// Whether this value was written to the field.
    fn matches(&self, field: &str, value: &str) -> bool {
        self.field(field) == Some(fingerprint(&[field, value]))
    }

    fn note(&mut self, field: &str, value: &str) {
        self.0.insert(fingerprint(&[field]), fingerprint(&[field, value]));
    }

    /// Whether all values of a row were written before. Then the row changes nothing, whatever was
    /// edited since.
    pub fn covers(&self, row: &SyncRow) -> bool {
        values(row).all(|(field, value)| self.matches(&field, &value))
    }

    /// Encodes the fingerprints. The bytes are stored, so every version of the program must read
    /// them.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0
            .iter()
            .flat_map(|(field, value)| [field.to_be_bytes(), value.to_be_bytes()].concat())
            .collect()
    }

    /// Decodes the bytes of [`ValueFingerprints::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (pairs, rest) = bytes.as_chunks::<16>();
        let number = |bytes: &[u8]| bytes.try_into().map(u64::from_be_bytes).ok();
        let pairs = pairs.iter().map(|pair| Some((number(&pair[..8])?, number(&pair[8..])?)));
        rest.is_empty().then(|| pairs.collect::<Option<_>>()).flatten().map(Self)
    }
}

/// The values of a row, each with its field.
fn values(row: &SyncRow) -> impl Iterator<Item = (String, String)> {
    let name = row.name.iter().map(|name| ("name".to_owned(), name.to_string()));
    let email = row.email.iter().map(|email| ("email".to_owned(), email.as_str().to_owned()));
    let phone = row.phone.iter().map(|phone| ("phone".to_owned(), phone.as_str().to_owned()));
    let custom = row.custom.iter().map(|(key, value)| (format!("custom.{key}"), value.to_string()));
    let tags = row.tags.iter().map(|tag| (format!("tags.{}", tag.key()), String::new()));
    name.chain(email).chain(phone).chain(custom).chain(tags)
}

/// The first eight bytes of the SHA-256 hash of texts.
fn fingerprint(texts: &[impl AsRef<str>]) -> u64 {
    let mut hash = Sha256::new();
    for text in texts {
        // The length of each text comes first, so that different lists never hash the same bytes.
        hash.update((text.as_ref().len() as u64).to_be_bytes());
        hash.update(text.as_ref());
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    u64::from_be_bytes(first)
}

/// The contact that a record adds, and the fingerprints of its values.
pub fn added(
    row: &SyncRow,
    org: OrgId,
    id: ContactId,
    source: Source,
) -> (Contact, ValueFingerprints) {
    let now = source.at;
    let contact = Contact {
        org,
        id,
        external_id: None,
        name: row.name.clone(),
        email: row.email.clone(),
        other_emails: Vec::new(),
        phone: row.phone.clone(),
        custom: row.custom.clone(),
        tags: row.tags.clone(),
        consent: Consent::default(),
        source,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let mut fingerprints = ValueFingerprints::default();
    values(row).for_each(|(field, value)| fingerprints.note(&field, &value));
    (contact, fingerprints)
}

/// Decides what a record does to its contact.
///
/// - A value that the source has sent before is not written again: edits since then stay.
/// - A new value is written where the mapping allows it: by default to blank fields, and over a
///   value that the source wrote itself.
/// - Blank fields of the record change nothing; tags are added.
/// - An address whose key `is_taken` by another contact is not written, nor one more than
///   [`Contact::MAX_ADDRESSES`] (R48).
/// - A new address becomes primary, and the previous one stays as a further address. A further
///   address that the source did not write does not become primary.
pub fn merge(
    contact: &Contact,
    fingerprints: &ValueFingerprints,
    row: &SyncRow,
    mapping: &Mapping,
    is_taken: &dyn Fn(&str) -> bool,
    now: OffsetDateTime,
) -> Merged {
    let mut merging =
        Merging { fingerprints: fingerprints.clone(), patch: ContactPatch::default() };
    let mut warnings = Vec::new();
    if let Some(name) = &row.name {
        let targets = [Target::Name, Target::FirstName, Target::MiddleName, Target::LastName];
        let current = contact.name.as_ref().map(ToString::to_string);
        if merging.writes("name", &name.to_string(), current, mapping.overwrite(&targets)) {
            merging.patch.name = Patch::Set(name.clone());
        }
    }
    if let Some(email) = &row.email {
        let current = contact.email.as_ref().map(|email| email.as_str().to_owned());
        let overwrite = mapping.overwrite(&[Target::Email]);
        let is_written = fingerprints.matches("email", email.as_str());
        let is_new = !is_written && !contact.has_email(email.key());
        // A further address finds the contact; it becomes primary only when the source wrote the
        // primary address before.
        let is_further =
            contact.other_emails.contains(email) && fingerprints.field("email").is_none();
        if is_new && is_taken(email.key()) {
            let reason = "belongs to another contact".to_owned();
            warnings.push(Warning { target: Target::Email, reason });
        } else if is_new && !contact.has_room_for(email) {
            let limit = Contact::MAX_ADDRESSES;
            let reason = format!("is not added: the contact already has {limit} addresses");
            warnings.push(Warning { target: Target::Email, reason });
        } else if !is_further && merging.writes("email", email.as_str(), current, overwrite) {
            merging.patch.email = Patch::Set(email.clone());
        }
    }
    if let Some(phone) = &row.phone {
        let current = contact.phone.as_ref().map(|phone| phone.as_str().to_owned());
        let overwrite = mapping.overwrite(&[Target::Phone]);
        if merging.writes("phone", phone.as_str(), current, overwrite) {
            merging.patch.phone = Patch::Set(phone.clone());
        }
    }
    for (key, value) in &row.custom {
        let current = contact.custom.get(key).map(ToString::to_string);
        let overwrite = mapping.overwrite(&[Target::Field(key.clone())]);
        if merging.writes(&format!("custom.{key}"), &value.to_string(), current, overwrite) {
            merging.patch.custom.insert(key.clone(), Some(value.clone()));
        }
    }
    let mut tags = Vec::new();
    for tag in &row.tags {
        let field = format!("tags.{}", tag.key());
        if merging.fingerprints.field(&field).is_none() {
            merging.fingerprints.note(&field, "");
            tags.extend((!contact.tags.contains(tag)).then(|| tag.clone()));
        }
    }
    let mut contact = contact.clone();
    // The patch clears no field and the address has room, so it cannot be refused.
    let changes = merging.patch.apply(&mut contact, now).unwrap_or_default();
    contact.tags.extend(tags.iter().cloned());
    contact.tags.sort();
    Merged { contact, changes, tags, fingerprints: merging.fingerprints, warnings }
}

struct Merging {
    fingerprints: ValueFingerprints,
    patch: ContactPatch,
}

impl Merging {
    /// Whether a value is written over the current one; if so, its fingerprint is noted.
    fn writes(
        &mut self,
        field: &str,
        value: &str,
        current: Option<String>,
        overwrite: Overwrite,
    ) -> bool {
        if self.fingerprints.matches(field, value) {
            return false;
        }
        let writes = match (current, overwrite) {
            (None, _) | (_, Overwrite::Everything) => true,
            (Some(_), Overwrite::Blanks) => false,
            (Some(current), Overwrite::Own) => self.fingerprints.matches(field, &current),
        };
        if writes {
            self.fingerprints.note(field, value);
        }
        writes
    }
}

#[cfg(test)]
mod tests;
