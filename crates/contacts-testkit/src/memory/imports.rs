//! Imports in memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use contacts_core::consent::{Consent, ConsentChange, ConsentReason, Unsubscribe};
use contacts_core::contact::{
    Activity, ActivityKind, AddressSource, Contact, ContactId, EmailAddress, SourceDetail,
};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::import::{
    Analysis, Applied, CellEdit, ChoicesOrigin, Chunk, ChunkPlan, Corrections, EarlierChoices,
    ExistingContact, FileState, HeaderFingerprint, Import, ImportId, ImportRepository, ImportState,
    Issue, KnownDomains, LayoutChoice, NewPlan, Plan, PlannedContact, Policy, RowKeys, Trace,
    tell_import,
};
use contacts_core::job::Job;
use contacts_core::run::RunState;
use contacts_core::trail::TrailEvent;
use contacts_core::undo::UndoSubject;
use contacts_core::{Actor, Error, OrgId, Result};
use time::OffsetDateTime;

use crate::memory::dry_runs::StoredDryRun;
use crate::memory::undos::StoredUndo;
use crate::world::{Rows, State};
use crate::{CountedIds, World};

/// An import and the results of its rows.
pub(crate) struct StoredImport {
    pub(crate) import: Import,
    /// Time at which a chunk of the file was last stored.
    pub(crate) touched_at: OffsetDateTime,
    /// Time at which a user started the import.
    pub(crate) confirmed_at: Option<OffsetDateTime>,
    pub(crate) issues: Vec<Issue>,
    /// Results of each chunk's rows, in order.
    pub(crate) chunks: Vec<Vec<Trace>>,
    pub(crate) dry: Option<StoredDryRun>,
    pub(crate) corrections: Corrections,
    /// Numbers of the corrected rows that wait to be imported.
    pub(crate) retries: BTreeSet<u64>,
}

impl State {
    /// Checks the plan of an import that is ready.
    ///
    /// # Errors
    ///
    /// [`contacts_core::Error::Invalid`] when the file cannot be imported by it.
    pub(crate) fn check_plan(&mut self, org: OrgId, id: ImportId) -> Result<()> {
        let run = self.organisations.entry(org).or_default().imports.get(&id);
        let ready = run.filter(|run| run.import.state == ImportState::Ready);
        ready.and_then(|run| run.import.plan.as_ref()).map_or(Ok(()), Plan::check)
    }

    /// Changes an import if it is in one of the given states. Returns whether it was.
    fn change_import(
        &mut self,
        org: OrgId,
        id: ImportId,
        is_allowed: impl Fn(ImportState) -> bool,
        change: impl FnOnce(&mut Import),
    ) -> bool {
        let run = self.organisations.entry(org).or_default().imports.get_mut(&id);
        let run = run.filter(|run| is_allowed(run.import.state));
        run.map(|run| {
            change(&mut run.import);
            // The result of a dry run no longer applies once the import changes.
            run.dry = None;
        })
        .is_some()
    }
}

impl ImportRepository for World {
    fn insert(&self, import: &Import) -> Result<()> {
        self.rows(import.org, |rows| {
            let run = StoredImport {
                import: import.clone(),
                touched_at: import.created_at,
                confirmed_at: None,
                issues: Vec::new(),
                chunks: Vec::new(),
                dry: None,
                corrections: Corrections::default(),
                retries: BTreeSet::new(),
            };
            rows.imports.insert(import.id, run);
            Ok(())
        })
    }

    fn get(&self, org: OrgId, id: ImportId) -> Result<Option<Import>> {
        self.read(org, |rows| Ok(rows.imports.get(&id).map(|run| run.import.clone())))
    }

    fn list(&self, org: OrgId, before: Option<ImportId>, limit: usize) -> Result<Vec<Import>> {
        self.read(org, |rows| {
            let runs = rows.imports.values().rev().map(|run| run.import.clone());
            Ok(runs.filter(|run| before.is_none_or(|before| run.id < before)).take(limit).collect())
        })
    }

    fn store_chunk(
        &self,
        import: &Import,
        chunk: u32,
        bytes: &[u8],
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.rows(import.org, |rows| {
            let stored = rows.imports.get_mut(&import.id);
            let uploading = stored.filter(|run| run.import.state == ImportState::Uploading);
            let Some(run) = uploading else { return Ok(false) };
            run.touched_at = now;
            rows.append_chunk(import.file, chunk, bytes).map(|()| true)
        })
    }

    fn uploaded(&self, org: OrgId, id: ImportId, bytes: u64, now: OffsetDateTime) -> Result<bool> {
        let mut state = self.state_to_change()?;
        let was = state.change_import(
            org,
            id,
            |s| s == ImportState::Uploading,
            |import| {
                import.state = ImportState::Analysing;
                import.bytes = bytes;
            },
        );
        if was {
            state.jobs.push(org, Job::AnalyseImport(id), now, &self.ids());
        }
        Ok(was)
    }

