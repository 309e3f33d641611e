//! Imports in memory: rows are taken one by one, as the rule says.

use std::collections::BTreeMap;

use contacts_core::contact::{
    Activity, ActivityKind, Arrival, Contact, ContactId, Origin, changed_fields,
};
use contacts_core::event::EventGroups;
use contacts_core::import::{
    Analysis, Applied, Chunk, Decision, Deed, FieldEdit, Fingerprint, Import, ImportId,
    ImportRepository, ImportRow, ImportState, Issue, Plan, PlannedRow, Policy, Skip, Tally, Trace,
    added, decide, tell_import,
};
use contacts_core::job::Job;
use contacts_core::tag::TagName;
use contacts_core::{Actor, Error, OrgId, Result};
use time::OffsetDateTime;

use crate::memory::contacts::Record;
use crate::memory::dry_runs::Rehearsal;
use crate::memory::undos::Undoing;
use crate::world::{Rows, State};
use crate::{CountedIds, World};

/// An import and what was noted of its rows.
pub(crate) struct Run {
    pub(crate) import: Import,
    pub(crate) issues: Vec<Issue>,
    /// What each piece did, in order.
    pub(crate) pieces: Vec<Vec<Trace>>,
    pub(crate) dry: Option<Rehearsal>,
    pub(crate) undo: Option<Undoing>,
}

/// A person whom a chunk has met.
struct Met {
    row: u64,
    again: bool,
    /// As they were; nothing for somebody new.
    before: Option<Contact>,
    /// Tags that were put on.
    tags: Vec<TagName>,
}

type Everybody = BTreeMap<ContactId, Met>;

/// What the rows of one chunk have in common.
struct Taking<'a> {
    import: &'a Import,
    policy: Policy,
    now: OffsetDateTime,
    ids: &'a CountedIds,
}

impl Taking<'_> {
    /// Takes one row; what it did is told by the decision.
    fn take(
        &self,
        rows: &mut Rows,
        (everybody, events): (&mut Everybody, &mut EventGroups),
        planned: &PlannedRow,
        row: &ImportRow,
    ) -> Result<Decision> {
        let number = planned.number;
        let known = rows.contacts.of_address(row.email.key());
        let decision = decide(known.as_ref().map(|r| &r.contact), row, self.policy, self.now);
        match (&decision, known) {
            (Decision::Add, _) => {
                self.add(rows, planned, row)?;
                let met = Met { row: number, again: false, before: None, tags: row.tags.clone() };
                everybody.insert(planned.id, met);
                events.created(planned.id);
            }
            (Decision::Update { contact, tags, .. }, Some(record)) => {
                self.meet(everybody, record, number, tags);
                events.updated(contact.id, changed_fields(&record.contact, contact));
                let mut all = record.contact.tags.clone();
                all.extend(rows.tags.written(tags, self.ids));
                all.sort();
                record.contact = Contact { tags: all, ..(**contact).clone() };
            }
            (Decision::Skip(Skip::Unchanged), Some(record)) => {
                self.meet(everybody, record, number, &[]);
            }
            _ => {}
        }
        Ok(decision)
    }

    fn add(&self, rows: &mut Rows, planned: &PlannedRow, row: &ImportRow) -> Result<()> {
        let contact = added(row, self.import.org, planned.id, self.arrival(planned.number));
        let tags = rows.tags.written(&row.tags, self.ids);
        rows.contacts.insert(Contact { tags, ..contact }, self.actor())
    }

    /// Notes a person as they are, before a row changes them. By the first row that finds it, a
    /// contact has come by this import, too.
    fn meet(&self, everybody: &mut Everybody, record: &mut Record, row: u64, tags: &[TagName]) {
        let again = !record.arrive(self.now, self.arrival(row).origin);
        let met = everybody.entry(record.contact.id).or_insert_with(|| Met {
            row,
            again,
            before: Some(record.contact.clone()),
            tags: Vec::new(),
        });
        met.tags.extend(tags.iter().cloned());
    }

    fn arrival(&self, row: u64) -> Arrival {
        let Import { id: import, file_name, .. } = self.import.clone();
        Arrival { at: self.now, origin: Origin::CsvImport { import, file_name, row } }
    }

    fn actor(&self) -> Actor {
        Actor::Import(self.import.id)
    }
}

/// Counts a row, and notes what people want to know of it.
fn count(tally: &mut Tally, issues: &mut Vec<Issue>, planned: &PlannedRow, decision: &Decision) {
    let skipped = match decision {
        Decision::Add => {
            tally.added += 1;
            None
        }
        Decision::Update { .. } => {
            tally.updated += 1;
            None
        }
        Decision::Skip(skip) => Some(*skip),
    };
    tally.count(skipped, planned.warnings.len());
    if skipped.is_none_or(Skip::is_issue) {
        issues.extend(Issue::of(planned, skipped));
    }
}

impl State {
    /// Changes an import that is in one of some states; says whether it was.
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
            // What a dry run has said is not true of the import any more.
            run.dry = None;
        })
        .is_some()
    }
}

