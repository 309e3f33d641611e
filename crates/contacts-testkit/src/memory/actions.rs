//! Bulk actions in memory: contacts are changed one by one.

mod end;
mod set_field;

use contacts_core::action::{
    Action, ActionId, ActionKind, ActionRepository, Applied, Chunk, Confirmation, SkipReason,
};
use contacts_core::campaign::{
    CampaignId, DeliveryStatus, SubscribeOutcome, SubscribeRefusal, Subscription,
};
use contacts_core::consent::{ConsentChange, ConsentReason};
use contacts_core::contact::{
    Activity, ActivityKind, ContactFilter, ContactId, MergeFields, MergePair, MergeRequest,
};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::export::{Columns, ExportPage, ExportPartIo, Sheet};
use contacts_core::job::Job;
use contacts_core::run::RunState;
use contacts_core::selection::SelectionId;
use contacts_core::tag::TagName;
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Error, OrgId, Result};
use time::OffsetDateTime;

use crate::memory::exports::these;
use crate::world::Rows;
use crate::{CountedIds, World};

/// A bulk action and the results of its parts.
pub(crate) struct StoredAction {
    pub(super) action: Action,
    pub(super) parts: Vec<Chunk>,
    /// Number of contacts of the current chunk that earlier parts have applied.
    position: usize,
}

impl StoredAction {
    /// Erases the value that an ended action has set, if its text names an erased person.
    pub(super) fn forget_value(&mut self, is_named: impl Fn(&str) -> bool) {
        if let ActionKind::SetField(setting) = &mut self.action.kind
            && !self.action.state.is_open()
            && is_named(&setting.text())
        {
            *setting = setting.without_value();
        }
    }

    /// Returns the selection that must not be deleted while the action needs it.
    pub(crate) fn needs(&self) -> Option<SelectionId> {
        self.action.state.is_open().then_some(self.action.selection)
    }
}

/// What the contacts of one part have in common.
struct Taking<'a> {
    action: &'a Action,
    filter: &'a ContactFilter,
    sheet: Option<&'a Sheet>,
    is_first: bool,
    now: OffsetDateTime,
    ids: &'a CountedIds,
}

