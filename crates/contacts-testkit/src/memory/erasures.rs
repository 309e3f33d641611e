//! Erasures in memory.

use contacts_core::contact::{ActivityKind, ContactId, SourceDetail};
use contacts_core::erasure::{Erasure, ErasureId, ErasureIdentifiers, ErasureRepository, Work};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::import::{Corrections, FileState, ImportId};
use contacts_core::job::Job;
use contacts_core::run::RunState;
use contacts_core::trail::TrailEvent;
use contacts_core::{OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::world::Rows;

/// An erasure and its remaining work.
pub(crate) struct Kept {
    pub(super) erasure: Erasure,
    identifiers: Option<ErasureIdentifiers>,
    reached: Option<ImportId>,
}

impl Rows {
    /// Erases a contact, and returns the identifiers by which files are searched for it.
    fn erase(
        &mut self,
        erasure: &Erasure,
        id: ContactId,
        now: OffsetDateTime,
    ) -> Option<ErasureIdentifiers> {
        let record = self.contacts.remove(id)?;
        let merged = self.merged.iter().filter(|(_, survivor)| **survivor == id);
        let ids = merged.map(|(merged, _)| *merged).chain([id]).collect();
        self.forget_journal(&ids);
        let visitors = self.visitors.iter().filter(|(_, owner)| **owner == id);
        let visitors: Vec<_> = visitors.map(|(visitor, _)| visitor.clone()).collect();
        self.conversations.erase(id, &visitors);
        self.forget(id);
        let activity: Vec<ActivityKind> =
            record.activity.into_values().map(|activity| activity.what).collect();
        let mut traces = Vec::new();
        for chunk in self.imports.values_mut().flat_map(|run| &mut run.chunks) {
            traces.extend(chunk.extract_if(.., |trace| trace.contact == id));
        }
        let identifiers =
            ErasureIdentifiers::of(&record.contact, &activity, &record.sources, &traces);
        self.forget_elsewhere(erasure, &identifiers);
        let kind = EventKind::Deleted;
        self.publish([ContactEvent::of(id, kind, Vec::new(), erasure.actor, now)]);
        Some(identifiers)
    }

    /// Erases the identifiers of the person from everything except files.
    fn forget_elsewhere(&mut self, erasure: &Erasure, identifiers: &ErasureIdentifiers) {
        self.forget_answers();
        if erasure.forget_unsubscribe {
            self.contacts.forget_unsubscribes(erasure.org, &identifiers.emails());
        }
        self.forget_what_connectors_said(|text| identifiers.occurs_in(text));
        for stored in self.actions.values_mut() {
            stored.forget_value(|text| identifiers.occurs_in_value(text));
        }
        for run in self.imports.values_mut() {
            if identifiers.occurs_in(&run.import.file_name) {
                run.import.file_name = "erased.csv".to_owned();
            }
        }
    }

    /// Returns the contacts that imports which started before the erasure have added since, by an
    /// erased address.
    fn added_since(&self, erasure: &Erasure, identifiers: &ErasureIdentifiers) -> Vec<ContactId> {
        let is_expected = |import: &ImportId| {
            let run = self.imports.get(import);
            run.is_some_and(|run| run.import.created_at <= erasure.created_at)
        };
        let contacts = self.contacts.records.values().map(|record| &record.contact);
        let meant = contacts.filter(|contact| {
            contact.created_at >= erasure.created_at
                && contact.emails().any(|email| identifiers.addresses.contains(email.key()))
                && matches!(&contact.source.detail, SourceDetail::CsvImport { import, .. } if is_expected(import))
        });
        meant.map(|contact| contact.id).collect()
    }

    /// Deletes the file and the sample rows of an import, and the details of issues with some rows.
    /// Returns whether the file was still stored.
    pub(crate) fn drop_file(&mut self, import: ImportId, state: FileState, rows: &[u64]) -> bool {
        let Some(run) = self.imports.get_mut(&import) else { return false };
        self.files.remove(&run.import.file);
        run.corrections = Corrections::default();
        run.retries.clear();
        run.import.corrected_rows = 0;
        for issue in run.issues.iter_mut().filter(|issue| rows.contains(&issue.row)) {
            issue.reason = issue.code.as_str().to_owned();
        }
        let was_kept = run.import.file_state == FileState::Kept;
        if was_kept {
            run.import.file_state = state;
            if let Some(analysis) = &mut run.import.analysis {
                analysis.samples.clear();
            }
        }
        was_kept
    }
}

impl ErasureRepository for World {
    fn begin(&self, erasure: &Erasure) -> Result<bool> {
        let mut state = self.state_to_change()?;
        let rows = state.organisations.entry(erasure.org).or_default();
        let Some(identifiers) = rows.erase(erasure, erasure.contact, erasure.created_at) else {
            return Ok(false);
        };
        let stored =
            Kept { erasure: erasure.clone(), identifiers: Some(identifiers), reached: None };
        rows.erasures.insert(erasure.id, stored);
        rows.record(TrailEvent::contact_erased(erasure), erasure.actor, erasure.created_at);
        state.jobs.push(erasure.org, Job::Erase(erasure.id), erasure.created_at, &self.ids());
        Ok(true)
    }

    fn get(&self, org: OrgId, id: ErasureId) -> Result<Option<Erasure>> {
        self.read(org, |rows| Ok(rows.erasures.get(&id).map(|stored| stored.erasure.clone())))
    }

    fn list(&self, org: OrgId, before: Option<ErasureId>, limit: usize) -> Result<Vec<Erasure>> {
        self.read(org, |rows| {
            let erasures = rows.erasures.values().rev().map(|stored| stored.erasure.clone());
            let older = erasures.filter(|erasure| before.is_none_or(|before| erasure.id < before));
            Ok(older.take(limit).collect())
        })
    }

    fn work(&self, org: OrgId, id: ErasureId) -> Result<Option<Work>> {
        self.read(org, |rows| {
            Ok(rows.erasures.get(&id).and_then(|stored| {
                let (erasure, reached) = (stored.erasure.clone(), stored.reached);
                Some(Work { erasure, identifiers: stored.identifiers.clone()?, reached })
            }))
        })
    }

    fn erase_file(&self, org: OrgId, id: ErasureId, import: ImportId, rows: &[u64]) -> Result<()> {
        self.rows(org, |all| {
            if all.drop_file(import, FileState::Erased, rows)
                && let Some(stored) = all.erasures.get_mut(&id)
            {
                stored.erasure.files += 1;
            }
            Ok(())
        })
    }

    fn reached(
        &self,
        org: OrgId,
        id: ErasureId,
        reached: Option<ImportId>,
        waits_for: &[ImportId],
        state: RunState,
        now: OffsetDateTime,
    ) -> Result<()> {
        self.rows(org, |rows| {
            let stored = rows.erasures.get_mut(&id).filter(|stored| stored.identifiers.is_some());
            if let Some(stored) = stored {
                stored.reached = reached;
                stored.erasure.waits_for = waits_for.to_vec();
                stored.erasure.state = state;
                stored.erasure.started_at.get_or_insert(now);
            }
            Ok(())
        })
    }

    fn finish(&self, org: OrgId, id: ErasureId, now: OffsetDateTime) -> Result<bool> {
        self.rows(org, |rows| {
            let Some(stored) = rows.erasures.get(&id) else { return Ok(true) };
            let is_open = stored.identifiers.is_some();
            if is_open && rows.is_syncing_since(stored.erasure.created_at) {
                return Ok(false);
            }
            let Some(stored) = rows.erasures.get_mut(&id) else { return Ok(true) };
            let Some(identifiers) = stored.identifiers.take() else { return Ok(true) };
            let erasure = stored.erasure.clone();
            stored.reached = None;
            stored.erasure.waits_for.clear();
            stored.erasure.state = RunState::Done;
            stored.erasure.started_at.get_or_insert(now);
            stored.erasure.finished_at = Some(now);
            for contact in rows.added_since(&erasure, &identifiers) {
                rows.erase(&erasure, contact, now);
            }
            rows.forget_elsewhere(&erasure, &identifiers);
            Ok(true)
        })
    }
}