impl ImportRepository for World {
    fn insert(&self, import: &Import) -> Result<()> {
        self.rows(import.org, |rows| {
            let run = Run {
                import: import.clone(),
                issues: Vec::new(),
                pieces: Vec::new(),
                dry: None,
                undo: None,
            };
            rows.imports.insert(import.id, run);
            Ok(())
        })
    }

    fn get(&self, org: OrgId, id: ImportId) -> Result<Option<Import>> {
        self.rows(org, |rows| Ok(rows.imports.get(&id).map(|run| run.import.clone())))
    }

    fn list(&self, org: OrgId, before: Option<ImportId>, limit: usize) -> Result<Vec<Import>> {
        self.rows(org, |rows| {
            let runs = rows.imports.values().rev().map(|run| run.import.clone());
            Ok(runs.filter(|run| before.is_none_or(|before| run.id < before)).take(limit).collect())
        })
    }

    fn uploaded(&self, org: OrgId, id: ImportId, bytes: u64, now: OffsetDateTime) -> Result<bool> {
        let mut state = self.state();
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
        org: OrgId,
        id: ImportId,
        found: &Result<(Analysis, Plan), String>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let is_analysing = |state| state == ImportState::Analysing;
        Ok(self.state().change_import(org, id, is_analysing, |import| match found {
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

    fn replan(&self, org: OrgId, id: ImportId, plan: &Plan) -> Result<bool> {
        let is_ready = |state| state == ImportState::Ready;
        Ok(self.state().change_import(org, id, is_ready, |import| import.plan = Some(plan.clone())))
    }

    fn start(&self, org: OrgId, id: ImportId, now: OffsetDateTime) -> Result<bool> {
        let mut state = self.state();
        let was = state.change_import(
            org,
            id,
            |s| s == ImportState::Ready,
            |import| {
                import.state = ImportState::Running;
                import.started_at = Some(now);
            },
        );
        if was {
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
        state: ImportState,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        Ok(self.state().change_import(org, id, ImportState::is_under_way, |import| {
            import.state = state;
            import.problem = problem;
            import.finished_at = Some(now);
        }))
    }

    fn issues(&self, org: OrgId, id: ImportId, after_row: u64, limit: usize) -> Result<Vec<Issue>> {
        self.rows(org, |rows| {
            let Some(run) = rows.imports.get(&id) else { return Ok(Vec::new()) };
            let later = run.issues.iter().filter(|issue| issue.row > after_row);
            Ok(later.take(limit).cloned().collect())
        })
    }
}

fn apply(
    rows: &mut Rows,
    run: &mut Run,
    chunk: &Chunk,
    now: OffsetDateTime,
    ids: &CountedIds,
) -> Result<Applied> {
    let Run { import, issues, pieces, .. } = run;
    if import.state != ImportState::Running {
        return Ok(Applied::Stopped(import.state));
    }
    if chunk.after != import.tally.rows() {
        return Ok(Applied::Superseded);
    }
    let policy = import.plan.as_ref().map(|plan| plan.policy).unwrap_or_default();
    let mut tally = import.tally.clone();
    let mut events = EventGroups::default();
    let mut everybody = Everybody::new();
    for planned in &chunk.rows {
        let decision = match &planned.row {
            Ok(row) => {
                let taking = Taking { import, policy, now, ids };
                taking.take(rows, (&mut everybody, &mut events), planned, row)?
            }
            Err(skip) => Decision::Skip(*skip),
        };
        count(&mut tally, issues, planned, &decision);
    }
    import.tally = tally.clone();
    rows.events.extend(events.into_events(Actor::Import(import.id), now));
    pieces.push(everybody.into_iter().filter_map(|(id, met)| trace(rows, id, met)).collect());
    Ok(Applied::Taken(tally))
}

impl Rows {
    /// Tells what an import changed, where an entry says that a contact came by one.
    pub(crate) fn tell_import(&self, contact: ContactId, entry: &mut Activity) {
        let ActivityKind::Arrived(Origin::CsvImport { import, .. }) = &entry.what else { return };
        let Some(run) = self.imports.get(import) else { return };
        let undone = run.undo.as_ref().map_or(0, Undoing::pieces_done);
        let pieces = run.pieces.iter().take(run.pieces.len() - undone).flatten();
        let name_of = |tag| self.tags.name_of(tag).map(|name| name.to_string());
        tell_import(entry, pieces.filter(|trace| trace.contact == contact), name_of);
    }
}

fn trace(rows: &Rows, id: ContactId, met: Met) -> Option<Trace> {
    let contact = &rows.contacts.records.get(&id)?.contact;
    let tags = rows.tags.ids_of(&met.tags);
    let deed = match &met.before {
        None => Deed::Added { profile: Fingerprint::of(contact), tags },
        Some(before) => Deed::Updated { edits: FieldEdit::between(before, contact), tags },
    };
    Some(Trace { contact: id, row: met.row, again: met.again, deed })
}