impl Taking<'_> {
    fn take(&self, rows: &mut Rows, ids: &[ContactId]) -> Result<Chunk> {
        let mut chunk = Chunk::default();
        let (chunk_contacts, missing): (Vec<_>, Vec<_>) =
            ids.iter().copied().partition(|id| rows.contacts.records.contains_key(id));
        let (merged, missing): (Vec<_>, Vec<_>) =
            missing.into_iter().partition(|id| rows.merged.contains_key(id));
        chunk.skip(SkipReason::Merged, merged);
        chunk.skip(SkipReason::NotFound, missing);
        match &self.action.kind {
            ActionKind::AddTags(tags) => self.add_tags(rows, &mut chunk, &chunk_contacts, tags),
            ActionKind::RemoveTags(tags) => {
                self.remove_tags(rows, &mut chunk, &chunk_contacts, tags)
            }
            ActionKind::AddToCampaign(campaign) => {
                self.add_to_campaign(rows, &mut chunk, &chunk_contacts, *campaign)?;
            }
            ActionKind::RemoveFromCampaign(campaign) => {
                self.remove_from_campaign(rows, &mut chunk, &chunk_contacts, *campaign)?;
            }
            ActionKind::Unsubscribe => self.unsubscribe(rows, &mut chunk, &chunk_contacts),
            ActionKind::SetField(setting) => {
                self.set_field(rows, &mut chunk, &chunk_contacts, setting)?;
            }
            ActionKind::Export(_) => self.export(rows, &mut chunk, &chunk_contacts)?,
            ActionKind::Delete => self.delete(rows, &mut chunk, &chunk_contacts)?,
            ActionKind::Merge(pairs) => self.merge(rows, &mut chunk, &chunk_contacts, pairs)?,
        }
        Ok(chunk)
    }

    fn add_tags(
        &self,
        rows: &mut Rows,
        chunk: &mut Chunk,
        chunk_contacts: &[ContactId],
        tags: &[TagName],
    ) {
        if chunk_contacts.is_empty() {
            return;
        }
        let tags = rows.tags.written(tags, self.ids);
        self.change_tags(rows, chunk, chunk_contacts, &tags, &[]);
    }

    fn remove_tags(
        &self,
        rows: &mut Rows,
        chunk: &mut Chunk,
        chunk_contacts: &[ContactId],
        tags: &[TagName],
    ) {
        self.change_tags(rows, chunk, chunk_contacts, &[], tags);
    }

    /// The activity names all tags of the action, even those that a contact already had, so that
    /// one entry serves every contact of the action.
    fn change_tags(
        &self,
        rows: &mut Rows,
        chunk: &mut Chunk,
        chunk_contacts: &[ContactId],
        add: &[TagName],
        remove: &[TagName],
    ) {
        let written = |tags: &[TagName]| tags.iter().map(ToString::to_string).collect();
        let what = match &self.action.kind {
            ActionKind::AddTags(tags) => {
                ActivityKind::Tagged { added: written(tags), removed: Vec::new() }
            }
            ActionKind::RemoveTags(tags) => {
                ActivityKind::Tagged { added: Vec::new(), removed: written(tags) }
            }
            _ => return,
        };
        let activity = Activity { at: self.now, actor: self.action.actor, what };
        for id in chunk_contacts {
            let Some(record) = rows.contacts.records.get_mut(id) else { continue };
            let mut tags = record.contact.tags.clone();
            tags.retain(|tag| !remove.contains(tag));
            tags.extend(add.iter().cloned());
            // The spelling that was written first wins: the stable sort keeps it before its equals.
            tags.sort();
            tags.dedup();
            if tags == record.contact.tags {
                chunk.unchanged.push(*id);
            } else {
                record.contact.tags = tags;
                record.bulk.insert(self.action.id, activity.clone());
                chunk.changed.push(*id);
            }
        }
        let fields = ["tags".to_owned()];
        let (kind, actor) = (EventKind::Updated, self.action.actor);
        let events = ContactEvent::of_many(&chunk.changed, kind, &fields, actor, self.now);
        rows.publish(events);
    }

    fn add_to_campaign(
        &self,
        rows: &mut Rows,
        chunk: &mut Chunk,
        chunk_contacts: &[ContactId],
        campaign: CampaignId,
    ) -> Result<()> {
        if !rows.campaigns.contains_key(&campaign) {
            return Err(Error::NotFound("campaign"));
        }
        for (id, joining) in rows.subscribe(campaign, chunk_contacts, self.action.actor, self.now) {
            match joining {
                SubscribeOutcome::Added => chunk.changed.push(id),
                SubscribeOutcome::Unchanged => chunk.unchanged.push(id),
                SubscribeOutcome::Skipped(SubscribeRefusal::Unsubscribed) => {
                    chunk.skip(SkipReason::Unsubscribed, [id]);
                }
                SubscribeOutcome::Skipped(SubscribeRefusal::Unreachable) => {
                    chunk.skip(SkipReason::Unreachable, [id]);
                }
            }
        }
        Ok(())
    }

    fn remove_from_campaign(
        &self,
        rows: &mut Rows,
        chunk: &mut Chunk,
        chunk_contacts: &[ContactId],
        campaign: CampaignId,
    ) -> Result<()> {
        let Some(removed) = rows.campaigns.get(&campaign) else {
            return Err(Error::NotFound("campaign"));
        };
        let what = ActivityKind::RemovedFromCampaign(removed.clone());
        let activity = Activity { at: self.now, actor: self.action.actor, what };
        for id in chunk_contacts {
            let Some(record) = rows.contacts.records.get_mut(id) else { continue };
            match record.subscriptions.get(&campaign).map(Subscription::status) {
                Some(DeliveryStatus::Pending) => {
                    record.subscriptions.remove(&campaign);
                    record.bulk.insert(self.action.id, activity.clone());
                    chunk.changed.push(*id);
                }
                Some(_) => chunk.skip(SkipReason::Delivered, [*id]),
                None => chunk.unchanged.push(*id),
            }
        }
        Ok(())
    }

    fn unsubscribe(&self, rows: &mut Rows, chunk: &mut Chunk, chunk_contacts: &[ContactId]) {
        let change = ConsentChange::Lower { reason: ConsentReason::Asked, note: None };
        let unsubscribe = change.unsubscribe(self.action.actor, self.now);
        let what = ActivityKind::ConsentChanged(change);
        let activity = Activity { at: self.now, actor: self.action.actor, what };
        for id in chunk_contacts {
            if rows.contacts.suppress(*id, unsubscribe.clone()) {
                if let Some(record) = rows.contacts.records.get_mut(id) {
                    record.bulk.insert(self.action.id, activity.clone());
                }
                chunk.changed.push(*id);
            } else {
                chunk.unchanged.push(*id);
            }
        }
        let fields = ["consent".to_owned()];
        let (kind, actor) = (EventKind::Updated, self.action.actor);
        rows.publish(ContactEvent::of_many(&chunk.changed, kind, &fields, actor, self.now));
    }

    fn export(
        &self,
        rows: &mut Rows,
        chunk: &mut Chunk,
        chunk_contacts: &[ContactId],
    ) -> Result<()> {
        let (Some(sheet), Some(file)) = (self.sheet, self.action.file) else {
            return Err(Error::store("an export has a sheet and a file"));
        };
        let mut copying = Copied { rows, columns: sheet.columns(), chunks: Vec::new() };
        chunk.unchanged = sheet.part(chunk_contacts, self.is_first, &mut copying)?;
        let chunks = copying.chunks;
        rows.files.entry(file).or_default().extend(chunks);
        Ok(())
    }

    fn delete(
        &self,
        rows: &mut Rows,
        chunk: &mut Chunk,
        chunk_contacts: &[ContactId],
    ) -> Result<()> {
        let is_target = |id: &ContactId| {
            let record = rows.contacts.records.get(id);
            record.is_some_and(|record| rows.is_matching(self.filter, record))
        };
        // Check all contacts before any is deleted: the rest may have no duplicates afterwards.
        let targets: Vec<_> = chunk_contacts.iter().map(is_target).collect();
        for (id, is_target) in chunk_contacts.iter().zip(targets) {
            if is_target {
                rows.contacts.delete(*id, None)?;
                rows.forget(*id);
                chunk.changed.push(*id);
            } else {
                chunk.skip(SkipReason::Changed, [*id]);
            }
        }
        let (kind, actor) = (EventKind::Deleted, self.action.actor);
        rows.publish(ContactEvent::of_many(&chunk.changed, kind, &[], actor, self.now));
        Ok(())
    }
}

