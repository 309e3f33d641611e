//! What a record does to the contact it is about (R39). Every store asks this one function.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::{Mapping, Overwrite, SyncRow};
use crate::OrgId;
use crate::contact::{Arrival, Change, Contact, ContactId, ContactPatch, Patch};
use crate::import::{Target, Warning};
use crate::tag::TagName;

/// What a source knows a contact by.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The contact.
    pub contact: ContactId,
    /// What it has said of it that was written.
    pub said: Said,
    /// Whether it has vanished there.
    pub vanished: bool,
}

/// What a source has said of a contact that was written: a fingerprint of each value, by a
/// fingerprint of its field. So nothing is kept twice, and what somebody changed since is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said(BTreeMap<u64, u64>);

/// What a record does.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The contact, its tags included, after the change.
    pub contact: Contact,
    /// What changed of its profile.
    pub changes: Change,
    /// Tags that it had not carried.
    pub tags: Vec<TagName>,
    /// What the source has said now.
    pub said: Said,
    /// What is lost of the record.
    pub warnings: Vec<Warning>,
}

impl Merged {
    /// Whether the contact changes.
    pub fn is_change(&self) -> bool {
        !self.changes.is_empty() || !self.tags.is_empty()
    }
}

impl Said {
    fn field(&self, field: &str) -> Option<u64> {
        self.0.get(&fingerprint(&[field])).copied()
    }

    /// Whether just this was said.
    fn holds(&self, field: &str, value: &str) -> bool {
        self.field(field) == Some(fingerprint(&[field, value]))
    }

    fn note(&mut self, field: &str, value: &str) {
        self.0.insert(fingerprint(&[field]), fingerprint(&[field, value]));
    }

    /// Whether it was said of a contact already, all of it: then it changes nothing, whatever
    /// became of the contact since.
    pub fn covers(&self, row: &SyncRow) -> bool {
        values(row).all(|(field, value)| self.holds(&field, &value))
    }

    /// It in as few bytes as can be. They are kept, so every version of the program must read
    /// them.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0
            .iter()
            .flat_map(|(field, value)| [field.to_be_bytes(), value.to_be_bytes()].concat())
            .collect()
    }

    /// Reads what [`Said::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (pairs, rest) = bytes.as_chunks::<16>();
        let number = |bytes: &[u8]| bytes.try_into().map(u64::from_be_bytes).ok();
        let pairs = pairs.iter().map(|pair| Some((number(&pair[..8])?, number(&pair[8..])?)));
        rest.is_empty().then(|| pairs.collect::<Option<_>>()).flatten().map(Self)
    }
}

/// Every value of a row, with its field.
fn values(row: &SyncRow) -> impl Iterator<Item = (String, String)> {
    let name = row.name.iter().map(|name| ("name".to_owned(), name.to_string()));
    let email = row.email.iter().map(|email| ("email".to_owned(), email.as_str().to_owned()));
    let phone = row.phone.iter().map(|phone| ("phone".to_owned(), phone.as_str().to_owned()));
    let custom = row.custom.iter().map(|(key, value)| (format!("custom.{key}"), value.to_string()));
    let tags = row.tags.iter().map(|tag| (format!("tags.{}", tag.key()), String::new()));
    name.chain(email).chain(phone).chain(custom).chain(tags)
}

