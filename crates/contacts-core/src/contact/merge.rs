//! Merging two contacts that are the same person (R13, R54).

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::{Change, Contact, ContactId, EmailAddress, FieldChange, Patch};
use super::{ContactPatch, CustomValues};
use crate::field::{Field, FieldKey};
use crate::tag::TagName;
use crate::{Invalid, Result};

/// Which contacts are merged, and which values are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeRequest {
    /// The contact that stays.
    pub survivor: ContactId,
    /// The contact that is merged into it.
    pub other: ContactId,
    /// The fields whose values are taken from the other contact.
    pub from_other: MergeFields,
    /// Version that the survivor must have.
    pub if_version: Option<u64>,
}

/// Two contacts of a bulk merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergePair {
    /// The contact that stays, with its values.
    pub survivor: ContactId,
    /// The contact that is merged into it.
    pub other: ContactId,
}

impl MergePair {
    /// Maximum number of pairs of a bulk merge.
    pub const MAX: usize = 1_000;

    /// Checks the pairs of a bulk merge.
    ///
    /// # Errors
    ///
    /// A wrong number of pairs, and each pair that merges a contact with itself, or that merges
    /// a contact which an earlier pair merges.
    pub fn check(pairs: &[Self]) -> Result<(), Vec<Invalid>> {
        if pairs.is_empty() || pairs.len() > Self::MAX {
            let reason = format!("must contain 1 to {} pairs", Self::MAX);
            return Err(Invalid::one("pairs", reason));
        }
        let (mut errors, mut others) = (Vec::new(), BTreeSet::new());
        for (at, pair) in pairs.iter().enumerate() {
            let mut refuse =
                |reason| errors.push(Invalid::new(format!("pairs[{at}].other_id"), reason));
            if pair.survivor == pair.other {
                refuse("is the surviving contact itself");
            } else if !others.insert(pair.other) {
                refuse("is merged by an earlier pair");
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

/// The fields of a merge whose values are taken from the other contact, although the survivor has
/// values. An empty value is never taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MergeFields {
    /// The organisation's own id (R49).
    pub external_id: bool,
    /// The name.
    pub name: bool,
    /// The primary address.
    pub email: bool,
    /// The phone number.
    pub phone: bool,
    /// Custom fields.
    pub custom: Vec<FieldKey>,
}

/// The contact whose value of a field is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeSide {
    /// The contact that stays.
    Survivor,
    /// The contact that is merged into it.
    Other,
}

impl MergeSide {
    /// Both sides.
    pub const ALL: [Self; 2] = [Self::Survivor, Self::Other];

    /// Returns the name of the side.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Survivor => "survivor",
            Self::Other => "other",
        }
    }
}

impl MergeFields {
    /// Checks that the chosen custom fields exist and are not archived.
    ///
    /// # Errors
    ///
    /// Every other key, as a member of `values`.
    pub fn check_fields(&self, fields: &[Field]) -> Result<(), Vec<Invalid>> {
        let is_usable = |key: &FieldKey| fields.iter().any(|f| f.key == *key && !f.archived);
        let unknown = self.custom.iter().filter(|key| !is_usable(key));
        let errors: Vec<_> = unknown
            .map(|key| Invalid::new(format!("values.custom.{key}"), "is not a field in use"))
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Reads the choice for each field: `external_id`, `name`, `email`, `phone`, or `custom.`
    /// followed by a key.
    ///
    /// # Errors
    ///
    /// Every name that is not a field, as a member of `values`.
    pub fn read(choices: &BTreeMap<String, MergeSide>) -> Result<Self, Vec<Invalid>> {
        let (mut fields, mut errors) = (Self::default(), Vec::new());
        for (field, side) in choices {
            let is_other = *side == MergeSide::Other;
            let key = field.strip_prefix("custom.").map(FieldKey::parse);
            match (field.as_str(), key) {
                ("external_id", _) => fields.external_id = is_other,
                ("name", _) => fields.name = is_other,
                ("email", _) => fields.email = is_other,
                ("phone", _) => fields.phone = is_other,
                (_, Some(Ok(key))) if is_other => fields.custom.push(key),
                (_, Some(Ok(_))) => {}
                _ => {
                    let reason =
                        "is not a field: use external_id, name, email, phone or custom. and a key";
                    errors.push(Invalid::new(field.as_str(), reason).within("values"));
                }
            }
        }
        if errors.is_empty() { Ok(fields) } else { Err(errors) }
    }
}

/// Result of a merge.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The survivor after the merge.
    pub contact: Contact,
    /// Changes of the survivor's profile.
    pub changes: Change,
    /// Tags that the survivor gained.
    pub tags: Vec<TagName>,
}

