//! What a row does to the contact it is about (R33). Every store asks this one function.

use time::OffsetDateTime;

use super::{ImportRow, Policy, Skip};
use crate::OrgId;
use crate::contact::{Arrival, Contact, ContactId, ContactPatch, Patch};
use crate::tag::TagName;

/// What a row does.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// It makes a contact.
    Add,
    /// It changes the contact into this one, and puts these tags on it besides.
    Update {
        /// The contact, its tags included, after the change.
        contact: Box<Contact>,
        /// Whether its profile changed, and not its tags only.
        profile: bool,
        /// Tags that it had not carried.
        tags: Vec<TagName>,
    },
    /// Nothing.
    Skip(Skip),
}

/// Decides what a row does to the contact of its address, or without one.
///
/// Cells that are not blank overwrite, blank ones leave alone, tags are added. The address
/// that found the contact is never rewritten.
///
/// ```
/// use contacts_core::contact::{EmailAddress, Name};
/// use contacts_core::import::{Decision, ImportRow, Policy, Skip, decide};
/// use time::OffsetDateTime;
///
/// let row = ImportRow {
///     email: EmailAddress::parse("ann@example.org").unwrap(),
///     name: Name::parse("Ann").unwrap(),
///     phone: None,
///     tags: Vec::new(),
///     custom: Default::default(),
/// };
/// let now = OffsetDateTime::UNIX_EPOCH;
/// assert_eq!(decide(None, &row, Policy::Overwrite, now), Decision::Add);
/// assert_eq!(decide(None, &row, Policy::UpdateOnly, now), Decision::Skip(Skip::Unknown));
/// ```
pub fn decide(
    known: Option<&Contact>,
    row: &ImportRow,
    policy: Policy,
    now: OffsetDateTime,
) -> Decision {
    let known = match (known, policy) {
        (None, Policy::UpdateOnly) => return Decision::Skip(Skip::Unknown),
        (None, _) => return Decision::Add,
        (Some(_), Policy::AddOnly) => return Decision::Skip(Skip::Known),
        (Some(known), _) => known,
    };
    let fills_only = policy == Policy::FillBlanks;
    let mut patch = ContactPatch::default();
    if !(fills_only && known.name.is_some()) {
        patch.name = Patch::Set(row.name.clone());
    }
    if let Some(phone) = &row.phone
        && !(fills_only && known.phone.is_some())
    {
        patch.phone = Patch::Set(phone.clone());
    }
    for (key, value) in &row.custom {
        if !(fills_only && known.custom.contains_key(key)) {
            patch.custom.insert(key.clone(), Some(value.clone()));
        }
    }
    let tags: Vec<_> = row.tags.iter().filter(|tag| !known.tags.contains(tag)).cloned().collect();
    let mut contact = known.clone();
    // Nothing is cleared, so nothing can be refused.
    let profile = patch.apply(&mut contact, now).is_ok_and(|changes| !changes.is_empty());
    if !profile && tags.is_empty() {
        return Decision::Skip(Skip::Unchanged);
    }
    contact.tags.extend(tags.iter().cloned());
    contact.tags.sort();
    Decision::Update { contact: Box::new(contact), profile, tags }
}

/// The contact that a row makes.
pub fn added(row: &ImportRow, org: OrgId, id: ContactId, source: Arrival) -> Contact {
    let now = source.at;
    Contact {
        org,
        id,
        name: Some(row.name.clone()),
        email: Some(row.email.clone()),
        phone: row.phone.clone(),
        custom: row.custom.clone(),
        tags: row.tags.clone(),
        source,
        created_at: now,
        updated_at: now,
        version: 1,
    }
}
