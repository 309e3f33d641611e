//! Selections in memory.

use std::collections::BTreeSet;

use contacts_core::contact::{ContactFilter, ContactId};
use contacts_core::selection::{
    NewSelection, Selection, SelectionId, SelectionRepository, SelectionScope,
};
use contacts_core::{OrgId, Result};

use crate::World;
use crate::world::Rows;

/// A selection and the contacts in it.
pub(crate) struct StoredSelection {
    pub(crate) selection: Selection,
    pub(crate) ids: BTreeSet<ContactId>,
    /// Maximum number of contacts in a chunk.
    chunk: usize,
}

impl StoredSelection {
    pub(crate) fn chunk(&self, chunk: u32) -> Option<Vec<ContactId>> {
        let ids: Vec<_> = self.ids.iter().copied().collect();
        ids.chunks(self.chunk).nth(chunk as usize).map(<[_]>::to_vec)
    }
}

impl Rows {
    /// Counts the contacts of a selection that match a filter.
    pub(crate) fn count_selected(&self, id: SelectionId, still: &ContactFilter) -> u64 {
        let Some(frozen) = self.selections.get(&id) else { return 0 };
        self.matching(still).filter(|c| frozen.ids.contains(&c.id)).count() as u64
    }

    fn chosen(&self, chosen: &SelectionScope) -> BTreeSet<ContactId> {
        match chosen {
            SelectionScope::Ids(ids) => ids.clone(),
            SelectionScope::Matching { filter, except, .. } => self
                .matching(filter)
                .map(|contact| contact.id)
                .filter(|id| !except.contains(id))
                .collect(),
        }
    }
}

impl SelectionRepository for World {
    fn freeze(&self, org: OrgId, new: &NewSelection) -> Result<Selection> {
        self.rows(org, |rows| {
            let needed: BTreeSet<_> =
                rows.actions.values().filter_map(|stored| stored.needs()).collect();
            rows.selections.retain(|id, frozen| {
                frozen.selection.created_at >= new.at - Selection::RETENTION || needed.contains(id)
            });
            let ids = rows.chosen(&new.chosen);
            let selection = Selection {
                id: new.id,
                filter: match &new.chosen {
                    SelectionScope::Ids(_) => None,
                    SelectionScope::Matching { text, .. } => Some(text.clone()),
                },
                contacts: ids.len() as u64,
                chunks: ids.len().div_ceil(new.chunk) as u32,
                actor: new.actor,
                created_at: new.at,
            };
            rows.selections.insert(
                new.id,
                StoredSelection { selection: selection.clone(), ids, chunk: new.chunk },
            );
            Ok(selection)
        })
    }

    fn get(&self, org: OrgId, id: SelectionId) -> Result<Option<Selection>> {
        self.read(org, |rows| Ok(rows.selections.get(&id).map(|frozen| frozen.selection.clone())))
    }

    fn chunk(&self, org: OrgId, id: SelectionId, chunk: u32) -> Result<Option<Vec<ContactId>>> {
        self.read(org, |rows| Ok(rows.selections.get(&id).and_then(|frozen| frozen.chunk(chunk))))
    }

    fn count(&self, org: OrgId, id: SelectionId, still: &ContactFilter) -> Result<u64> {
        self.read(org, |rows| Ok(rows.count_selected(id, still)))
    }
}
