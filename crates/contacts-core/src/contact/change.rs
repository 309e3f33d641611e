//! Changes of a contact's profile (R12).

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::address::no_room;
use super::{AddressChange, Contact, EmailAddress, ExternalId, Name, Phone};
use crate::field::{FieldKey, FieldValue};
use crate::tag::TagName;
use crate::{Invalid, Result};

/// One member of a JSON merge patch (RFC 7396).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The member is absent: the field keeps its value.
    #[default]
    Keep,
    /// The member is null: the field is cleared.
    Clear,
    /// The field gets this value.
    Set(T),
}

/// A JSON merge patch (RFC 7396) of a profile and its tags, parsed and validated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContactPatch {
    /// Patch of the organisation's own id.
    pub external_id: Patch<ExternalId>,
    /// Patch of the name.
    pub name: Patch<Name>,
    /// Patch of the primary e-mail address. The previous one stays as a further address (R48).
    pub email: Patch<EmailAddress>,
    /// Change of the further addresses.
    pub address: Option<AddressChange>,
    /// Further addresses that the contact gets, unless it has them.
    pub further: Vec<EmailAddress>,
    /// Patch of the phone number.
    pub phone: Patch<Phone>,
    /// Patch of custom fields: `None` clears a field.
    pub custom: BTreeMap<FieldKey, Option<FieldValue>>,
    /// All tags of the contact after the patch (R10). `None` leaves the tags alone.
    pub tags: Option<Vec<TagName>>,
}

/// Change of one field, with values as people read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// The field: `external_id`, `name`, `email`, `addresses` (further addresses), `phone`, or
    /// `custom.` followed by a key.
    pub field: String,
    /// Value before the change.
    pub from: Option<String>,
    /// Value after the change.
    pub to: Option<String>,
}

/// Changes of one patch, by field.
pub type Change = Vec<FieldChange>;

impl ContactPatch {
    /// The custom values that the patch sets.
    pub fn custom_values(&self) -> impl Iterator<Item = (&FieldKey, &FieldValue)> {
        self.custom.iter().filter_map(|(key, value)| Some((key, value.as_ref()?)))
    }

    /// Returns the tags that the patch adds to a contact that has the tags `current`, and those that
    /// it removes (R10).
    pub fn tagging(&self, current: &[TagName]) -> (Vec<TagName>, Vec<TagName>) {
        let without = |tags: &[TagName], others: &[TagName]| {
            tags.iter().filter(|tag| !others.contains(tag)).cloned().collect()
        };
        let Some(tags) = &self.tags else { return (Vec::new(), Vec::new()) };
        (without(tags, current), without(current, tags))
    }

    /// Applies the patch to the profile. When something changed, `version` rises by one and
    /// `updated_at` is `now`; otherwise the contact is left alone (R12). Its tags stay: they are
    /// stored apart, and have no part in the version.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] with the required fields that the patch would clear (R6), or when
    /// the contact has no room for another address (R48); the errors of [`AddressChange`]. Then
    /// nothing is changed.
    pub fn apply(&self, contact: &mut Contact, now: OffsetDateTime) -> Result<Change> {
        let clears = |field: &str| Invalid::new(field, "cannot be cleared, only changed");
        let mut errors = Vec::new();
        if self.name == Patch::Clear && contact.name.is_some() {
            errors.push(clears("name"));
        }
        if matches!(self.email, Patch::Clear) && contact.email.is_some() {
            errors.push(clears("email"));
        }
        if !self.has_room(contact) {
            errors.push(no_room());
        }
        if !errors.is_empty() {
            return Err(errors.into());
        }
        let address = self.address.as_ref();
        let mut changes = address.map_or(Ok(Vec::new()), |change| change.apply(contact))?;
        let external_id = &mut contact.external_id;
        set(&mut changes, "external_id", external_id, &self.external_id, ExternalId::as_str);
        set(&mut changes, "name", &mut contact.name, &self.name, Name::as_str);
        let mut email = contact.email.clone();
        set(&mut changes, "email", &mut email, &self.email, EmailAddress::as_str);
        if let Some(email) = email {
            contact.set_primary(email);
        }
        self.add_further(contact, &mut changes);
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

impl ContactPatch {
    /// Returns whether the contact has room for the addresses that the patch sets and adds.
    fn has_room(&self, contact: &Contact) -> bool {
        let set = match &self.email {
            Patch::Set(email) => Some(email),
            Patch::Keep | Patch::Clear => None,
        };
        let new = set.into_iter().chain(&self.further).map(EmailAddress::key);
        let new: BTreeSet<_> = new.filter(|key| !contact.has_email(key)).collect();
        new.is_empty() || contact.emails().count() + new.len() <= Contact::MAX_ADDRESSES
    }

    /// Adds the further addresses that the contact lacks. The first address of a contact becomes its
    /// primary address.
    fn add_further(&self, contact: &mut Contact, changes: &mut Change) {
        let mut added = Vec::new();
        for email in &self.further {
            if contact.email.is_none() {
                let patch = Patch::Set(email.clone());
                set(changes, "email", &mut contact.email, &patch, EmailAddress::as_str);
            } else if !contact.has_email(email.key()) {
                contact.add_others([email.clone()]);
                added.push(email.as_str());
            }
        }
        if !added.is_empty() {
            let (field, to) = ("addresses".to_owned(), Some(added.join(", ")));
            changes.push(FieldChange { field, from: None, to });
        }
    }
}

/// Returns the fields in which two states of a contact differ, named as in [`FieldChange`], plus
/// `tags` and `consent`.
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
    note("external_id", before.external_id != after.external_id);
    note("name", name(before) != name(after));
    note("email", email(before) != email(after));
    let is_further = |email: &&EmailAddress| !before.has_email(email.key());
    note("addresses", after.other_emails.iter().any(|email| is_further(&email)));
    note("phone", phone(before) != phone(after));
    note("tags", before.tags != after.tags);
    note("consent", before.consent != after.consent);
    let keys: BTreeSet<_> = before.custom.keys().chain(after.custom.keys()).collect();
    let differing = keys.into_iter().filter(|key| before.custom.get(key) != after.custom.get(key));
    fields.extend(differing.map(|key| format!("custom.{key}")));
    fields
}

/// Sets one field and records the change. Values are compared as text: an address in another case
/// is the same address, but it is a change.
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