/// The first bytes of a hash of texts.
fn fingerprint(texts: &[impl AsRef<str>]) -> u64 {
    let mut hash = Sha256::new();
    for text in texts {
        // A length before each, so that no two lists run together alike.
        hash.update((text.as_ref().len() as u64).to_be_bytes());
        hash.update(text.as_ref());
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    u64::from_be_bytes(first)
}

/// The contact that a record makes, and what was said by that.
pub fn added(row: &SyncRow, org: OrgId, id: ContactId, source: Arrival) -> (Contact, Said) {
    let now = source.at;
    let contact = Contact {
        org,
        id,
        name: row.name.clone(),
        email: row.email.clone(),
        phone: row.phone.clone(),
        custom: row.custom.clone(),
        tags: row.tags.clone(),
        source,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let mut said = Said::default();
    values(row).for_each(|(field, value)| said.note(&field, &value));
    (contact, said)
}

/// Decides what a record does to the contact that it is about.
///
/// What the source has said before is never new: it stays as somebody made it since. What is new
/// is written where the mapping allows: by default to blanks, and over what the source wrote itself
/// when that is still so. Blank fields of the record leave alone, tags are added. An address that
/// is another contact's, as `is_taken` says of its key, is not taken over.
pub fn merge(
    known: &Contact,
    said: &Said,
    row: &SyncRow,
    mapping: &Mapping,
    is_taken: &dyn Fn(&str) -> bool,
    now: OffsetDateTime,
) -> Merged {
    let mut merging = Merging { said: said.clone(), patch: ContactPatch::default() };
    let mut warnings = Vec::new();
    if let Some(name) = &row.name {
        let targets = [Target::Name, Target::FirstName, Target::LastName];
        let current = known.name.as_ref().map(ToString::to_string);
        if merging.writes("name", &name.to_string(), current, mapping.overwrite(&targets)) {
            merging.patch.name = Patch::Set(name.clone());
        }
    }
    if let Some(email) = &row.email {
        let current = known.email.as_ref().map(|email| email.as_str().to_owned());
        let overwrite = mapping.overwrite(&[Target::Email]);
        let is_new = !said.holds("email", email.as_str()) && email.key() != known.email_key();
        if is_new && is_taken(email.key()) {
            let reason = "belongs to another contact".to_owned();
            warnings.push(Warning { target: Target::Email, reason });
        } else if merging.writes("email", email.as_str(), current, overwrite) {
            merging.patch.email = Patch::Set(email.clone());
        }
    }
    if let Some(phone) = &row.phone {
        let current = known.phone.as_ref().map(|phone| phone.as_str().to_owned());
        let overwrite = mapping.overwrite(&[Target::Phone]);
        if merging.writes("phone", phone.as_str(), current, overwrite) {
            merging.patch.phone = Patch::Set(phone.clone());
        }
    }
    for (key, value) in &row.custom {
        let current = known.custom.get(key).map(ToString::to_string);
        let overwrite = mapping.overwrite(&[Target::Field(key.clone())]);
        if merging.writes(&format!("custom.{key}"), &value.to_string(), current, overwrite) {
            merging.patch.custom.insert(key.clone(), Some(value.clone()));
        }
    }
    let mut tags = Vec::new();
    for tag in &row.tags {
        let field = format!("tags.{}", tag.key());
        if merging.said.field(&field).is_none() {
            merging.said.note(&field, "");
            tags.extend((!known.tags.contains(tag)).then(|| tag.clone()));
        }
    }
    let mut contact = known.clone();
    // Nothing is cleared, so nothing can be refused.
    let changes = merging.patch.apply(&mut contact, now).unwrap_or_default();
    contact.tags.extend(tags.iter().cloned());
    contact.tags.sort();
    Merged { contact, changes, tags, said: merging.said, warnings }
}

struct Merging {
    said: Said,
    patch: ContactPatch,
}

impl Merging {
    /// Whether a value is written where another is, or none; if so, it was said from now on.
    fn writes(
        &mut self,
        field: &str,
        value: &str,
        current: Option<String>,
        overwrite: Overwrite,
    ) -> bool {
        if self.said.holds(field, value) {
            return false;
        }
        let writes = match (current, overwrite) {
            (None, _) | (_, Overwrite::Everything) => true,
            (Some(_), Overwrite::Blanks) => false,
            (Some(current), Overwrite::Own) => self.said.holds(field, &current),
        };
        if writes {
            self.said.note(field, value);
        }
        writes
    }
}

#[cfg(test)]
mod tests;
