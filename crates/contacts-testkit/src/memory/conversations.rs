//! Conversations in memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use contacts_core::contact::{ContactId, SourceDetail};
use contacts_core::conversation::{
    Conversation, ConversationId, ConversationRepository, Visitor, Widget, WidgetName,
};
use contacts_core::page::TimeCursor;
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, OrgId, Result};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::World;
use crate::world::Rows;

/// An organisation's conversations, and the contacts that they are linked to.
#[derive(Default)]
pub(crate) struct Conversations {
    by_id: BTreeMap<ConversationId, Conversation>,
    links: BTreeMap<ConversationId, ContactId>,
    /// Conversations whose contact was deleted.
    released: BTreeSet<ConversationId>,
    widget_names: BTreeMap<Uuid, WidgetName>,
}

impl Conversations {
    pub(crate) fn of(&self, contact: ContactId) -> Vec<Conversation> {
        let links = self.links.iter().filter(|(_, owner)| **owner == contact);
        let mut found: Vec<_> = links.filter_map(|(id, _)| self.by_id.get(id)).cloned().collect();
        found.sort_by_key(|conversation| Reverse(conversation.cursor()));
        found
    }

    /// Returns the time of the last message of a contact's conversations.
    pub(crate) fn last_of(&self, contact: ContactId) -> Option<OffsetDateTime> {
        let links = self.links.iter().filter(|(_, owner)| **owner == contact);
        let found = links.filter_map(|(id, _)| self.by_id.get(id));
        found.map(|conversation| conversation.last_message_at).max()
    }

    /// Returns whether a contact has conversations.
    pub(crate) fn has_any(&self, contact: ContactId) -> bool {
        self.links.values().any(|owner| *owner == contact)
    }

    /// Links every conversation of one contact to another contact.
    pub(crate) fn move_all(&mut self, from: ContactId, to: ContactId) {
        self.links.values_mut().filter(|owner| **owner == from).for_each(|owner| *owner = to);
    }

    /// Returns the ids of the conversations of a contact.
    pub(crate) fn ids_of(&self, contact: ContactId) -> Vec<ConversationId> {
        let own = self.links.iter().filter(|(_, owner)| **owner == contact);
        own.map(|(id, _)| *id).collect()
    }

    /// Links those of the conversations that one contact has to another contact.
    pub(crate) fn give_back(&mut self, ids: &[ConversationId], from: ContactId, to: ContactId) {
        for id in ids {
            if let Some(owner) = self.links.get_mut(id).filter(|owner| **owner == from) {
                *owner = to;
            }
        }
    }

    /// Unlinks a contact's conversations, which stay stored.
    pub(crate) fn release(&mut self, contact: ContactId) {
        let theirs = self.links.extract_if(.., |_, owner| *owner == contact);
        self.released.extend(theirs.map(|(id, _)| id));
    }

    /// Erases the conversations of a contact, and the unlinked ones of its visitors.
    pub(crate) fn erase(&mut self, contact: ContactId, visitors: &[Visitor]) {
        let Self { by_id, links, .. } = self;
        by_id.retain(|id, conversation| match links.get(id) {
            Some(owner) => *owner != contact,
            None => !visitors.contains(&conversation.visitor),
        });
        links.retain(|id, _| by_id.contains_key(id));
    }

    /// Returns the contact that a conversation is linked to.
    pub(crate) fn linked(&self, id: ConversationId) -> Option<ContactId> {
        self.links.get(&id).copied()
    }

    /// Links the earlier conversations of a visitor to the contact that the visitor became.
    pub(crate) fn adopt(&mut self, visitor: &Visitor, contact: ContactId) {
        let theirs = self.by_id.values().filter(|conversation| conversation.visitor == *visitor);
        for conversation in theirs.filter(|theirs| !self.released.contains(&theirs.id)) {
            self.links.entry(conversation.id).or_insert(contact);
        }
    }

    /// Links a captured conversation to a contact, unless it belongs to another visitor. If `takes`
    /// is set, a link to another contact is replaced.
    pub(crate) fn link(&mut self, told: Conversation, contact: ContactId, takes: bool) {
        let stored = self.by_id.entry(told.id).or_insert_with(|| told.clone());
        if stored.visitor != told.visitor {
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
        let Conversations { by_id, links, released, .. } = &mut self.conversations;
        let stored = by_id.entry(report.id).or_insert_with(|| report.clone());
        if stored.is_superseded_by(report) {
            if stored.visitor != report.visitor {
                // The earlier report named the wrong visitor, so its link is removed.
                links.remove(&report.id);
                released.remove(&report.id);
            }
            *stored = report.clone();
        }
        if let Some(contact) = self.visitors.get(&stored.visitor)
            && !released.contains(&stored.id)
        {
            links.entry(stored.id).or_insert(*contact);
        }
        stored.clone()
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
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<Vec<Conversation>> {
        self.read(org, |rows| {
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
        self.read(org, |rows| {
            let last = |id: &ContactId| Some((*id, rows.conversations.of(*id).into_iter().next()?));
            Ok(contacts.iter().filter_map(last).collect())
        })
    }

    fn widgets(&self, org: OrgId, after: Option<TimeCursor>, limit: usize) -> Result<Vec<Widget>> {
        self.read(org, |rows| {
            let mut found = all_widgets(rows);
            found.sort_by_key(|widget| Reverse(widget.cursor()));
            found.retain(|widget| after.is_none_or(|after| widget.cursor() < after));
            found.truncate(limit);
            Ok(found)
        })
    }

    fn name_widget(
        &self,
        org: OrgId,
        widget: Uuid,
        name: Option<WidgetName>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Widget>> {
        self.rows(org, |rows| {
            let Some(found) = all_widgets(rows).into_iter().find(|one| one.id == widget) else {
                return Ok(None);
            };
            let names = &mut rows.conversations.widget_names;
            let before = match &name {
                Some(name) => names.insert(widget, name.clone()),
                None => names.remove(&widget),
            };
            if before != name {
                rows.record(TrailEvent::widget_named(widget), actor, now);
            }
            Ok(Some(Widget { name, ..found }))
        })
    }
}

fn all_widgets(rows: &Rows) -> Vec<Widget> {
    let mut last: BTreeMap<Uuid, OffsetDateTime> = BTreeMap::new();
    for source in rows.contacts.records.values().flat_map(|own| &own.sources) {
        if let SourceDetail::Chat { widget, .. } = source.detail {
            let at = last.entry(widget).or_insert(source.at);
            *at = source.at.max(*at);
        }
    }
    let names = &rows.conversations.widget_names;
    let widget = |(id, last_at)| Widget { id, name: names.get(&id).cloned(), last_at };
    last.into_iter().map(widget).collect()
}
