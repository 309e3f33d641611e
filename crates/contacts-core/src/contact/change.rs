//! Changes of a contact's profile (R12).

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::{Contact, EmailAddress, Name, Phone};
use crate::Invalid;
use crate::field::{FieldKey, FieldValue};

/// What a merge patch says of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Nothing: it stays.
    #[default]
    Keep,
    /// It goes.
    Clear,
    /// It becomes this.
    Set(T),
}

/// A JSON merge patch (RFC 7396) of a profile, read and checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContactPatch {
    /// Of the name.
    pub name: Patch<Name>,
    /// Of the address.
    pub email: Patch<EmailAddress>,
    /// Of the phone number.
    pub phone: Patch<Phone>,
    /// Of custom fields: a value, or nothing to clear it.
    pub custom: BTreeMap<FieldKey, Option<FieldValue>>,
}

/// What changed of one field, as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// The field: `name`, `email`, `phone`, or `custom.` and a key.
    pub field: String,
    /// What it was.
    pub from: Option<String>,
    /// What it is.
    pub to: Option<String>,
}

/// What a patch did.
pub type Change = Vec<FieldChange>;

impl ContactPatch {
    /// Changes the contact. When something changed, its version rises by one and it was
    /// updated now; otherwise nothing of it is touched.
    ///
    /// # Errors
    ///
    /// The required fields that it would clear (R6); then nothing is changed.
    pub fn apply(
        &self,
        contact: &mut Contact,
        now: OffsetDateTime,
    ) -> Result<Change, Vec<Invalid>> {
        let clears = |field: &str| Invalid::new(field, "cannot be cleared, only changed");
        let mut wrong = Vec::new();
        if self.name == Patch::Clear && contact.name.is_some() {
            wrong.push(clears("name"));
        }
        if matches!(self.email, Patch::Clear) && contact.email.is_some() {
            wrong.push(clears("email"));
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let mut changes = Vec::new();
        set(&mut changes, "name", &mut contact.name, &self.name, Name::as_str);
        set(&mut changes, "email", &mut contact.email, &self.email, EmailAddress::as_str);
        set(&mut changes, "phone", &mut contact.phone, &self.phone, Phone::as_str);
        for (key, value) in &self.custom {
            let old = match value {
                Some(value) => contact.custom.insert(key.clone(), value.clone()),
                None => contact.custom.remove(key),
            };
            if old != *value {
                changes.push(FieldChange {
                    field: format!("custom.{key}"),
                    from: old.map(|value| value.to_string()),
                    to: value.as_ref().map(ToString::to_string),
                });
            }
        }
        if !changes.is_empty() {
            contact.version += 1;
            contact.updated_at = now;
        }
        Ok(changes)
    }
}

/// Which fields of a profile differ as they are written, as a [`FieldChange`] names them; `tags`
/// among them.
pub fn changed_fields(before: &Contact, after: &Contact) -> Vec<String> {
    let mut fields = Vec::new();
    let name = |contact: &Contact| contact.name.as_ref().map(|name| name.as_str().to_owned());
    let email = |contact: &Contact| contact.email.as_ref().map(|email| email.as_str().to_owned());
    let phone = |contact: &Contact| contact.phone.as_ref().map(|phone| phone.as_str().to_owned());
    let mut note = |field: &str, differs: bool| {
        if differs {
            fields.push(field.to_owned());
        }
    };
    note("name", name(before) != name(after));
    note("email", email(before) != email(after));
    note("phone", phone(before) != phone(after));
    note("tags", before.tags != after.tags);
    let keys: BTreeSet<_> = before.custom.keys().chain(after.custom.keys()).collect();
    let differing = keys.into_iter().filter(|key| before.custom.get(key) != after.custom.get(key));
    fields.extend(differing.map(|key| format!("custom.{key}")));
    fields
}

/// Sets one field and notes the change. Values are compared as they are written: an address
/// in another case is the same address and yet a change.
fn set<T: Clone>(
    changes: &mut Change,
    field: &str,
    slot: &mut Option<T>,
    patch: &Patch<T>,
    written: impl Fn(&T) -> &str,
) {
    let new = match patch {
        Patch::Keep => return,
        Patch::Clear => None,
        Patch::Set(value) => Some(value.clone()),
    };
    let from = slot.as_ref().map(|old| written(old).to_owned());
    let to = new.as_ref().map(|new| written(new).to_owned());
    if from != to {
        changes.push(FieldChange { field: field.to_owned(), from, to });
        *slot = new;
    }
}
