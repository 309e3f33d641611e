//! Contacts by their ids.

use std::collections::BTreeSet;

use super::{Contact, ContactFilter, ContactId, ContactRepository, PageRequest, Sort};
use crate::page::PageSize;
use crate::{OrgId, Result};

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
