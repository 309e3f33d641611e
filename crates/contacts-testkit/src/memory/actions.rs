//! Bulk actions in memory: people are done one by one.

use contacts_core::action::{
    Action, ActionId, ActionKind, ActionRepository, ActionState, Applied, Piece, SkipReason,
};
use contacts_core::campaign::{CampaignId, Joining, Refusal};
use contacts_core::contact::{Activity, ActivityKind, ContactFilter, ContactId};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::export::{Columns, Copying, ExportPage, Sheet};
use contacts_core::job::Job;
use contacts_core::selection::SelectionId;
use contacts_core::tag::TagName;
use contacts_core::{Error, OrgId, Result};
use time::OffsetDateTime;

use crate::memory::exports::these;
use crate::world::Rows;
use crate::{CountedIds, World};

/// An action and what came of its pieces.
pub(crate) struct Doing {
    action: Action,
    pieces: Vec<Piece>,
}

impl Doing {
    /// The selection that must stay.
    pub(crate) fn needs(&self) -> Option<SelectionId> {
        (!self.action.state.is_end()).then_some(self.action.selection)
    }
}

/// What the people of one piece have in common.
struct Taking<'a> {
    action: &'a Action,
    still: &'a ContactFilter,
    sheet: Option<&'a Sheet>,
    is_first: bool,
    now: OffsetDateTime,
    ids: &'a CountedIds,
}

impl Taking<'_> {
    fn take(&self, rows: &mut Rows, ids: &[ContactId]) -> Result<Piece> {
        let mut piece = Piece::default();
        let (there, missing): (Vec<_>, Vec<_>) =
            ids.iter().copied().partition(|id| rows.contacts.records.contains_key(id));
        let (merged, missing): (Vec<_>, Vec<_>) =
            missing.into_iter().partition(|id| rows.merged.contains_key(id));
        piece.skip(SkipReason::Merged, merged);
        piece.skip(SkipReason::NotFound, missing);
        match &self.action.kind {
            ActionKind::AddTags(tags) => self.add_tags(rows, &mut piece, &there, tags),
            ActionKind::RemoveTags(tags) => self.remove_tags(rows, &mut piece, &there, tags),
            ActionKind::AddToCampaign(campaign) => {
                self.add_to_campaign(rows, &mut piece, &there, *campaign)?;
            }
            ActionKind::Export(_) => self.export(rows, &mut piece, &there)?,
            ActionKind::Delete => self.delete(rows, &mut piece, &there)?,
        }
        Ok(piece)
    }

    fn add_tags(&self, rows: &mut Rows, piece: &mut Piece, there: &[ContactId], tags: &[TagName]) {
        if there.is_empty() {
            return;
        }
        let tags = rows.tags.written(tags, self.ids);
        self.change_tags(rows, piece, there, &tags, &[]);
    }

    fn remove_tags(
        &self,
        rows: &mut Rows,
        piece: &mut Piece,
        there: &[ContactId],
        tags: &[TagName],
    ) {
        self.change_tags(rows, piece, there, &[], tags);
    }

    /// The activity names the tags as the action does, those among them too that a contact had
    /// carried before: a million people need no million notes of their own.
    fn change_tags(
        &self,
        rows: &mut Rows,
        piece: &mut Piece,
        there: &[ContactId],
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
        for id in there {
            let Some(record) = rows.contacts.records.get_mut(id) else { continue };
            let mut tags = record.contact.tags.clone();
            tags.retain(|tag| !remove.contains(tag));
            tags.extend(add.iter().cloned());
            // First written wins: a stable sort keeps it in front of its equals.
            tags.sort();
            tags.dedup();
            if tags == record.contact.tags {
                piece.unchanged.push(*id);
            } else {
                record.contact.tags = tags;
                record.bulk.insert(self.action.id, activity.clone());
                piece.changed.push(*id);
            }
        }
        let fields = ["tags".to_owned()];
        let (kind, actor) = (EventKind::Updated, self.action.actor);
        let events = ContactEvent::of_many(&piece.changed, kind, &fields, actor, self.now);
        rows.events.extend(events);
    }

    fn add_to_campaign(
        &self,
        rows: &mut Rows,
        piece: &mut Piece,
        there: &[ContactId],
        campaign: CampaignId,
    ) -> Result<()> {
        if !rows.campaigns.contains_key(&campaign) {
            return Err(Error::NotFound("campaign"));
        }
        for (id, joining) in rows.subscribe(campaign, there, self.action.actor, self.now) {
            match joining {
                Joining::Added => piece.changed.push(id),
                Joining::Unchanged => piece.unchanged.push(id),
                Joining::Skipped(Refusal::Unsubscribed) => {
                    piece.skip(SkipReason::Unsubscribed, [id]);
                }
                Joining::Skipped(Refusal::Unreachable) => {
                    piece.skip(SkipReason::Unreachable, [id]);
                }
            }
        }
        Ok(())
    }

    fn export(&self, rows: &mut Rows, piece: &mut Piece, there: &[ContactId]) -> Result<()> {
        let (Some(sheet), Some(file)) = (self.sheet, self.action.file) else {
            return Err(Error::store("an export has a sheet and a file"));
        };
        let mut copying = Copied { rows, columns: sheet.columns(), pieces: Vec::new() };
        piece.unchanged = sheet.part(there, self.is_first, &mut copying)?;
        let pieces = copying.pieces;
        rows.files.entry(file).or_default().extend(pieces);
        Ok(())
    }

    fn delete(&self, rows: &mut Rows, piece: &mut Piece, there: &[ContactId]) -> Result<()> {
        let is_meant = |id: &ContactId| {
            let record = rows.contacts.records.get(id);
            record.is_some_and(|record| rows.is_meant(self.still, record))
        };
        // All are looked at before any goes: who is left may have no duplicate any more.
        let meant: Vec<_> = there.iter().map(is_meant).collect();
        for (id, is_meant) in there.iter().zip(meant) {
            if is_meant {
                rows.contacts.delete(*id, None)?;
                rows.forget(*id);
                piece.changed.push(*id);
            } else {
                piece.skip(SkipReason::Changed, [*id]);
            }
        }
        let (kind, actor) = (EventKind::Deleted, self.action.actor);
        rows.events.extend(ContactEvent::of_many(&piece.changed, kind, &[], actor, self.now));
        Ok(())
    }
}

