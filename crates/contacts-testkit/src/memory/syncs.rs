//! Connected sources in memory.

mod records;

use std::collections::BTreeMap;

use contacts_core::contact::ContactId;
use contacts_core::job::Job;
use contacts_core::run::RunState;
use contacts_core::sync::{
    Chunk, Committed, ConnectedSource, End, Link, Mode, RunStart, SourceId, SourcePatch,
    SyncRepository, SyncRun, SyncRunId, SyncService, VanishPolicy, VanishedChunk,
};
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Current, Error, OrgId, Result, text};
use time::OffsetDateTime;

use self::records::ChunkOfRun;
use crate::World;
use crate::world::Rows;

/// A connected source, its runs and its links to contacts.
pub(crate) struct StoredSource {
    source: ConnectedSource,
    runs: BTreeMap<SyncRunId, SyncRun>,
    links: BTreeMap<String, StoredLink>,
}

/// A link, and the last run that saw its external id.
pub(crate) struct StoredLink {
    link: Link,
    seen: Option<SyncRunId>,
}

impl StoredSource {
    pub(super) fn runs(&self) -> impl Iterator<Item = &SyncRun> {
        self.runs.values()
    }

    fn open(&mut self) -> Option<&mut SyncRun> {
        self.runs.values_mut().find(|run| run.state.is_open())
    }

    /// Returns the stored run if it is in progress and still has the worker's attempt number.
    fn of_worker(&mut self, run: &SyncRun) -> Option<&mut SyncRun> {
        let stored = self.runs.get_mut(&run.id)?;
        (stored.state.is_open() && stored.attempt == run.attempt).then_some(stored)
    }

