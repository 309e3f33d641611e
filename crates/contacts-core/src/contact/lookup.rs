//! Contacts by their ids.

use std::collections::{BTreeMap, BTreeSet};

use super::{Contact, ContactFilter, ContactId, ContactRepository, PageRequest, Sort};
use crate::page::PageSize;
use crate::{OrgId, Result};

/// Contacts that were found by their ids.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundContacts {
    /// The contacts that exist, in the order of their ids.
    pub contacts: Vec<Contact>,
    /// The survivors of the merged ones, by their old ids.
    pub merged: BTreeMap<ContactId, ContactId>,
}

impl FoundContacts {
    /// Finds contacts by their ids. The id of a merged contact means its survivor.
    pub(super) fn of(
        contacts: &dyn ContactRepository,
        org: OrgId,
        ids: &BTreeSet<ContactId>,
    ) -> Result<Self> {
        let merged = contacts.survivors(org, ids)?;
        let wanted = ids.iter().map(|id| *merged.get(id).unwrap_or(id)).collect();
        Ok(Self { contacts: find_by_ids(contacts, org, &wanted)?, merged })
    }
}

/// Returns the contacts that have the ids, in the order of their ids, in as many reads of the list
/// as the ids need. Ids that no contact has are left out.
pub(crate) fn find_by_ids(
    contacts: &dyn ContactRepository,
    org: OrgId,
    ids: &BTreeSet<ContactId>,
) -> Result<Vec<Contact>> {
    let size = PageSize::new(PageSize::MAX).unwrap_or_default();
    let ids: Vec<_> = ids.iter().copied().collect();
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(size.get()) {
        let filter =
            ContactFilter { ids: ids.iter().copied().collect(), ..ContactFilter::default() };
        let page = PageRequest { sort: Sort::default(), size, after: None };
        found.extend(contacts.list(org, &filter, &page)?.items);
    }
    found.sort_unstable_by_key(|contact| contact.id);
    Ok(found)
}
