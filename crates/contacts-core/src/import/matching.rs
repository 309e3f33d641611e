//! Decides which contact a row is about (R50): by its id, then by its external id, then by its
//! address. Imports, dry runs and batches share the decision. A batch may name one key that decides
//! alone (R55).

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::{PlannedRow, Skip};
use crate::contact::{Contact, ContactId, ExternalId};

/// The keys by which a store finds the contacts that rows may be about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowKeys {
    /// Ids of contacts, also of merged ones.
    pub ids: BTreeSet<ContactId>,
    /// The organisation's own ids.
    pub external_ids: BTreeSet<ExternalId>,
    /// Keys of addresses.
    pub emails: BTreeSet<String>,
}

impl RowKeys {
    /// Returns the keys of the rows that can be applied, and of the skipped rows whose opt-outs apply.
    pub fn of(rows: &[PlannedRow]) -> Self {
        let mut keys = Self::default();
        for row in rows.iter().filter_map(|p| p.row.as_ref().ok().or_else(|| p.opt_out())) {
            keys.ids.extend(row.id);
            keys.external_ids.extend(row.external_id.clone());
            keys.emails.extend(row.emails().map(|email| email.key().to_owned()));
        }
        keys
    }
}

/// A key by which the items of a batch find their contacts (R55).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchKey {
    /// The contact's id.
    Id,
    /// The organisation's own id.
    ExternalId,
    /// An address.
    Email,
}

impl MatchKey {
    /// Every key.
    pub const ALL: [Self; 3] = [Self::Id, Self::ExternalId, Self::Email];

    /// Returns the name of the key, which is also the name of the field that contains it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::ExternalId => "external_id",
            Self::Email => "email",
        }
    }

    /// Returns the words for the key in a sentence.
    fn noun(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::ExternalId => "external id",
            Self::Email => "email address",
        }
    }

    /// Parses the name of a key.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.as_str() == name)
    }
}

/// Why the keys of a row do not mean one contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyConflict {
    /// Two keys belong to different contacts.
    Between(MatchKey, MatchKey),
    /// The addresses belong to different contacts.
    Addresses,
    /// The contact that has the address has another external id.
    OtherExternalId,
    /// The first key decides alone and no contact has it, but a contact has the second one.
    Taken(MatchKey, MatchKey),
}

impl KeyConflict {
    /// The conflict as a sentence fragment for people.
    pub fn sentence(self) -> String {
        match self {
            Self::Between(one, other) => {
                format!("its {} and its {} belong to different contacts", one.noun(), other.noun())
            }
            Self::Addresses => "its email addresses belong to different contacts".to_owned(),
            Self::OtherExternalId => {
                "the contact with its email address has another external id".to_owned()
            }
            Self::Taken(key, other) => {
                format!("the contact with its {} does not have its {}", other.noun(), key.noun())
            }
        }
    }
}

/// The result of looking up one key of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lookup<'a> {
    /// The row does not have the key.
    Absent,
    /// No contact has the key.
    Nobody,
    /// This contact has the key.
    Found(&'a Contact),
}

/// The results of looking up the keys of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lookups<'a> {
    /// By the contact's id. The id of a contact that was merged finds its survivor.
    pub id: Lookup<'a>,
    /// By the organisation's own id.
    pub external_id: Lookup<'a>,
    /// By the addresses.
    pub email: Lookup<'a>,
    /// Whether the addresses find several contacts.
    pub has_several_owners: bool,
}

/// The contact that a row is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Match<'a> {
    /// No contact: the row may add one.
    New,
    /// A contact that is found by its address alone. The row never changes the address.
    ByAddress(&'a Contact),
    /// A contact that is found by its id or its external id. The row may change its address.
    ById(&'a Contact),
}

impl<'a> Match<'a> {
    /// Returns the contact, if one exists.
    pub fn contact(self) -> Option<&'a Contact> {
        match self {
            Self::New => None,
            Self::ByAddress(contact) | Self::ById(contact) => Some(contact),
        }
    }
}