    fn analysed(
        &self,
        import: &Import,
        found: &Result<(Analysis, Plan), String>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let Import { org, id, layout, .. } = import;
        let mut state = self.state_to_change()?;
        let stored = state.organisations.get(org).and_then(|rows| rows.imports.get(id));
        if stored.is_some_and(|stored| stored.import.layout != *layout) {
            return Ok(false);
        }
        let is_analysing = |state| state == ImportState::Analysing;
        Ok(state.change_import(*org, *id, is_analysing, |import| match found {
            Ok((analysis, plan)) => {
                import.state = ImportState::Ready;
                import.analysis = Some(analysis.clone());
                import.plan = Some(plan.clone());
            }
            Err(problem) => {
                import.state = ImportState::Unusable;
                import.problem = Some(problem.clone());
                import.finished_at = Some(now);
            }
        }))
    }

    fn replan(&self, org: OrgId, id: ImportId, new: &NewPlan) -> Result<bool> {
        let is_ready = |state| state == ImportState::Ready;
        Ok(self.state_to_change()?.change_import(org, id, is_ready, |import| {
            if let Some(plan) = &mut import.plan {
                new.apply_to(plan);
            }
        }))
    }

    fn correct(&self, org: OrgId, id: ImportId, edits: &[CellEdit]) -> Result<bool> {
        let mut state = self.state_to_change()?;
        let run = state.organisations.entry(org).or_default().imports.get_mut(&id);
        let Some(run) = run.filter(|run| run.import.state == ImportState::Ready) else {
            return state.correct_done(org, id, edits);
        };
        run.corrections.edit(edits)?;
        if let Some(dry) = &mut run.dry {
            dry.outdate();
        }
        Ok(true)
    }

    fn retry(
        &self,
        org: OrgId,
        id: ImportId,
        edits: &[CellEdit],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.state_to_change()?.retry(org, id, edits, (actor, now), &self.ids())
    }

    fn corrected_rows(&self, org: OrgId, id: ImportId) -> Result<Vec<u64>> {
        self.read(org, |rows| {
            let run = rows.imports.get(&id);
            Ok(run.map(|run| run.retries.iter().copied().collect()).unwrap_or_default())
        })
    }

    fn corrections(&self, org: OrgId, id: ImportId) -> Result<Corrections> {
        self.read(org, |rows| {
            let run = rows.imports.get(&id);
            Ok(run.map(|run| run.corrections.clone()).unwrap_or_default())
        })
    }

    fn choices_of(&self, org: OrgId, headers: HeaderFingerprint) -> Result<Option<EarlierChoices>> {
        self.read(org, |rows| {
            let earlier = rows.imports.values().filter_map(|run| {
                let analysis = run.import.analysis.as_ref()?;
                let is_same = analysis.layout.header_fingerprint() == Some(headers);
                let plan = run.import.plan.as_ref().filter(|plan| plan.policy != Policy::OptOut);
                let plan = plan.filter(|_| is_same)?.clone();
                let (import, started_at) = (run.import.id, run.confirmed_at?);
                let origin = ChoicesOrigin { import, started_at };
                Some(EarlierChoices { origin, plan })
            });
            Ok(earlier.max_by_key(|earlier| earlier.origin.started_at))
        })
    }

    fn frequent_domains(&self, org: OrgId) -> Result<Vec<String>> {
        self.read(org, |rows| {
            let mut counts: BTreeMap<String, u64> = BTreeMap::new();
            let contacts = rows.contacts.records.values().map(|record| &record.contact);
            for key in contacts.flat_map(Contact::emails).map(EmailAddress::key) {
                let domain = key.rsplit_once('@').map_or("", |(_, domain)| domain);
                *counts.entry(domain.to_owned()).or_default() += 1;
            }
            counts.retain(|_, addresses| *addresses >= KnownDomains::MIN_ADDRESSES);
            let mut domains: Vec<_> = counts.into_iter().collect();
            domains.sort_by_key(|(_, addresses)| Reverse(*addresses));
            let domains = domains.into_iter().map(|(domain, _)| domain);
            Ok(domains.take(KnownDomains::MAX).collect())
        })
    }

