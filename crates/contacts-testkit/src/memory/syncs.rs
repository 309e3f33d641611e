//! Connected sources in memory: records are taken one by one, as the rule says.

mod records;

use std::collections::BTreeMap;

use contacts_core::contact::ContactId;
use contacts_core::event::EventGroups;
use contacts_core::job::Job;
use contacts_core::sync::{
    Begun, Committed, ConnectedSource, End, Link, Mode, Piece, Redefined, SourceId, SyncRepository,
    SyncRun, SyncRunId, SyncService, SyncState, Vanish, VanishedPiece,
};
use contacts_core::{Error, OrgId, Result, text};
use time::OffsetDateTime;

use self::records::Taking;
use crate::World;
use crate::world::Rows;

/// A source, its runs, and by what it knows contacts.
pub(crate) struct Syncing {
    source: ConnectedSource,
    runs: BTreeMap<SyncRunId, SyncRun>,
    links: BTreeMap<String, Known>,
}

/// By what a source knows a contact, and the last run that saw it there.
pub(crate) struct Known {
    link: Link,
    seen: Option<SyncRunId>,
}

impl Syncing {
    fn open(&mut self) -> Option<&mut SyncRun> {
        self.runs.values_mut().find(|run| run.state.is_open())
    }

    /// The run, if it is still that of the worker that has this attempt.
    fn of_worker(&mut self, run: &SyncRun) -> Option<&mut SyncRun> {
        let kept = self.runs.get_mut(&run.id)?;
        (kept.state.is_open() && kept.attempt == run.attempt).then_some(kept)
    }

    fn begin(&mut self, id: SyncRunId, now: OffsetDateTime) -> Begun {
        let source = &self.source;
        let next = source.next_run_at.filter(|_| !source.paused);
        if self.open().is_none() {
            if next.is_none_or(|next| now < next) {
                return Begun::Rest(next);
            }
            self.runs.insert(id, SyncRun::queued(self.source.id, id, None, now));
            while self.runs.len() > SyncService::RUNS {
                self.runs.pop_first();
            }
        }
        let is_full = self.source.mode == Mode::Full;
        let Some(run) = self.open() else { return Begun::Rest(next) };
        let is_new = run.state == SyncState::Queued;
        run.state = SyncState::Running;
        run.attempt += 1;
        run.stalled += 1;
        run.started_at = run.started_at.or(Some(now));
        let run = run.clone();
        if is_new && is_full {
            self.source.state = None;
        }
        Begun::Run(Box::new(self.source.clone()), Box::new(run))
    }

    fn has_name(&self, source: &ConnectedSource) -> bool {
        self.source.id != source.id
            && text::caseless(&self.source.name) == text::caseless(&source.name)
    }
}

impl Rows {
    pub(crate) fn move_links(&mut self, from: ContactId, to: ContactId) {
        let links = self.sources.values_mut().flat_map(|syncing| syncing.links.values_mut());
        links.filter(|known| known.link.contact == from).for_each(|known| known.link.contact = to);
    }

    pub(crate) fn forget_links(&mut self, contact: ContactId) {
        for syncing in self.sources.values_mut() {
            syncing.links.retain(|_, known| known.link.contact != contact);
        }
    }

    /// Forgets the logs of runs, and the problems for which that is said.
    pub(crate) fn forget_what_connectors_said(&mut self, is_named_in: impl Fn(&str) -> bool) {
        let erase = |problem: &mut Option<String>| {
            if problem.as_deref().is_some_and(&is_named_in) {
                *problem = Some("erased".to_owned());
            }
        };
        for syncing in self.sources.values_mut() {
            erase(&mut syncing.source.problem);
            for run in syncing.runs.values_mut() {
                erase(&mut run.problem);
                run.log.clear();
            }
        }
    }

    /// Whether a source is read since a moment or before.
    pub(crate) fn is_syncing_since(&self, moment: OffsetDateTime) -> bool {
        let mut runs = self.sources.values().flat_map(|syncing| syncing.runs.values());
        runs.any(|run| {
            run.state == SyncState::Running && run.started_at.is_some_and(|at| at <= moment)
        })
    }

    /// Forgets the logs of runs that ended before a moment, or then.
    pub(crate) fn forget_logs(&mut self, before: OffsetDateTime) {
        for run in self.sources.values_mut().flat_map(|syncing| syncing.runs.values_mut()) {
            if run.ended_at.is_some_and(|at| at <= before) {
                run.log.clear();
            }
        }
    }

