//! Two contacts that are one person become one (R13).

use time::OffsetDateTime;

use super::{Change, Contact, FieldChange, Patch};
use super::{ContactPatch, CustomValues};
use crate::tag::TagName;

/// What a contact is after another was folded into it.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The survivor as it is now.
    pub contact: Contact,
    /// What its profile took from the other.
    pub changes: Change,
    /// Tags that it had not carried.
    pub tags: Vec<TagName>,
}

impl Contact {
    /// Takes what it lacks from another contact: blanks of its profile, values of custom fields,
    /// and tags. What it has stays. Returns what changed of the profile, with which the version
    /// rises by one, and the tags that are new to it.
    ///
    /// Both must be whole, with their values of archived fields.
    pub fn absorb(&mut self, other: &Self, now: OffsetDateTime) -> (Change, Vec<TagName>) {
        let custom = other.custom.iter().filter(|(key, _)| !self.custom.contains_key(key));
        let custom: CustomValues = custom.map(|(k, value)| (k.clone(), value.clone())).collect();
        let changes = self.fill(
            ContactPatch {
                name: other.name.clone().map_or(Patch::Keep, Patch::Set),
                email: other.email.clone().map_or(Patch::Keep, Patch::Set),
                phone: other.phone.clone().map_or(Patch::Keep, Patch::Set),
                custom: custom.into_iter().map(|(key, value)| (key, Some(value))).collect(),
            },
            now,
        );
        let tags: Vec<_> =
            other.tags.iter().filter(|tag| !self.tags.contains(tag)).cloned().collect();
        self.tags.extend(tags.iter().cloned());
        self.tags.sort();
        (changes, tags)
    }

    /// Sets those fields of a patch that are blank, and leaves the others as they are.
    pub(crate) fn fill(
        &mut self,
        mut patch: ContactPatch,
        now: OffsetDateTime,
    ) -> Vec<FieldChange> {
        if self.name.is_some() {
            patch.name = Patch::Keep;
        }
        if self.email.is_some() {
            patch.email = Patch::Keep;
        }
        if self.phone.is_some() {
            patch.phone = Patch::Keep;
        }
        patch.custom.retain(|key, _| !self.custom.contains_key(key));
        // Only what clears a field is ever refused.
        patch.apply(self, now).unwrap_or_default()
    }

    /// What people call it: its name, or else its address, or else its number.
    pub fn called(&self) -> Option<String> {
        let name = self.name.as_ref().map(ToString::to_string);
        name.or_else(|| self.email.as_ref().map(ToString::to_string))
            .or_else(|| self.phone.as_ref().map(ToString::to_string))
    }
}