impl Taking<'_> {
    /// Merges the pairs of the contacts. An id that was merged means its survivor.
    fn merge(
        &self,
        rows: &mut Rows,
        chunk: &mut Chunk,
        chunk_contacts: &[ContactId],
        pairs: &[MergePair],
    ) -> Result<()> {
        for other in chunk_contacts.iter().copied() {
            let Some(pair) = pairs.iter().find(|pair| pair.other == other) else { continue };
            let survivor = rows.merged.get(&pair.survivor).copied().unwrap_or(pair.survivor);
            let from_other = MergeFields::default();
            let request = MergeRequest { survivor, other, from_other, if_version: None };
            let contact = |id| rows.contacts.records.get(&id).map(|record| &record.contact);
            let pair = contact(survivor).zip(contact(other));
            let has_room = pair.is_none_or(|(survivor, other)| survivor.has_room_for_all(other));
            if survivor == other {
                chunk.unchanged.push(other);
            } else if !has_room {
                chunk.skip(SkipReason::TooManyAddresses, [other]);
            } else if rows.merge(&request, self.action.actor, self.now)?.is_some() {
                chunk.changed.push(other);
            } else {
                chunk.skip(SkipReason::NotFound, [other]);
            }
        }
        Ok(())
    }
}

/// A chunk of an export file.
struct Copied<'a> {
    rows: &'a Rows,
    columns: &'a Columns,
    chunks: Vec<Vec<u8>>,
}

impl ExportPartIo for Copied<'_> {
    fn page(&mut self, ids: &[ContactId], after: Option<ContactId>) -> Result<ExportPage> {
        Ok(these(self.rows, ids, after, self.columns))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.chunks.push(bytes.to_vec());
        Ok(())
    }
}

/// The values that a part is processed with.
struct With<'a> {
    limit: usize,
    filter: &'a ContactFilter,
    sheet: Option<&'a Sheet>,
    now: OffsetDateTime,
    ids: &'a CountedIds,
}

impl World {
    fn take(&self, action: &Action, number: u32, with: &With<'_>) -> Result<Applied> {
        self.rows(action.org, |rows| {
            let Some(mut stored) = rows.actions.remove(&action.id) else {
                return Err(Error::NotFound("action"));
            };
            let applied = apply(rows, &mut stored, number, with);
            rows.actions.insert(action.id, stored);
            applied
        })
    }
}