/// A part of a file that is being made.
struct Copied<'a> {
    rows: &'a Rows,
    columns: &'a Columns,
    pieces: Vec<Vec<u8>>,
}

impl Copying for Copied<'_> {
    fn page(&mut self, ids: &[ContactId], after: Option<ContactId>) -> Result<ExportPage> {
        Ok(these(self.rows, ids, after, self.columns))
    }

    fn give(&mut self, bytes: &[u8]) -> Result<()> {
        self.pieces.push(bytes.to_vec());
        Ok(())
    }
}

/// What a piece is done with.
struct With<'a> {
    still: &'a ContactFilter,
    sheet: Option<&'a Sheet>,
    now: OffsetDateTime,
    ids: &'a CountedIds,
}

impl World {
    fn take(&self, action: &Action, number: u32, with: &With<'_>) -> Result<Applied> {
        self.rows(action.org, |rows| {
            let Some(mut doing) = rows.actions.remove(&action.id) else {
                return Err(Error::NotFound("action"));
            };
            let applied = apply(rows, &mut doing, number, with);
            rows.actions.insert(action.id, doing);
            applied
        })
    }
}

fn apply(rows: &mut Rows, doing: &mut Doing, number: u32, with: &With<'_>) -> Result<Applied> {
    let With { still, sheet, now, ids } = *with;
    let is_first = number == 0;
    let action = &mut doing.action;
    if action.state.is_end() {
        return Ok(Applied::Stopped(action.state));
    }
    if action.pieces_done != number || number >= action.pieces {
        return Ok(Applied::Superseded);
    }
    let frozen = rows.selections.get(&action.selection).and_then(|frozen| frozen.piece(number));
    let chosen = frozen.ok_or(Error::NotFound("selection"))?;
    let piece = Taking { action, still, sheet, is_first, now, ids }.take(rows, &chosen)?;
    action.pieces_done += 1;
    action.started_at.get_or_insert(now);
    action.tally.add(&piece);
    doing.pieces.push(piece);
    Ok(Applied::Taken(action.tally.clone()))
}

