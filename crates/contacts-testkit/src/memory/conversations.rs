//! Conversations in memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use contacts_core::contact::{ContactId, Origin};
use contacts_core::conversation::{
    Conversation, ConversationCursor, ConversationId, ConversationRepository, Visitor, Widget,
};
use contacts_core::{OrgId, Result};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::World;
use crate::world::Rows;

/// An organisation's conversations, and whose they are.
#[derive(Default)]
pub(crate) struct Conversations {
    by_id: BTreeMap<ConversationId, Conversation>,
    links: BTreeMap<ConversationId, ContactId>,
    /// Those that had a contact who was deleted.
    released: BTreeSet<ConversationId>,
}

impl Conversations {
    fn of(&self, contact: ContactId) -> Vec<Conversation> {
        let links = self.links.iter().filter(|(_, owner)| **owner == contact);
        let mut found: Vec<_> = links.filter_map(|(id, _)| self.by_id.get(id)).cloned().collect();
        found.sort_by_key(|conversation| Reverse(conversation.cursor()));
        found
    }

    /// Whether a contact has any.
    pub(crate) fn has_any(&self, contact: ContactId) -> bool {
        self.links.values().any(|owner| *owner == contact)
    }

    /// Whatever is one contact's is another's from now on.
    pub(crate) fn move_all(&mut self, from: ContactId, to: ContactId) {
        self.links.values_mut().filter(|owner| **owner == from).for_each(|owner| *owner = to);
    }

    /// They stay, with no contact.
    pub(crate) fn release(&mut self, contact: ContactId) {
        let theirs = self.links.extract_if(.., |_, owner| *owner == contact);
        self.released.extend(theirs.map(|(id, _)| id));
    }

    /// Erases those of a contact, and those of its visitors that are nobody's.
    pub(crate) fn erase(&mut self, contact: ContactId, visitors: &[Visitor]) {
        let Self { by_id, links, .. } = self;
        by_id.retain(|id, conversation| match links.get(id) {
            Some(owner) => *owner != contact,
            None => !visitors.contains(&conversation.visitor),
        });
        links.retain(|id, _| by_id.contains_key(id));
    }

    /// The contact that has a conversation.
    pub(crate) fn linked(&self, id: ConversationId) -> Option<ContactId> {
        self.links.get(&id).copied()
    }

    /// Links what a visitor said before they were known.
    pub(crate) fn adopt(&mut self, visitor: &Visitor, contact: ContactId) {
        let theirs = self.by_id.values().filter(|conversation| conversation.visitor == *visitor);
        for conversation in theirs.filter(|theirs| !self.released.contains(&theirs.id)) {
            self.links.entry(conversation.id).or_insert(contact);
        }
    }

    /// Links a conversation that a capture tells of, unless it is another visitor's. Takes it
    /// from whoever has it when that is asked for.
    pub(crate) fn link(&mut self, told: Conversation, contact: ContactId, takes: bool) {
        let kept = self.by_id.entry(told.id).or_insert_with(|| told.clone());
        if kept.visitor != told.visitor {
            return;
        }
        self.released.remove(&told.id);
        if takes {
            self.links.insert(told.id, contact);
        } else {
            self.links.entry(told.id).or_insert(contact);
        }
    }
}

impl Rows {
    fn report(&mut self, report: &Conversation) -> Conversation {
        let Conversations { by_id, links, released } = &mut self.conversations;
        let kept = by_id.entry(report.id).or_insert_with(|| report.clone());
        if kept.gives_way_to(report) {
            if kept.visitor != report.visitor {
                // Whoever told of it before was wrong about whose it is.
                links.remove(&report.id);
                released.remove(&report.id);
            }
            *kept = report.clone();
        }
        if let Some(contact) = self.visitors.get(&kept.visitor)
            && !released.contains(&kept.id)
        {
            links.entry(kept.id).or_insert(*contact);
        }
        kept.clone()
    }
}

impl ConversationRepository for World {
    fn report(&self, report: &Conversation) -> Result<Conversation> {
        self.rows(report.org, |rows| Ok(rows.report(report)))
    }

    fn of_contact(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<ConversationCursor>,
        limit: usize,
    ) -> Result<Vec<Conversation>> {
        self.rows(org, |rows| {
            let mut found = rows.conversations.of(contact);
            found.retain(|found| after.is_none_or(|after| found.cursor() < after));
            found.truncate(limit);
            Ok(found)
        })
    }

    fn last_of(
        &self,
        org: OrgId,
        contacts: &[ContactId],
    ) -> Result<BTreeMap<ContactId, Conversation>> {
        self.rows(org, |rows| {
            let last = |id: &ContactId| Some((*id, rows.conversations.of(*id).into_iter().next()?));
            Ok(contacts.iter().filter_map(last).collect())
        })
    }

    fn widgets(&self, org: OrgId) -> Result<Vec<Widget>> {
        self.rows(org, |rows| {
            let mut last: BTreeMap<Uuid, OffsetDateTime> = BTreeMap::new();
            for arrival in rows.contacts.records.values().flat_map(|own| &own.arrivals) {
                if let Origin::Chat { widget, .. } = arrival.origin {
                    let at = last.entry(widget).or_insert(arrival.at);
                    *at = arrival.at.max(*at);
                }
            }
            let mut found: Vec<_> =
                last.into_iter().map(|(id, last_at)| Widget { id, last_at }).collect();
            found.sort_by_key(|widget| Reverse((widget.last_at, widget.id)));
            found.truncate(Widget::MAX);
            Ok(found)
        })
    }
}
