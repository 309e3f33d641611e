//! Selections in memory.

use std::collections::BTreeSet;

use contacts_core::contact::{ContactFilter, ContactId};
use contacts_core::selection::{Chosen, NewSelection, Selection, SelectionId, SelectionRepository};
use contacts_core::{OrgId, Result};

use crate::World;
use crate::world::Rows;

/// A selection and who is in it.
pub(crate) struct Frozen {
    pub(crate) selection: Selection,
    pub(crate) ids: BTreeSet<ContactId>,
    /// How many a piece has at most.
    piece: usize,
}

impl Frozen {
    pub(crate) fn piece(&self, piece: u32) -> Option<Vec<ContactId>> {
        let ids: Vec<_> = self.ids.iter().copied().collect();
        ids.chunks(self.piece).nth(piece as usize).map(<[_]>::to_vec)
    }
}

impl Rows {
    fn chosen(&self, chosen: &Chosen) -> BTreeSet<ContactId> {
        match chosen {
            Chosen::Ids(ids) => ids.clone(),
            Chosen::Matching { filter, except, .. } => self
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
                rows.actions.values().filter_map(|doing| doing.needs()).collect();
            rows.selections.retain(|id, frozen| {
                frozen.selection.created_at >= new.at - Selection::KEPT || needed.contains(id)
            });
            let ids = rows.chosen(&new.chosen);
            let selection = Selection {
                id: new.id,
                filter: match &new.chosen {
                    Chosen::Ids(_) => None,
                    Chosen::Matching { text, .. } => Some(text.clone()),
                },
                people: ids.len() as u64,
                pieces: ids.len().div_ceil(new.piece) as u32,
                actor: new.actor,
                created_at: new.at,
            };
            rows.selections
                .insert(new.id, Frozen { selection: selection.clone(), ids, piece: new.piece });
            Ok(selection)
        })
    }

    fn get(&self, org: OrgId, id: SelectionId) -> Result<Option<Selection>> {
        self.rows(org, |rows| Ok(rows.selections.get(&id).map(|frozen| frozen.selection.clone())))
    }

    fn piece(&self, org: OrgId, id: SelectionId, piece: u32) -> Result<Option<Vec<ContactId>>> {
        self.rows(org, |rows| Ok(rows.selections.get(&id).and_then(|frozen| frozen.piece(piece))))
    }

    fn count(&self, org: OrgId, id: SelectionId, still: &ContactFilter) -> Result<u64> {
        self.rows(org, |rows| {
            let Some(frozen) = rows.selections.get(&id) else { return Ok(0) };
            let still = rows.matching(still).filter(|c| frozen.ids.contains(&c.id));
            Ok(still.count() as u64)
        })
    }
}