impl ActionRepository for World {
    fn insert(&self, action: &Action, due: OffsetDateTime) -> Result<()> {
        let mut state = self.state();
        let rows = state.organisations.entry(action.org).or_default();
        if !rows.selections.contains_key(&action.selection) {
            return Err(Error::NotFound("selection"));
        }
        if let ActionKind::AddToCampaign(campaign) = action.kind
            && !rows.campaigns.contains_key(&campaign)
        {
            return Err(Error::NotFound("campaign"));
        }
        rows.actions.insert(action.id, Doing { action: action.clone(), pieces: Vec::new() });
        state.jobs.push(action.org, Job::RunAction(action.id), due, &self.ids());
        Ok(())
    }

    fn get(&self, org: OrgId, id: ActionId) -> Result<Option<Action>> {
        self.rows(org, |rows| Ok(rows.actions.get(&id).map(|doing| doing.action.clone())))
    }

    fn list(&self, org: OrgId, before: Option<ActionId>, limit: usize) -> Result<Vec<Action>> {
        self.rows(org, |rows| {
            let actions = rows.actions.values().rev().map(|doing| doing.action.clone());
            let earlier = actions.filter(|one| before.is_none_or(|before| one.id < before));
            Ok(earlier.take(limit).collect())
        })
    }

    fn apply(
        &self,
        action: &Action,
        piece: u32,
        still: &ContactFilter,
        now: OffsetDateTime,
    ) -> Result<Applied> {
        self.take(action, piece, &With { still, sheet: None, now, ids: &self.ids() })
    }

    fn export(
        &self,
        action: &Action,
        piece: u32,
        sheet: &Sheet,
        now: OffsetDateTime,
    ) -> Result<Applied> {
        let still = &ContactFilter::default();
        self.take(action, piece, &With { still, sheet: Some(sheet), now, ids: &self.ids() })
    }

    fn erase_file(&self, org: OrgId, id: ActionId) -> Result<()> {
        self.rows(org, |rows| {
            let doing = rows.actions.get_mut(&id).filter(|doing| doing.action.state.is_end());
            if let Some(file) = doing.and_then(|doing| doing.action.file.take()) {
                rows.files.remove(&file);
            }
            Ok(())
        })
    }

    fn end(
        &self,
        org: OrgId,
        id: ActionId,
        to: ActionState,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let mut state = self.state();
        let rows = state.organisations.entry(org).or_default();
        let Some(doing) = rows.actions.get_mut(&id).filter(|doing| !doing.action.state.is_end())
        else {
            return Ok(false);
        };
        doing.action.state = to;
        doing.action.problem = problem;
        doing.action.finished_at = Some(now);
        let is_done = to == ActionState::Done;
        let file = if is_done { doing.action.file } else { doing.action.file.take() };
        if let Some(file) = file.filter(|_| !is_done) {
            rows.files.remove(&file);
        }
        state.jobs.remove(org, Job::RunAction(id));
        if file.is_some() && is_done {
            state.jobs.push(org, Job::EraseFile(id), now + Action::FILE_KEPT, &self.ids());
        }
        Ok(true)
    }

    fn piece(&self, org: OrgId, id: ActionId, piece: u32) -> Result<Option<Piece>> {
        self.rows(org, |rows| {
            let doing = rows.actions.get(&id);
            Ok(doing.and_then(|doing| doing.pieces.get(piece as usize).cloned()))
        })
    }
}