impl Contact {
    /// Fills the blanks of the profile, the missing custom values and the missing tags from another
    /// contact, and takes over its addresses; existing values and the primary address stay, except
    /// those of the fields in `from_other`. Returns the changes of the profile, for which the
    /// version rises by one, and the gained tags.
    ///
    /// The values of archived fields must be loaded on both sides.
    pub fn absorb(
        &mut self,
        other: &Self,
        from_other: &MergeFields,
        now: OffsetDateTime,
    ) -> (Change, Vec<TagName>) {
        let version = self.version;
        let MergeFields { external_id, name, email, phone, custom: keys } = from_other;
        let custom = other.custom.iter();
        let custom = custom.filter(|(key, _)| keys.contains(key) || !self.custom.contains_key(key));
        let custom: CustomValues = custom.map(|(k, value)| (k.clone(), value.clone())).collect();
        let patch = ContactPatch {
            external_id: taken(self.external_id.as_ref(), other.external_id.as_ref(), *external_id),
            name: taken(self.name.as_ref(), other.name.as_ref(), *name),
            email: taken(self.email.as_ref(), other.email.as_ref(), *email),
            phone: taken(self.phone.as_ref(), other.phone.as_ref(), *phone),
            custom: custom.into_iter().map(|(key, value)| (key, Some(value))).collect(),
            ..ContactPatch::default()
        };
        // Only a patch that clears a field, or adds too many addresses, can be refused.
        let mut changes = patch.apply(self, now).unwrap_or_default();
        changes.extend(self.absorb_emails(other));
        if !changes.is_empty() && self.version == version {
            self.version += 1;
            self.updated_at = now;
        }
        let tags: Vec<_> =
            other.tags.iter().filter(|tag| !self.tags.contains(tag)).cloned().collect();
        self.tags.extend(tags.iter().cloned());
        self.tags.sort();
        (changes, tags)
    }

    fn absorb_emails(&mut self, other: &Self) -> Option<FieldChange> {
        let new = other.emails().filter(|email| !self.has_email(email.key()));
        let new: Vec<_> = new.cloned().collect();
        let names: Vec<_> = new.iter().map(EmailAddress::as_str).collect();
        let to = Some(names.join(", ")).filter(|names| !names.is_empty())?;
        self.add_others(new);
        Some(FieldChange { field: "addresses".to_owned(), from: None, to: Some(to) })
    }

    /// Applies the part of a patch that sets blank fields.
    pub(crate) fn fill(
        &mut self,
        mut patch: ContactPatch,
        now: OffsetDateTime,
    ) -> Vec<FieldChange> {
        if self.external_id.is_some() {
            patch.external_id = Patch::Keep;
        }
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
        // A patch that clears no field and adds no further address cannot be refused.
        patch.apply(self, now).unwrap_or_default()
    }

    /// Returns what people call the contact: its name, else its address, else its phone number,
    /// else the organisation's own id.
    pub fn called(&self) -> Option<String> {
        let name = self.name.as_ref().map(ToString::to_string);
        name.or_else(|| self.email.as_ref().map(ToString::to_string))
            .or_else(|| self.phone.as_ref().map(ToString::to_string))
            .or_else(|| self.external_id.as_ref().map(ToString::to_string))
    }
}

/// Returns the patch that takes the value of the other contact, when it has one and the survivor
/// has none or `is_chosen`.
fn taken<T: Clone>(own: Option<&T>, other: Option<&T>, is_chosen: bool) -> Patch<T> {
    match other {
        Some(value) if is_chosen || own.is_none() => Patch::Set(value.clone()),
        _ => Patch::Keep,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(n: usize) -> ContactId {
        ContactId(Uuid::from_u128(n as u128))
    }

    fn errors(pairs: &[MergePair]) -> Vec<String> {
        let errors = MergePair::check(pairs).err().unwrap_or_default();
        errors.into_iter().map(|part| format!("{} {}", part.field, part.reason)).collect()
    }

    #[test]
    fn each_contact_is_merged_once() {
        let pair = |survivor, other| MergePair { survivor: id(survivor), other: id(other) };
        assert_eq!(errors(&[pair(1, 2), pair(1, 3), pair(4, 1)]), Vec::<String>::new());
        let wrong = [pair(1, 2), pair(3, 3), pair(4, 2)];
        assert_eq!(
            errors(&wrong),
            [
                "pairs[1].other_id is the surviving contact itself",
                "pairs[2].other_id is merged by an earlier pair",
            ]
        );
        let most: Vec<_> = (1..=MergePair::MAX).map(|n| pair(0, n)).collect();
        assert_eq!(errors(&most), Vec::<String>::new());
        let too_many = [most, vec![pair(0, MergePair::MAX + 1)]].concat();
        for pairs in [&[][..], &too_many] {
            assert_eq!(errors(pairs), ["pairs must contain 1 to 1000 pairs"]);
        }
    }

    #[test]
    fn choices_are_read_by_field() {
        let choice = |field: &str, side| (field.to_owned(), side);
        let choices = BTreeMap::from([
            choice("name", MergeSide::Other),
            choice("phone", MergeSide::Survivor),
            choice("custom.tier", MergeSide::Other),
            choice("custom.team", MergeSide::Survivor),
        ]);
        let tier = FieldKey::parse("tier").unwrap();
        let expected = MergeFields { name: true, custom: vec![tier], ..MergeFields::default() };
        assert_eq!(MergeFields::read(&choices), Ok(expected));
        let unknown = ["tier", "custom.", "custom.No Key", "tags"];
        let choices = unknown.map(|field| choice(field, MergeSide::Other)).into();
        let errors = MergeFields::read(&choices).unwrap_err();
        assert_eq!(errors.len(), unknown.len());
        assert!(errors.iter().all(|part| part.field.starts_with("values.")), "{errors:?}");
    }
}
