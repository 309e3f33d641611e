//! Tags in memory.

use std::collections::BTreeMap;

use contacts_core::contact::ContactId;
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::tag::{Renamed, Tag, TagId, TagName, TagRepository};
use contacts_core::{Actor, Ids, OrgId, Result};
use time::OffsetDateTime;

use crate::world::Rows;
use crate::{CountedIds, World};

/// An organisation's tags by their keys.
#[derive(Default)]
pub(crate) struct Tags {
    by_key: BTreeMap<String, (TagId, TagName)>,
}

impl Tags {
    /// The tags as they were first written; those that are not there yet are made.
    pub(crate) fn written(&mut self, names: &[TagName], ids: &CountedIds) -> Vec<TagName> {
        let mut tags: Vec<_> =
            names.iter().map(|name| self.ensure(name, || TagId(ids.next())).1.clone()).collect();
        tags.sort();
        tags.dedup();
        tags
    }

    fn ensure(&mut self, name: &TagName, id: impl FnOnce() -> TagId) -> &(TagId, TagName) {
        self.by_key.entry(name.key().to_owned()).or_insert_with(|| (id(), name.clone()))
    }

    /// The ids of those tags that are there.
    pub(crate) fn ids_of(&self, names: &[TagName]) -> Vec<TagId> {
        names.iter().filter_map(|name| Some(self.by_key.get(name.key())?.0)).collect()
    }

    /// The name that a tag has now.
    pub(crate) fn name_of(&self, tag: TagId) -> Option<TagName> {
        self.by_key.values().find(|(id, _)| *id == tag).map(|(_, name)| name.clone())
    }
}

impl Rows {
    /// A tag that is there, with its count.
    fn tag(&self, name: &TagName) -> Option<Tag> {
        let (id, name) = self.tags.by_key.get(name.key())?;
        let carry = self.contacts.records.values().filter(|r| r.contact.tags.contains(name));
        Some(Tag { id: *id, name: name.clone(), contacts: carry.count() as u64 })
    }

    /// Who carries a tag, in the order of their ids.
    fn carriers(&self, tag: &TagName) -> Vec<ContactId> {
        let records = self.contacts.records.values();
        records.filter(|r| r.contact.tags.contains(tag)).map(|r| r.contact.id).collect()
    }

    /// Tells that the tags of contacts have changed.
    fn tell_tagging(&mut self, contacts: &[ContactId], actor: Actor, now: OffsetDateTime) {
        let fields = ["tags".to_owned()];
        let events = ContactEvent::of_many(contacts, EventKind::Updated, &fields, actor, now);
        self.events.extend(events);
    }

    /// Whoever carries the old tag carries the new one, or none.
    fn replace_tag(&mut self, old: &TagName, new: Option<&TagName>) {
        for record in self.contacts.records.values_mut() {
            let tags = &mut record.contact.tags;
            let before = tags.len();
            tags.retain(|tag| tag != old);
            if tags.len() < before {
                tags.extend(new.cloned());
                tags.sort();
                tags.dedup();
            }
        }
    }

    fn rename_tag(&mut self, id: TagId, name: &TagName) -> Option<Renamed> {
        let old = self.tags.name_of(id)?;
        let other = self.tags.by_key.get(name.key()).filter(|(other, _)| *other != id).cloned();
        self.tags.by_key.remove(old.key());
        if let Some((_, other)) = other {
            self.replace_tag(&old, Some(&other));
            return self.tag(&other).map(Renamed::Merged);
        }
        self.tags.by_key.insert(name.key().to_owned(), (id, name.clone()));
        self.replace_tag(&old, Some(name));
        self.tag(name).map(Renamed::Renamed)
    }
}

impl TagRepository for World {
    fn ensure(&self, org: OrgId, id: TagId, name: &TagName, _: OffsetDateTime) -> Result<Tag> {
        self.rows(org, |rows| {
            let (id, name) = rows.tags.ensure(name, || id).clone();
            Ok(rows.tag(&name).unwrap_or(Tag { id, name, contacts: 0 }))
        })
    }

    fn list(&self, org: OrgId, prefix: &str, after: &str, limit: usize) -> Result<Vec<Tag>> {
        self.rows(org, |rows| {
            let wanted = |key: &str| key.starts_with(prefix) && key > after;
            let found = rows.tags.by_key.iter().filter(|(key, _)| wanted(key)).take(limit);
            Ok(found.filter_map(|(_, (_, name))| rows.tag(name)).collect())
        })
    }

    fn get(&self, org: OrgId, tag: TagId) -> Result<Option<Tag>> {
        self.rows(org, |rows| Ok(rows.tags.name_of(tag).and_then(|name| rows.tag(&name))))
    }

    fn rename(
        &self,
        org: OrgId,
        tag: TagId,
        name: &TagName,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Renamed>> {
        self.rows(org, |rows| {
            let Some(old) = rows.tags.name_of(tag) else { return Ok(None) };
            let carriers = rows.carriers(&old);
            let renamed = rows.rename_tag(tag, name);
            if old.as_str() != name.as_str() {
                rows.tell_tagging(&carriers, actor, now);
            }
            Ok(renamed)
        })
    }

    fn delete(&self, org: OrgId, tag: TagId, actor: Actor, now: OffsetDateTime) -> Result<bool> {
        self.rows(org, |rows| {
            let Some(name) = rows.tags.name_of(tag) else { return Ok(false) };
            let carriers = rows.carriers(&name);
            rows.tags.by_key.remove(name.key());
            rows.replace_tag(&name, None);
            rows.tell_tagging(&carriers, actor, now);
            Ok(true)
        })
    }
}
