//! Records of a source become contacts, one by one.

use std::collections::BTreeMap;

use contacts_core::Result;
use contacts_core::contact::{ActivityKind, Contact, ContactId, changed_fields};
use contacts_core::event::EventGroups;
use contacts_core::import::{Skip, Tally};
use contacts_core::sync::{
    ConnectedSource, Link, PlannedRecord, Said, SyncRow, SyncRunId, Vanish, added, merge,
};
use contacts_core::tag::TagName;
use time::OffsetDateTime;

use super::Known;
use crate::CountedIds;
use crate::world::Rows;

/// What the records of one piece have in common.
pub(super) struct Taking<'a> {
    pub(super) source: &'a ConnectedSource,
    pub(super) run: SyncRunId,
    pub(super) now: OffsetDateTime,
    pub(super) ids: &'a CountedIds,
    pub(super) rows: &'a mut Rows,
    pub(super) links: &'a mut BTreeMap<String, Known>,
    pub(super) events: EventGroups,
    pub(super) said: Vec<String>,
}

impl Taking<'_> {
    /// Takes a record and counts it.
    pub(super) fn take(&mut self, planned: &PlannedRecord, tally: &mut Tally) -> Result<()> {
        let mut warnings = Vec::new();
        let skipped = match &planned.row {
            Err(skip) => Some(*skip),
            Ok(None) if self.vanish(&planned.external_id) => {
                tally.updated += 1;
                None
            }
            Ok(None) => Some(Skip::Unchanged),
            Ok(Some(row)) => match self.known(planned, row) {
                None => {
                    tally.added += 1;
                    self.add(planned, row)?;
                    None
                }
                Some((contact, said)) => {
                    let (is_change, lost) = self.meet(planned, row, &contact, &said);
                    tally.updated += u64::from(is_change);
                    warnings = lost;
                    (!is_change).then_some(Skip::Unchanged)
                }
            },
        };
        tally.count(skipped, planned.warnings.len() + warnings.len());
        self.said.extend(planned.lines(skipped, &warnings));
        Ok(())
    }

    /// Whom a record is about, and what the source has said of them under its id.
    fn known(&mut self, planned: &PlannedRecord, row: &SyncRow) -> Option<(Contact, Said)> {
        if let Some(known) = self.links.get(&planned.external_id) {
            let record = self.rows.contacts.records.get(&known.link.contact)?;
            return Some((record.contact.clone(), known.link.said.clone()));
        }
        let record = self.rows.contacts.of_address(row.email.as_ref()?.key())?;
        Some((record.contact.clone(), Said::default()))
    }

    fn add(&mut self, planned: &PlannedRecord, row: &SyncRow) -> Result<()> {
        let arrival = planned.arrival(self.source.id, self.now);
        let (contact, said) = added(row, self.source.org, planned.contact, arrival);
        let tags = self.rows.tags.written(&contact.tags, self.ids);
        self.rows.contacts.insert(Contact { tags, ..contact }, self.source.actor())?;
        self.events.created(planned.contact);
        self.link(planned, planned.contact, said);
        Ok(())
    }

    fn meet(
        &mut self,
        planned: &PlannedRecord,
        row: &SyncRow,
        contact: &Contact,
        said: &Said,
    ) -> (bool, Vec<contacts_core::import::Warning>) {
        let contacts = &self.rows.contacts;
        let is_taken =
            |key: &str| contacts.records.values().any(|record| record.contact.email_key() == key);
        let merged = merge(contact, said, row, &self.source.mapping, &is_taken, self.now);
        let is_change = merged.is_change();
        if is_change {
            self.events.updated(contact.id, changed_fields(contact, &merged.contact));
            self.write(contact, &merged.contact, &merged.changes, &merged.tags);
        }
        if let Some(record) = self.rows.contacts.records.get_mut(&contact.id) {
            record.arrive(self.now, planned.arrival(self.source.id, self.now).origin);
        }
        self.link(planned, contact.id, merged.said);
        (is_change, merged.warnings)
    }

    fn write(
        &mut self,
        before: &Contact,
        after: &Contact,
        changes: &[contacts_core::contact::FieldChange],
        tags: &[TagName],
    ) {
        let written = self.rows.tags.written(tags, self.ids);
        let mut all = before.tags.clone();
        all.extend(written.iter().cloned());
        all.sort();
        self.rows.contacts.replace(Contact { tags: all, ..after.clone() });
        let Some(record) = self.rows.contacts.records.get_mut(&before.id) else { return };
        let actor = self.source.actor();
        if !changes.is_empty() {
            record.note(self.now, actor, ActivityKind::Edited(changes.to_vec()));
        }
        record.note_tags(self.now, actor, &written, &[]);
    }

    fn link(&mut self, planned: &PlannedRecord, contact: ContactId, said: Said) {
        let link = Link { contact, said, vanished: false };
        let seen = Some(self.run);
        self.links.insert(planned.external_id.clone(), Known { link, seen });
    }

    /// Does what the source wants to a contact that is not there any more; says whether that
    /// changed something.
    pub(super) fn vanish(&mut self, external_id: &str) -> bool {
        let Some(known) = self.links.get_mut(external_id) else { return false };
        let contact = known.link.contact;
        match &self.source.vanish {
            Vanish::Nothing => false,
            Vanish::Tag(_) if known.link.vanished => false,
            Vanish::Tag(tag) => {
                known.link.vanished = true;
                let tag = self.rows.tags.written(std::slice::from_ref(tag), self.ids);
                let Some(record) = self.rows.contacts.records.get(&contact) else { return false };
                let before = record.contact.clone();
                if before.tags.contains(&tag[0]) {
                    return false;
                }
                self.events.updated(contact, ["tags".to_owned()]);
                self.write(&before, &before, &[], &tag);
                true
            }
            Vanish::Unlink => {
                self.links.remove(external_id);
                let Some(record) = self.rows.contacts.records.get_mut(&contact) else {
                    return true;
                };
                let source = self.source.id.0;
                let mut is_first = true;
                record.arrivals.retain(|arrival| {
                    std::mem::take(&mut is_first)
                        || !matches!(&arrival.origin,
                            contacts_core::contact::Origin::Connected { source: s, external_id: e }
                                if *s == source && e == external_id)
                });
                true
            }
        }
    }
}
