//! Tags in memory.

use std::collections::BTreeMap;

use contacts_core::contact::ContactId;
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::tag::{Renamed, Tag, TagId, TagName, TagRepository};
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Current, Ids, OrgId, Result};
use time::OffsetDateTime;

use crate::world::Rows;
use crate::{CountedIds, World};

/// An organisation's tags by their keys.
#[derive(Default)]
pub(crate) struct Tags {
    by_key: BTreeMap<String, StoredTag>,
}

/// A tag without its count.
#[derive(Clone)]
struct StoredTag {
    id: TagId,
    name: TagName,
    version: u64,
    renamed_at: Option<OffsetDateTime>,
}

impl Tags {
    /// Returns tags in their stored spelling, and creates those that do not exist yet.
    pub(crate) fn written(&mut self, names: &[TagName], ids: &CountedIds) -> Vec<TagName> {
        let mut tags: Vec<_> =
            names.iter().map(|name| self.ensure(name, || TagId(ids.next())).name.clone()).collect();
        tags.sort();
        tags.dedup();
        tags
    }

    fn ensure(&mut self, name: &TagName, id: impl FnOnce() -> TagId) -> &StoredTag {
        let new = || StoredTag { id: id(), name: name.clone(), version: 1, renamed_at: None };
        self.by_key.entry(name.key().to_owned()).or_insert_with(new)
    }

    /// Returns a tag in its stored spelling, if it exists.
    pub(crate) fn spelled(&self, name: &TagName) -> Option<TagName> {
        self.by_key.get(name.key()).map(|stored| stored.name.clone())
    }

    /// Returns the ids of the tags that exist.
    pub(crate) fn ids_of(&self, names: &[TagName]) -> Vec<TagId> {
        names.iter().filter_map(|name| Some(self.by_key.get(name.key())?.id)).collect()
    }

    /// Returns when a tag was last renamed, if it was.
    pub(super) fn renamed_at(&self, name: &TagName) -> Option<OffsetDateTime> {
        self.by_key.get(name.key())?.renamed_at
    }

    /// Returns the current name of a tag.
    pub(crate) fn name_of(&self, tag: TagId) -> Option<TagName> {
        self.by_key.values().find(|stored| stored.id == tag).map(|stored| stored.name.clone())
    }
}

impl Rows {
    /// Returns an existing tag with its count.
    fn tag(&self, name: &TagName) -> Option<Tag> {
        let StoredTag { id, name, version, .. } = self.tags.by_key.get(name.key())?.clone();
        let carry = self.contacts.records.values().filter(|r| r.contact.tags.contains(&name));
        let contacts = carry.count() as u64;
        Some(Tag { id, name, contacts, version })
    }

    /// Returns the contacts that have a tag, in the order of their ids.
    fn carriers(&self, tag: &TagName) -> Vec<ContactId> {
        let records = self.contacts.records.values();
        records.filter(|r| r.contact.tags.contains(tag)).map(|r| r.contact.id).collect()
    }

    /// Replaces a tag on all its contacts by another tag, or removes it.
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

    fn rename_tag(&mut self, id: TagId, name: &TagName, now: OffsetDateTime) -> Option<Renamed> {
        let old = self.tags.name_of(id)?;
        let other = self.tags.by_key.get(name.key()).filter(|other| other.id != id).cloned();
        let mut tag = self.tags.by_key.remove(old.key())?;
        if let Some(other) = other {
            self.replace_tag(&old, Some(&other.name));
            return self.tag(&other.name).map(Renamed::Merged);
        }
        if old.as_str() != name.as_str() {
            tag.version += 1;
            tag.renamed_at = Some(now);
        }
        tag.name = name.clone();
        self.tags.by_key.insert(name.key().to_owned(), tag);
        self.replace_tag(&old, Some(name));
        self.tag(name).map(Renamed::Renamed)
    }
}

/// Returns the events of contacts whose tags changed.
fn tagging(contacts: &[ContactId], actor: Actor, now: OffsetDateTime) -> Vec<ContactEvent> {
    ContactEvent::of_many(contacts, EventKind::Updated, &["tags".to_owned()], actor, now)
}

impl TagRepository for World {
    fn ensure(&self, org: OrgId, id: TagId, name: &TagName, _: OffsetDateTime) -> Result<Tag> {
        self.rows(org, |rows| {
            let StoredTag { id, name, version, .. } = rows.tags.ensure(name, || id).clone();
            Ok(rows.tag(&name).unwrap_or(Tag { id, name, contacts: 0, version }))
        })
    }

    fn list(&self, org: OrgId, prefix: &str, after: &str, limit: usize) -> Result<Vec<Tag>> {
        self.read(org, |rows| {
            let wanted = |key: &str| key.starts_with(prefix) && key > after;
            let found = rows.tags.by_key.iter().filter(|(key, _)| wanted(key)).take(limit);
            Ok(found.filter_map(|(_, stored)| rows.tag(&stored.name)).collect())
        })
    }

    fn get(&self, org: OrgId, tag: TagId) -> Result<Option<Tag>> {
        self.read(org, |rows| Ok(rows.tags.name_of(tag).and_then(|name| rows.tag(&name))))
    }

    fn rename(
        &self,
        org: OrgId,
        tag: TagId,
        name: &TagName,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Renamed>> {
        self.rows(org, |rows| {
            let Some(old) = rows.tags.name_of(tag) else { return Ok(None) };
            if let Some(current) = rows.tag(&old) {
                Current::check(&current, if_version)?;
            }
            let carriers = rows.carriers(&old);
            let renamed = rows.rename_tag(tag, name, now);
            if old.as_str() != name.as_str() {
                match &renamed {
                    Some(Renamed::Merged(_)) => rows.publish(tagging(&carriers, actor, now)),
                    // The tag itself stores the time.
                    _ => rows.events.extend(tagging(&carriers, actor, now)),
                }
                rows.record(TrailEvent::tag_renamed(tag), actor, now);
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
            rows.publish(tagging(&carriers, actor, now));
            rows.record(TrailEvent::tag_deleted(tag), actor, now);
            Ok(true)
        })
    }
}