    fn choose_layout(
        &self,
        org: OrgId,
        id: ImportId,
        layout: &LayoutChoice,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let mut state = self.state_to_change()?;
        let stored = state.organisations.get(&org).and_then(|rows| rows.imports.get(&id));
        if stored.is_some_and(|stored| stored.import.file_state != FileState::Kept) {
            return Ok(false);
        }
        let is_open = |state| matches!(state, ImportState::Ready | ImportState::Unusable);
        let has_same_cells = stored.is_none_or(|stored| layout.has_cells_of(&stored.import.layout));
        let was = state.change_import(org, id, is_open, |import| {
            import.state = ImportState::Analysing;
            import.layout = layout.clone();
            (import.problem, import.finished_at) = (None, None);
        });
        if was {
            let rows = state.organisations.entry(org).or_default();
            if let Some(run) = rows.imports.get_mut(&id).filter(|_| !has_same_cells) {
                run.corrections = Corrections::default();
            }
            // The worker that made the import ready may not have ended its job yet.
            state.jobs.remove(org, Job::AnalyseImport(id));
            state.jobs.push(org, Job::AnalyseImport(id), now, &self.ids());
        }
        Ok(was)
    }

    fn start(&self, org: OrgId, id: ImportId, actor: Actor, now: OffsetDateTime) -> Result<bool> {
        let mut state = self.state_to_change()?;
        state.check_plan(org, id)?;
        let was = state.change_import(
            org,
            id,
            |s| s == ImportState::Ready,
            |import| {
                import.state = ImportState::Run(RunState::Queued);
            },
        );
        if was {
            let rows = state.organisations.entry(org).or_default();
            if let Some(run) = rows.imports.get_mut(&id) {
                run.confirmed_at = Some(now);
            }
            rows.record(TrailEvent::import_started(id), actor, now);
            state.jobs.push(org, Job::RunImport(id), now, &self.ids());
        }
        Ok(was)
    }

    fn apply(&self, import: &Import, chunk: &Chunk, now: OffsetDateTime) -> Result<Applied> {
        self.rows(import.org, |rows| {
            let Some(mut run) = rows.imports.remove(&import.id) else {
                return Err(Error::NotFound("import"));
            };
            let applied = apply(rows, &mut run, chunk, now, &self.ids());
            rows.imports.insert(import.id, run);
            applied
        })
    }

    fn end(
        &self,
        org: OrgId,
        id: ImportId,
        state: RunState,
        problem: Option<String>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let mut all = self.state_to_change()?;
        let stored = all.organisations.get(&org).and_then(|rows| rows.imports.get(&id));
        if state == RunState::Done && stored.is_some_and(|run| !run.retries.is_empty()) {
            return Ok(false);
        }
        let ended = all.change_import(org, id, ImportState::is_under_way, |import| {
            let is_retry = import.retried_rows.is_some();
            import.state = ImportState::Run(if is_retry { RunState::Done } else { state });
            import.problem = problem;
            import.finished_at = Some(now);
        });
        if ended && state == RunState::Cancelled {
            let rows = all.organisations.entry(org).or_default();
            rows.record(TrailEvent::import_cancelled(id), actor, now);
        }
        Ok(ended)
    }

    fn issues(&self, org: OrgId, id: ImportId, after_row: u64, limit: usize) -> Result<Vec<Issue>> {
        self.read(org, |rows| {
            let Some(run) = rows.imports.get(&id) else { return Ok(Vec::new()) };
            let later = run.issues.iter().filter(|issue| issue.row > after_row);
            Ok(later.take(limit).cloned().collect())
        })
    }
}

fn apply(
    rows: &mut Rows,
    run: &mut StoredImport,
    chunk: &Chunk,
    now: OffsetDateTime,
    ids: &CountedIds,
) -> Result<Applied> {
    let StoredImport { import, retries, .. } = &*run;
    if !import.state.is_applying() {
        return Ok(Applied::Stopped(import.state));
    }
    let is_next = match chunk.is_retry {
        true => chunk.rows.iter().all(|row| retries.contains(&row.number)),
        false => chunk.after == import.tally.rows(),
    };
    if !is_next {
        return Ok(Applied::Superseded);
    }
    let existing = rows.with_keys(&RowKeys::of(&chunk.rows));
    let writes = ChunkPlan::new(import, &chunk.rows, existing, now).finish();
    for name in writes.tags.values() {
        rows.tags.written(std::slice::from_ref(name), ids);
    }
    // Before the contacts are written: those that get one of the addresses are unsubscribed.
    let (reason, actor) = (ConsentReason::Imported, Actor::Import(import.id));
    let unsubscribe = Unsubscribe { reason, at: now, actor, note: None };
    rows.contacts.suppress_addresses(import.org, &writes.suppressed, &unsubscribe);
    let (mut traces, mut lowered) = (Vec::new(), Vec::new());
    for planned in &writes.contacts {
        let (trace, is_lowered) = rows.write_row(import, planned, now, ids)?;
        // The plan reports the contacts that rows unsubscribe.
        lowered.extend((is_lowered && !planned.is_unsubscribed).then_some(planned.contact.id));
        traces.push(trace);
    }
    if chunk.is_retry {
        run.take_retries(&chunk.rows);
    }
    let StoredImport { import, issues, chunks, .. } = run;
    import.state = ImportState::Run(RunState::Running);
    import.started_at.get_or_insert(now);
    import.tally.add(&writes.tally);
    issues.extend(writes.issues);
    issues.sort_by_key(|issue| issue.row);
    chunks.push(traces);
    rows.publish(writes.events);
    let (kind, fields) = (EventKind::Updated, ["consent".to_owned()]);
    rows.publish(ContactEvent::of_many(&lowered, kind, &fields, actor, now));
    Ok(Applied::Chunk(import.tally.clone()))
}