impl<'a> Lookups<'a> {
    /// Returns the contacts that the keys find. A contact may occur several times.
    pub(super) fn contacts(self) -> impl Iterator<Item = &'a Contact> {
        [self.id, self.external_id, self.email].into_iter().filter_map(Lookup::found)
    }
}

impl<'a> Lookup<'a> {
    fn found(self) -> Option<&'a Contact> {
        match self {
            Self::Found(contact) => Some(contact),
            Self::Absent | Self::Nobody => None,
        }
    }
}

/// Decides which contact a row is about.
///
/// - Keys that mean two contacts are ambiguous, whatever else the row contains. Each address of the
///   row is a key.
/// - An id that no contact has is not found: such a row never adds a contact.
/// - A row without keys is about no contact.
/// - An external id that no contact has goes to the contact that the other keys mean. A contact
///   that is found by its address alone and has another external id is ambiguous: it may be
///   another person at the same address.
///
/// # Errors
///
/// [`Skip::NotFound`]; [`Skip::Ambiguous`].
pub fn match_row(lookups: Lookups<'_>) -> Result<Match<'_>, Skip> {
    let Lookups { id, external_id, email, has_several_owners } = lookups;
    if id == Lookup::Nobody {
        return Err(Skip::NotFound);
    }
    if has_several_owners {
        return Err(Skip::Ambiguous(KeyConflict::Addresses));
    }
    let by_id = id.found().or(external_id.found());
    let Some(contact) = by_id.or(email.found()) else { return Ok(Match::New) };
    let key = if id.found().is_some() { MatchKey::Id } else { MatchKey::ExternalId };
    for (other, lookup) in [(MatchKey::ExternalId, external_id), (MatchKey::Email, email)] {
        if lookup.found().is_some_and(|found| found.id != contact.id) {
            return Err(Skip::Ambiguous(KeyConflict::Between(key, other)));
        }
    }
    if by_id.is_some() {
        return Ok(Match::ById(contact));
    }
    if external_id == Lookup::Nobody && contact.external_id.is_some() {
        return Err(Skip::Ambiguous(KeyConflict::OtherExternalId));
    }
    Ok(Match::ByAddress(contact))
}

/// Like [`match_row`], but one key alone finds the contact. The other keys are values of the contact:
/// its external id is overwritten even when the address alone has found it.
///
/// # Errors
///
/// [`Skip::NotFound`] for an id that no contact has; [`Skip::Ambiguous`] when another contact has
/// one of the other keys.
pub fn match_by(key: MatchKey, lookups: Lookups<'_>) -> Result<Match<'_>, Skip> {
    let Lookups { id, external_id, email, has_several_owners } = lookups;
    if id == Lookup::Nobody {
        return Err(Skip::NotFound);
    }
    if has_several_owners {
        return Err(Skip::Ambiguous(KeyConflict::Addresses));
    }
    let found = match key {
        MatchKey::Id => id.found(),
        MatchKey::ExternalId => external_id.found(),
        MatchKey::Email => email.found(),
    };
    let all = [(MatchKey::Id, id), (MatchKey::ExternalId, external_id), (MatchKey::Email, email)];
    for (other, lookup) in all {
        let Some(owner) = lookup.found() else { continue };
        match found {
            Some(contact) if contact.id == owner.id => {}
            Some(_) => return Err(Skip::Ambiguous(KeyConflict::Between(key, other))),
            None => return Err(Skip::Ambiguous(KeyConflict::Taken(key, other))),
        }
    }
    Ok(match (found, key) {
        (None, _) => Match::New,
        (Some(contact), MatchKey::Email) => Match::ByAddress(contact),
        (Some(contact), MatchKey::Id | MatchKey::ExternalId) => Match::ById(contact),
    })
}