fn apply(
    rows: &mut Rows,
    stored: &mut StoredAction,
    number: u32,
    with: &With<'_>,
) -> Result<Applied> {
    let With { limit, filter, sheet, now, ids } = *with;
    let is_first = stored.parts.is_empty();
    let action = &mut stored.action;
    if !action.state.is_open() {
        return Ok(Applied::Stopped(action.state));
    }
    if action.chunks_done != number || number >= action.chunks {
        return Ok(Applied::Superseded);
    }
    let frozen = rows.selections.get(&action.selection).and_then(|frozen| frozen.chunk(number));
    let chosen = frozen.ok_or(Error::NotFound("selection"))?;
    let to = stored.position.saturating_add(limit).min(chosen.len());
    let part = &chosen[stored.position..to];
    let before = rows.before(&action.kind, part);
    let chunk = Taking { action, filter, sheet, is_first, now, ids }.take(rows, part)?;
    rows.write_journal((action.id, &action.kind), &before, &chunk, now);
    stored.position = to;
    if to == chosen.len() {
        action.chunks_done += 1;
        stored.position = 0;
    }
    action.state = RunState::Running;
    action.started_at.get_or_insert(now);
    action.tally.add(&chunk);
    stored.parts.push(chunk);
    Ok(Applied::Part { tally: action.tally.clone(), chunks_done: action.chunks_done })
}

impl ActionRepository for World {
    fn insert(
        &self,
        action: &Action,
        confirmed: Option<Confirmation>,
        due: OffsetDateTime,
    ) -> Result<()> {
        let mut state = self.state_to_change()?;
        let rows = state.organisations.entry(action.org).or_default();
        if !rows.selections.contains_key(&action.selection) {
            return Err(Error::NotFound("selection"));
        }
        if let Some(campaign) = action.kind.campaign()
            && !rows.campaigns.contains_key(&campaign)
        {
            return Err(Error::NotFound("campaign"));
        }
        if let Some(confirmed) = confirmed {
            let current = rows.count_selected(action.selection, &confirmed.filter);
            if current != confirmed.count {
                return Err(Error::CountChanged(current));
            }
        }
        let stored = StoredAction { action: action.clone(), parts: Vec::new(), position: 0 };
        rows.actions.insert(action.id, stored);
        let filter = rows.selections.get(&action.selection);
        let filter = filter.and_then(|stored| stored.selection.filter.as_ref());
        if let Some(event) = TrailEvent::action_started(action, filter) {
            rows.record(event, action.actor, action.created_at);
        }
        state.jobs.push(action.org, Job::RunAction(action.id), due, &self.ids());
        Ok(())
    }

    fn get(&self, org: OrgId, id: ActionId) -> Result<Option<Action>> {
        self.read(org, |rows| Ok(rows.actions.get(&id).map(|stored| rows.with_undo(stored))))
    }

    fn list(&self, org: OrgId, before: Option<ActionId>, limit: usize) -> Result<Vec<Action>> {
        self.read(org, |rows| {
            let actions = rows.actions.values().rev().map(|stored| rows.with_undo(stored));
            let earlier = actions.filter(|one| before.is_none_or(|before| one.id < before));
            Ok(earlier.take(limit).collect())
        })
    }

    fn apply(
        &self,
        action: &Action,
        chunk: u32,
        limit: usize,
        filter: &ContactFilter,
        now: OffsetDateTime,
    ) -> Result<Applied> {
        self.take(action, chunk, &With { limit, filter, sheet: None, now, ids: &self.ids() })
    }

    fn export(
        &self,
        action: &Action,
        chunk: u32,
        limit: usize,
        sheet: &Sheet,
        now: OffsetDateTime,
    ) -> Result<Applied> {
        let filter = &ContactFilter::default();
        self.take(action, chunk, &With { limit, filter, sheet: Some(sheet), now, ids: &self.ids() })
    }

    fn erase_file(&self, org: OrgId, id: ActionId) -> Result<()> {
        self.rows(org, |rows| {
            let stored = rows.actions.get_mut(&id).filter(|stored| !stored.action.state.is_open());
            if let Some(file) = stored.and_then(|stored| stored.action.file.take()) {
                rows.files.remove(&file);
            }
            Ok(())
        })
    }

    fn end(
        &self,
        org: OrgId,
        id: ActionId,
        to: RunState,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.end_action(org, id, to, problem, None, now)
    }

    fn cancel(&self, org: OrgId, id: ActionId, actor: Actor, now: OffsetDateTime) -> Result<bool> {
        self.end_action(org, id, RunState::Cancelled, None, Some(actor), now)
    }

    fn part(&self, org: OrgId, id: ActionId, part: u32) -> Result<Option<Chunk>> {
        self.read(org, |rows| {
            let stored = rows.actions.get(&id);
            Ok(stored.and_then(|stored| stored.parts.get(part as usize).cloned()))
        })
    }
}