impl Rows {
    /// Returns the contacts that have one of the keys, and the survivors of those that had one of
    /// the ids.
    pub(super) fn with_keys(&mut self, keys: &RowKeys) -> Vec<ExistingContact> {
        let mut former_ids: BTreeMap<ContactId, Vec<ContactId>> = BTreeMap::new();
        for id in &keys.ids {
            if self.contacts.records.contains_key(id) {
                former_ids.entry(*id).or_default();
            } else if let Some(survivor) = self.merged.get(id) {
                former_ids.entry(*survivor).or_default().push(*id);
            }
        }
        for key in &keys.emails {
            if let Some(record) = self.contacts.of_address(key) {
                former_ids.entry(record.contact.id).or_default();
            }
        }
        for id in &keys.external_ids {
            if let Some(owner) = self.contacts.by_external_id.get(id) {
                former_ids.entry(*owner).or_default();
            }
        }
        let existing = former_ids.into_iter().filter_map(|(id, former_ids)| {
            let contact = self.contacts.records.get(&id)?.contact.clone();
            Some(ExistingContact { former_ids, ..contact.into() })
        });
        existing.collect()
    }

    /// Writes a contact as a chunk plans it, and adds the import to the contact's sources. Returns
    /// whether a new address has changed the consent, too.
    fn write_row(
        &mut self,
        import: &Import,
        planned: &PlannedContact,
        now: OffsetDateTime,
        ids: &CountedIds,
    ) -> Result<(Trace, bool)> {
        let put_on = self.tags.written(&planned.tags, ids);
        let tags = self.tags.ids_of(&planned.tags);
        if planned.is_new() {
            let consent = Consent::Subscribed;
            let contact = Contact { tags: put_on, consent, ..planned.contact.clone() };
            self.contacts.insert(contact, Actor::Import(import.id))?;
            self.opt_out(import, planned, now);
            return Ok((planned.trace(false, tags), false));
        }
        let record = self.contacts.records.get_mut(&planned.contact.id);
        let record = record.ok_or(Error::NotFound("contact"))?;
        let source = import.source(planned.first_row, now);
        let again = !record.add_source(now, source.detail);
        let mut is_lowered = false;
        if planned.is_changed() {
            let mut all = record.contact.tags.clone();
            all.extend(put_on);
            all.sort();
            let contact = Contact { tags: all, ..planned.contact.clone() };
            is_lowered = self.contacts.replace(contact, AddressSource::CsvImport);
            self.opt_out(import, planned, now);
        }
        Ok((planned.trace(again, tags), is_lowered))
    }

    /// Unsubscribes a contact whose row says so.
    fn opt_out(&mut self, import: &Import, planned: &PlannedContact, now: OffsetDateTime) {
        let Some(unsubscribe) = planned.unsubscribe() else { return };
        if self.contacts.suppress(planned.contact.id, Some(unsubscribe.clone()))
            && let Some(record) = self.contacts.records.get_mut(&planned.contact.id)
        {
            let change = ConsentChange::Lower { reason: unsubscribe.reason, note: None };
            record.note(now, Actor::Import(import.id), ActivityKind::ConsentChanged(change));
        }
    }

    /// Adds what an import changed to the activity that reports the import as a source.
    pub(crate) fn tell_import(&self, contact: ContactId, entry: &mut Activity) {
        let ActivityKind::SourceAdded(SourceDetail::CsvImport { import, .. }) = &entry.what else {
            return;
        };
        let Some(run) = self.imports.get(import) else { return };
        let undo = self.undos.get(&UndoSubject::Import(*import));
        let undone = undo.map_or(0, StoredUndo::chunks_done);
        let chunks = run.chunks.iter().take(run.chunks.len() - undone).flatten();
        let name_of = |tag| self.tags.name_of(tag).map(|name| name.to_string());
        tell_import(entry, chunks.filter(|trace| trace.contact == contact), name_of);
    }
}
