//! Changes of single fields, with both values, so that they can be restored (R37, R53).

use super::{Contact, EmailAddress, ExternalId, FieldChange, Name, Phone};
use crate::field::{FieldKey, FieldValue};

/// A change of one field, which can be restored.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldEdit {
    /// The organisation's own id.
    ExternalId {
        /// Value before the change; `None` for a blank field.
        from: Option<ExternalId>,
        /// Value after the change; `None` for a blank field.
        to: Option<ExternalId>,
    },
    /// The primary address, or addresses. The old primary one stays as a further address (R48).
    Email {
        /// Addresses that the contact did not have before. An undo removes them.
        added: Vec<EmailAddress>,
        /// Value before the change; `None` for a blank field.
        from: Option<EmailAddress>,
        /// Value after the change; `None` for a blank field.
        to: Option<EmailAddress>,
    },
    /// Name of the contact.
    Name {
        /// Value before the change; `None` for a blank field.
        from: Option<Name>,
        /// Value after the change; `None` for a blank field.
        to: Option<Name>,
    },
    /// The phone number.
    Phone {
        /// Value before the change; `None` for a blank field.
        from: Option<Phone>,
        /// Value after the change; `None` for a blank field.
        to: Option<Phone>,
    },
    /// A custom field.
    Custom {
        /// The key of the field.
        key: FieldKey,
        /// Value before the change; `None` for a blank field.
        from: Option<FieldValue>,
        /// Value after the change; `None` for a blank field.
        to: Option<FieldValue>,
    },
}

/// The result of restoring a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RestoreOutcome {
    /// The field was restored.
    Done,
    /// The field already had the old value.
    Already,
    /// The field no longer has the new value, and was kept.
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
            Self::Email { .. } if self.adds_only() => "addresses".to_owned(),
            Self::Email { .. } => "email".to_owned(),
            Self::Name { .. } => "name".to_owned(),
            Self::Phone { .. } => "phone".to_owned(),
            Self::Custom { key, .. } => format!("custom.{key}"),
        }
    }

    /// Returns whether further addresses are added, and the primary address stays.
    fn adds_only(&self) -> bool {
        match self {
            Self::Email { added, from, to } => text_of(from) == text_of(to) && !added.is_empty(),
            _ => false,
        }
    }

    /// The change, for people.
    pub fn change(&self) -> FieldChange {
        let (from, to) = match self {
            Self::ExternalId { from, to } => (text_of(from), text_of(to)),
            Self::Email { added, .. } if self.adds_only() => {
                let added: Vec<_> = added.iter().map(EmailAddress::as_str).collect();
                (None, Some(added.join(", ")))
            }
            Self::Email { from, to, .. } => (text_of(from), text_of(to)),
            Self::Name { from, to } => (text_of(from), text_of(to)),
            Self::Phone { from, to } => (text_of(from), text_of(to)),
            Self::Custom { from, to, .. } => (text_of(from), text_of(to)),
        };
        FieldChange { field: self.field(), from, to }
    }

    /// The change that restoring the old value is, for people.
    pub(crate) fn restored(&self) -> FieldChange {
        let FieldChange { field, from, to } = self.change();
        FieldChange { field, from: to, to: from }
    }

    /// Restores the old value, if the contact still has the new one.
    pub(crate) fn restore(&self, contact: &mut Contact) -> RestoreOutcome {
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

/// Like [`restore`], but another spelling of an address is another value. Added addresses are
/// removed.
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
