//! Erasures in memory.

use contacts_core::contact::{ActivityKind, ContactId, Origin};
use contacts_core::erasure::{Erasure, ErasureId, ErasureRepository, ErasureState, Sought, Work};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::import::{FileState, ImportId};
use contacts_core::job::Job;
use contacts_core::{OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::world::Rows;

/// An erasure, and what it has still to do.
pub(crate) struct Kept {
    erasure: Erasure,
    sought: Option<Sought>,
    reached: Option<ImportId>,
}

impl Rows {
    /// Erases a contact, and says by what it is found in files.
    fn erase(&mut self, erasure: &Erasure, id: ContactId, now: OffsetDateTime) -> Option<Sought> {
        let record = self.contacts.remove(id)?;
        let visitors = self.visitors.iter().filter(|(_, owner)| **owner == id);
        let visitors: Vec<_> = visitors.map(|(visitor, _)| visitor.clone()).collect();
        self.conversations.erase(id, &visitors);
        self.forget(id);
        let activity: Vec<ActivityKind> =
            record.activity.into_values().map(|activity| activity.what).collect();
        let mut traces = Vec::new();
        for piece in self.imports.values_mut().flat_map(|run| &mut run.pieces) {
            traces.extend(piece.extract_if(.., |trace| trace.contact == id));
        }
        let sought = Sought::of(&record.contact, &activity, &record.arrivals, &traces);
        self.forget_elsewhere(erasure, &sought);
        let kind = EventKind::Deleted;
        self.events.push(ContactEvent::of(id, kind, Vec::new(), erasure.actor, now));
        Some(sought)
    }

    /// Forgets what names the person elsewhere than in files.
    fn forget_elsewhere(&mut self, erasure: &Erasure, sought: &Sought) {
        self.forget_answers();
        if erasure.forget_unsubscribe {
            self.contacts.forget_unsubscribes(erasure.org, &sought.emails());
        }
        self.forget_what_connectors_said(|text| sought.is_named_in(text));
        for run in self.imports.values_mut() {
            if sought.is_named_in(&run.import.file_name) {
                run.import.file_name = "erased.csv".to_owned();
            }
        }
    }

    /// Whom imports that had begun before the erasure have added since by an address that is
    /// sought.
    fn added_since(&self, erasure: &Erasure, sought: &Sought) -> Vec<ContactId> {
        let is_meant = |import: &ImportId| {
            let run = self.imports.get(import);
            run.is_some_and(|run| run.import.created_at <= erasure.created_at)
        };
        let contacts = self.contacts.records.values().map(|record| &record.contact);
        let meant = contacts.filter(|contact| {
            contact.created_at >= erasure.created_at
                && sought.addresses.contains(contact.email_key())
                && matches!(&contact.source.origin, Origin::CsvImport { import, .. } if is_meant(import))
        });
        meant.map(|contact| contact.id).collect()
    }

    /// Deletes the file of an import and the rows that were shown of it; says whether it was
    /// there.
    pub(crate) fn drop_file(&mut self, import: ImportId, state: FileState, rows: &[u64]) -> bool {
        let Some(run) = self.imports.get_mut(&import) else { return false };
        self.files.remove(&run.import.file);
        for issue in run.issues.iter_mut().filter(|issue| rows.contains(&issue.row)) {
            issue.reason.clone_from(&issue.code);
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
        let mut state = self.state();
        let rows = state.organisations.entry(erasure.org).or_default();
        let Some(sought) = rows.erase(erasure, erasure.contact, erasure.created_at) else {
            return Ok(false);
        };
        let kept = Kept { erasure: erasure.clone(), sought: Some(sought), reached: None };
        rows.erasures.insert(erasure.id, kept);
        state.jobs.push(erasure.org, Job::Erase(erasure.id), erasure.created_at, &self.ids());
        Ok(true)
    }

    fn get(&self, org: OrgId, id: ErasureId) -> Result<Option<Erasure>> {
        self.rows(org, |rows| Ok(rows.erasures.get(&id).map(|kept| kept.erasure.clone())))
    }

    fn list(&self, org: OrgId, before: Option<ErasureId>, limit: usize) -> Result<Vec<Erasure>> {
        self.rows(org, |rows| {
            let erasures = rows.erasures.values().rev().map(|kept| kept.erasure.clone());
            let older = erasures.filter(|erasure| before.is_none_or(|before| erasure.id < before));
            Ok(older.take(limit).collect())
        })
    }

    fn work(&self, org: OrgId, id: ErasureId) -> Result<Option<Work>> {
        self.rows(org, |rows| {
            Ok(rows.erasures.get(&id).and_then(|kept| {
                let (erasure, reached) = (kept.erasure.clone(), kept.reached);
                Some(Work { erasure, sought: kept.sought.clone()?, reached })
            }))
        })
    }

    fn erase_file(&self, org: OrgId, id: ErasureId, import: ImportId, rows: &[u64]) -> Result<()> {
        self.rows(org, |all| {
            if all.drop_file(import, FileState::Erased, rows)
                && let Some(kept) = all.erasures.get_mut(&id)
            {
                kept.erasure.files += 1;
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
        state: ErasureState,
    ) -> Result<()> {
        self.rows(org, |rows| {
            let kept = rows.erasures.get_mut(&id).filter(|kept| kept.sought.is_some());
            if let Some(kept) = kept {
                kept.reached = reached;
                kept.erasure.waits_for = waits_for.to_vec();
                kept.erasure.state = state;
            }
            Ok(())
        })
    }

    fn finish(&self, org: OrgId, id: ErasureId, now: OffsetDateTime) -> Result<bool> {
        self.rows(org, |rows| {
            let Some(kept) = rows.erasures.get(&id) else { return Ok(true) };
            let is_open = kept.sought.is_some();
            if is_open && rows.is_syncing_since(kept.erasure.created_at) {
                return Ok(false);
            }
            let Some(kept) = rows.erasures.get_mut(&id) else { return Ok(true) };
            let Some(sought) = kept.sought.take() else { return Ok(true) };
            let erasure = kept.erasure.clone();
            kept.reached = None;
            kept.erasure.waits_for.clear();
            kept.erasure.state = ErasureState::Done;
            kept.erasure.finished_at = Some(now);
            for contact in rows.added_since(&erasure, &sought) {
                rows.erase(&erasure, contact, now);
            }
            rows.forget_elsewhere(&erasure, &sought);
            Ok(true)
        })
    }
}