    fn check_name(&self, source: &ConnectedSource) -> Result<()> {
        let taken = self.sources.values().any(|syncing| syncing.has_name(source));
        if taken { Err(Error::Taken("the source's name")) } else { Ok(()) }
    }
}

impl World {
    fn syncing<T>(
        &self,
        org: OrgId,
        id: SourceId,
        act: impl FnOnce(&mut Syncing) -> T,
    ) -> Result<Option<T>> {
        self.rows(org, |rows| Ok(rows.sources.get_mut(&id).map(act)))
    }

    fn call(&self, org: OrgId, id: SourceId, due: OffsetDateTime) {
        self.state().jobs.call(org, Job::Sync(id), due, &self.ids());
    }

    /// Does something with a source and everybody's rows, if the run is still the worker's.
    fn in_run<T>(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        act: impl FnOnce(&mut Rows, &mut Syncing) -> Result<T>,
    ) -> Result<Option<T>> {
        self.rows(source.org, |rows| {
            let Some(mut syncing) = rows.sources.remove(&source.id) else { return Ok(None) };
            let is_ours = syncing.of_worker(run).is_some();
            let done = if is_ours { act(rows, &mut syncing).map(Some) } else { Ok(None) };
            rows.sources.insert(source.id, syncing);
            done
        })
    }
}

impl SyncRepository for World {
    fn insert(&self, source: &ConnectedSource) -> Result<()> {
        self.rows(source.org, |rows| {
            rows.check_name(source)?;
            let (runs, links) = Default::default();
            rows.sources.insert(source.id, Syncing { source: source.clone(), runs, links });
            Ok(())
        })?;
        self.call(source.org, source.id, source.created_at);
        Ok(())
    }

    fn get(&self, org: OrgId, id: SourceId) -> Result<Option<ConnectedSource>> {
        self.syncing(org, id, |syncing| syncing.source.clone())
    }

    fn list(&self, org: OrgId) -> Result<Vec<(ConnectedSource, Option<SyncRun>)>> {
        self.rows(org, |rows| {
            let with_last = |s: &Syncing| (s.source.clone(), s.runs.values().next_back().cloned());
            let mut all: Vec<_> = rows.sources.values().map(with_last).collect();
            all.sort_by_key(|(source, _)| (source.created_at, source.id));
            Ok(all)
        })
    }

    fn update(
        &self,
        source: &ConnectedSource,
        anew: bool,
        now: OffsetDateTime,
    ) -> Result<Redefined> {
        let done = self.rows(source.org, |rows| {
            rows.check_name(source)?;
            let Some(syncing) = rows.sources.get_mut(&source.id) else {
                return Ok(Redefined::Gone);
            };
            if anew && syncing.open().is_some() {
                return Ok(Redefined::Running);
            }
            let kept = syncing.source.clone();
            syncing.source = ConnectedSource {
                state: kept.state.filter(|_| !anew),
                failures: kept.failures,
                problem: kept.problem,
                ..source.clone()
            };
            Ok(Redefined::Done)
        })?;
        if done == Redefined::Done {
            self.call(source.org, source.id, now);
        }
        Ok(done)
    }

    fn reseal(&self, before: &ConnectedSource, after: &ConnectedSource) -> Result<bool> {
        let resealed = self.syncing(before.org, before.id, |syncing| {
            let is_there = syncing.source.secrets == before.secrets;
            if is_there {
                syncing.source.secrets.clone_from(&after.secrets);
            }
            is_there
        });
        Ok(resealed?.unwrap_or(false))
    }

    fn delete(&self, org: OrgId, id: SourceId) -> Result<bool> {
        let deleted = self.rows(org, |rows| Ok(rows.sources.remove(&id).is_some()))?;
        if deleted {
            self.state().jobs.remove(org, Job::Sync(id));
        }
        Ok(deleted)
    }

    fn ask(
        &self,
        org: OrgId,
        run: &SyncRun,
        anew: bool,
        now: OffsetDateTime,
    ) -> Result<Option<SyncRun>> {
        let asked = self.syncing(org, run.source, |syncing| {
            if let Some(open) = syncing.open() {
                return open.clone();
            }
            syncing.runs.insert(run.id, run.clone());
            if anew {
                syncing.source.state = None;
            }
            run.clone()
        })?;
        if asked.is_some() {
            self.call(org, run.source, now);
        }
        Ok(asked)
    }