    fn begin(&mut self, id: SyncRunId, now: OffsetDateTime) -> RunStart {
        let source = &self.source;
        let next = source.next_run_at.filter(|_| !source.paused);
        if self.open().is_none() {
            if next.is_none_or(|next| now < next) {
                return RunStart::Rest(next);
            }
            self.runs.insert(id, SyncRun::queued(self.source.id, id, None, now));
            while self.runs.len() > SyncService::RUNS {
                self.runs.pop_first();
            }
        }
        let is_full = self.source.mode == Mode::Full;
        let Some(run) = self.open() else { return RunStart::Rest(next) };
        let is_new = run.state == RunState::Queued;
        run.state = RunState::Running;
        run.attempt += 1;
        run.stalled += 1;
        run.started_at = run.started_at.or(Some(now));
        let run = run.clone();
        if is_new && is_full {
            self.source.state = None;
        }
        RunStart::Run(Box::new(self.source.clone()), Box::new(run))
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

    /// Returns the links of a contact: the source, and the id of the record.
    pub(crate) fn links_of(&self, contact: ContactId) -> Vec<(SourceId, String)> {
        let sources = self.sources.iter();
        let links = sources.flat_map(|(id, source)| source.links.iter().map(|link| (*id, link)));
        let own = links.filter(|(_, (_, known))| known.link.contact == contact);
        own.map(|(source, (record, _))| (source, record.clone())).collect()
    }

    /// Gives those of the links that one contact has to another contact.
    pub(crate) fn give_back_links(
        &mut self,
        links: &[(SourceId, String)],
        from: ContactId,
        to: ContactId,
    ) {
        for (source, record) in links {
            let links = self.sources.get_mut(source).map(|source| &mut source.links);
            let known = links.and_then(|links| links.get_mut(record));
            if let Some(known) = known.filter(|known| known.link.contact == from) {
                known.link.contact = to;
            }
        }
    }

    pub(crate) fn forget_links(&mut self, contact: ContactId) {
        for syncing in self.sources.values_mut() {
            syncing.links.retain(|_, known| known.link.contact != contact);
        }
    }

    /// Deletes the logs of runs, and the problems that name an erased contact.
    pub(crate) fn forget_what_connectors_said(&mut self, occurs_in: impl Fn(&str) -> bool) {
        let erase = |problem: &mut Option<String>| {
            if problem.as_deref().is_some_and(&occurs_in) {
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

    /// Returns whether a run that started at a moment or before is in progress.
    pub(crate) fn is_syncing_since(&self, moment: OffsetDateTime) -> bool {
        let mut runs = self.sources.values().flat_map(|syncing| syncing.runs.values());
        runs.any(|run| {
            run.state == RunState::Running && run.started_at.is_some_and(|at| at <= moment)
        })
    }

    /// Deletes the logs of runs that ended at a moment or before.
    pub(crate) fn forget_logs(&mut self, before: OffsetDateTime) {
        for run in self.sources.values_mut().flat_map(|syncing| syncing.runs.values_mut()) {
            if run.finished_at.is_some_and(|at| at <= before) {
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
        act: impl FnOnce(&mut StoredSource) -> T,
    ) -> Result<Option<T>> {
        self.rows(org, |rows| Ok(rows.sources.get_mut(&id).map(act)))
    }

    fn call(&self, org: OrgId, id: SourceId, due: OffsetDateTime) {
        self.state().jobs.call(org, Job::Sync(id), due, &self.ids());
    }

    /// Changes a source and the organisation's rows, if the run still has the worker's attempt.
    fn in_run<T>(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        act: impl FnOnce(&mut Rows, &mut StoredSource) -> Result<T>,
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
    fn insert(&self, source: &ConnectedSource, limit: usize, actor: Actor) -> Result<()> {
        self.rows(source.org, |rows| {
            if rows.sources.len() >= limit {
                return Err(Error::limit_reached(limit, "connected sources"));
            }
            rows.check_name(source)?;
            let (runs, links) = Default::default();
            rows.sources.insert(source.id, StoredSource { source: source.clone(), runs, links });
            rows.record(TrailEvent::source_added(source.id), actor, source.created_at);
            Ok(())
        })?;
        self.call(source.org, source.id, source.created_at);
        Ok(())
    }

    fn get(&self, org: OrgId, id: SourceId) -> Result<Option<ConnectedSource>> {
        self.syncing(org, id, |syncing| syncing.source.clone())
    }

    fn list(&self, org: OrgId) -> Result<Vec<(ConnectedSource, Option<SyncRun>)>> {
        self.read(org, |rows| {
            let with_last =
                |s: &StoredSource| (s.source.clone(), s.runs.values().next_back().cloned());
            let mut all: Vec<_> = rows.sources.values().map(with_last).collect();
            all.sort_by_key(|(source, _)| (source.created_at, source.id));
            Ok(all)
        })
    }

    fn patch(
        &self,
        org: OrgId,
        id: SourceId,
        patch: &SourcePatch,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<ConnectedSource>> {
        let patched = self.rows(org, |rows| {
            let Some(stored) = rows.sources.get_mut(&id) else { return Ok(None) };
            let mut source = stored.source.clone();
            Current::check(&source, if_version)?;
            let is_new = source.apply(patch, stored.open().is_some(), now)?;
            rows.check_name(&source)?;
            if let Some(stored) = rows.sources.get_mut(&id) {
                stored.source = source.clone();
            }
            if is_new {
                rows.record(TrailEvent::source_changed(id), actor, now);
            }
            Ok(Some(source))
        })?;
        if patched.is_some() {
            self.call(org, id, now);
        }
        Ok(patched)
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

    fn delete(&self, org: OrgId, id: SourceId, actor: Actor, now: OffsetDateTime) -> Result<bool> {
        let deleted = self.rows(org, |rows| {
            let deleted = rows.sources.remove(&id).is_some();
            if deleted {
                rows.record(TrailEvent::source_deleted(id), actor, now);
            }
            Ok(deleted)
        })?;
        if deleted {
            self.state().jobs.remove(org, Job::Sync(id));
        }
        Ok(deleted)
    }

    fn ask(
        &self,
        org: OrgId,
        run: &SyncRun,
        from_start: bool,
        now: OffsetDateTime,
    ) -> Result<Option<SyncRun>> {
        let asked = self.syncing(org, run.source, |syncing| {
            if let Some(open) = syncing.open() {
                return open.clone();
            }
            syncing.runs.insert(run.id, run.clone());
            if from_start {
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
    ) -> Result<RunStart> {
        Ok(self.syncing(org, id, |syncing| syncing.begin(run, now))?.unwrap_or(RunStart::Gone))
    }

    fn commit(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        chunk: &Chunk,
        now: OffsetDateTime,
    ) -> Result<Committed> {
        let ids = self.ids();
        let taken = self.in_run(source, run, |rows, syncing| {
            let links = &mut syncing.links;
            let mut taking = ChunkOfRun { source, run: run.id, now, ids: &ids, rows, links };
            let writes = taking.take(&chunk.records)?;
            if chunk.state.is_some() {
                syncing.source.state.clone_from(&chunk.state);
            }
            let Some(stored) = syncing.of_worker(run) else { return Ok(Committed::Lost) };
            stored.tally.add(&writes.tally);
            stored.stalled = 0;
            stored.log.clone_from(&chunk.log);
            Ok(Committed::Records(stored.tally.clone(), writes.log))
        })?;
        Ok(taken.unwrap_or(Committed::Lost))
    }

    fn vanish(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        now: OffsetDateTime,
    ) -> Result<VanishedChunk> {
        let ids = self.ids();
        let done = self.in_run(source, run, |rows, syncing| {
            let unseen = syncing
                .links
                .iter()
                .filter(|(_, known)| known.seen != Some(run.id) && !known.link.vanished);
            let unseen: Vec<_> = unseen.map(|(external_id, _)| external_id.clone()).collect();
            if source.vanish == VanishPolicy::Nothing || unseen.is_empty() {
                return Ok(VanishedChunk::Done);
            }
            let links = &mut syncing.links;
            let mut taking = ChunkOfRun { source, run: run.id, now, ids: &ids, rows, links };
            taking.vanish(&unseen)?;
            if let Some(stored) = syncing.of_worker(run) {
                stored.vanished += unseen.len() as u64;
            }
            Ok(VanishedChunk::More)
        })?;
        Ok(done.unwrap_or(VanishedChunk::Lost))
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
                let Some(stored) = syncing.runs.get_mut(&run) else { continue };
                let is_expected = attempt.is_none_or(|attempt| attempt == stored.attempt);
                if !stored.state.is_open() || !is_expected {
                    return Ok(false);
                }
                stored.state = end.state;
                stored.problem.clone_from(&end.problem);
                stored.finished_at = Some(now);
                if !end.log.is_empty() {
                    stored.log.clone_from(&end.log);
                }
                syncing.source.record_end(end, now);
                return Ok(true);
            }
            Ok(false)
        })
    }

    fn run(&self, org: OrgId, run: SyncRunId) -> Result<Option<SyncRun>> {
        self.read(org, |rows| {
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