    fn begin(
        &self,
        org: OrgId,
        id: SourceId,
        run: SyncRunId,
        now: OffsetDateTime,
    ) -> Result<Begun> {
        Ok(self.syncing(org, id, |syncing| syncing.begin(run, now))?.unwrap_or(Begun::Gone))
    }

    fn commit(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        piece: &Piece,
        now: OffsetDateTime,
    ) -> Result<Committed> {
        let ids = self.ids();
        let taken = self.in_run(source, run, |rows, syncing| {
            let mut taking = Taking {
                source,
                run: run.id,
                now,
                ids: &ids,
                rows,
                links: &mut syncing.links,
                events: EventGroups::default(),
                said: Vec::new(),
            };
            let mut tally = contacts_core::import::Tally::default();
            for planned in &piece.records {
                taking.take(planned, &mut tally)?;
            }
            let (events, said) = (taking.events, taking.said);
            rows.events.extend(events.into_events(source.actor(), now));
            if piece.state.is_some() {
                syncing.source.state.clone_from(&piece.state);
            }
            let Some(kept) = syncing.of_worker(run) else { return Ok(Committed::Lost) };
            kept.tally.add(&tally);
            kept.stalled = 0;
            kept.log.clone_from(&piece.log);
            Ok(Committed::Taken(kept.tally.clone(), said))
        })?;
        Ok(taken.unwrap_or(Committed::Lost))
    }

    fn vanish(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        now: OffsetDateTime,
    ) -> Result<VanishedPiece> {
        let ids = self.ids();
        let done = self.in_run(source, run, |rows, syncing| {
            let unseen = syncing
                .links
                .iter()
                .filter(|(_, known)| known.seen != Some(run.id) && !known.link.vanished);
            let unseen: Vec<_> = unseen.map(|(external_id, _)| external_id.clone()).collect();
            if source.vanish == Vanish::Nothing || unseen.is_empty() {
                return Ok(VanishedPiece::Done);
            }
            let mut taking = Taking {
                source,
                run: run.id,
                now,
                ids: &ids,
                rows,
                links: &mut syncing.links,
                events: EventGroups::default(),
                said: Vec::new(),
            };
            for external_id in &unseen {
                taking.vanish(external_id);
            }
            let events = taking.events.into_events(source.actor(), now);
            rows.events.extend(events);
            if let Some(kept) = syncing.of_worker(run) {
                kept.vanished += unseen.len() as u64;
            }
            Ok(VanishedPiece::More)
        })?;
        Ok(done.unwrap_or(VanishedPiece::Lost))
    }

    fn end(
        &self,
        org: OrgId,
        run: SyncRunId,
        attempt: Option<u32>,
        end: &End,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.rows(org, |rows| {
            for syncing in rows.sources.values_mut() {
                let Some(kept) = syncing.runs.get_mut(&run) else { continue };
                let is_meant = attempt.is_none_or(|attempt| attempt == kept.attempt);
                if !kept.state.is_open() || !is_meant {
                    return Ok(false);
                }
                kept.state = end.state;
                kept.problem.clone_from(&end.problem);
                kept.ended_at = Some(now);
                if !end.log.is_empty() {
                    kept.log.clone_from(&end.log);
                }
                syncing.source.failures = end.failures;
                syncing.source.problem.clone_from(&end.problem);
                syncing.source.next_run_at = end.next_run_at;
                return Ok(true);
            }
            Ok(false)
        })
    }

    fn run(&self, org: OrgId, run: SyncRunId) -> Result<Option<SyncRun>> {
        self.rows(org, |rows| {
            Ok(rows.sources.values().find_map(|syncing| syncing.runs.get(&run).cloned()))
        })
    }

    fn runs(
        &self,
        org: OrgId,
        id: SourceId,
        before: Option<SyncRunId>,
        limit: usize,
    ) -> Result<Vec<SyncRun>> {
        let runs = self.syncing(org, id, |syncing| {
            let newest = syncing.runs.values().rev();
            let wanted = newest.filter(|run| before.is_none_or(|before| run.id < before));
            wanted.take(limit).cloned().collect()
        });
        Ok(runs?.unwrap_or_default())
    }
}
