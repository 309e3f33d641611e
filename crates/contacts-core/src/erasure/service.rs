//! The use cases of erasures, and the job that searches files.

use std::sync::Arc;

use time::Duration;

use super::{Erasure, ErasureId, ErasureIdentifiers, ErasureRepository, Work};
use crate::contact::{ContactId, ContactRepository, missing};
use crate::file::FileStore;
use crate::import::{Chunks, FileState, Import, ImportRepository, Spreadsheets};
use crate::job::{Interrupt, Outcome};
use crate::run::RunState;
use crate::{Actor, Clock, Error, Ids, OrgId, Ports, Result};

/// The use cases of erasures.
#[derive(Clone)]
pub struct ErasureService {
    erasures: Arc<dyn ErasureRepository>,
    contacts: Arc<dyn ContactRepository>,
    imports: Arc<dyn ImportRepository>,
    files: Arc<dyn FileStore>,
    spreadsheets: Arc<dyn Spreadsheets>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

/// The result of searching a file for the contact.
enum SearchResult {
    Nothing,
    /// The file contains or may contain the contact. Holds the rows that are known to.
    Rows(Vec<u64>),
    /// The file cannot be searched or deleted yet.
    Later,
    /// The job must give way.
    Stopped,
}

impl ErasureService {
    /// Time after which the job checks a waiting erasure again.
    const PAUSE: Duration = Duration::minutes(1);

    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            erasures: ports.erasures.clone(),
            contacts: ports.contacts.clone(),
            imports: ports.imports.clone(),
            files: ports.files.clone(),
            spreadsheets: ports.spreadsheets.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        }
    }

    /// Erases a contact. The contact is deleted when this returns; its files follow.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Merged`].
    pub fn erase(
        &self,
        org: OrgId,
        contact: ContactId,
        forget_unsubscribe: bool,
        actor: Actor,
    ) -> Result<Erasure> {
        let erasure = Erasure {
            org,
            id: ErasureId(self.ids.next()),
            contact,
            forget_unsubscribe,
            state: RunState::Queued,
            waits_for: Vec::new(),
            files: 0,
            actor,
            created_at: self.clock.now(),
            started_at: None,
            finished_at: None,
        };
        if self.erasures.begin(&erasure)? {
            Ok(erasure)
        } else {
            Err(missing(&*self.contacts, org, contact))
        }
    }

    /// Finds an erasure.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn get(&self, org: OrgId, id: ErasureId) -> Result<Erasure> {
        self.erasures.get(org, id)?.ok_or(Error::NotFound("erasure"))
    }

    /// Lists erasures, the newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(
        &self,
        org: OrgId,
        before: Option<ErasureId>,
        limit: usize,
    ) -> Result<Vec<Erasure>> {
        self.erasures.list(org, before, limit)
    }

    /// Runs the job that searches files for the contact. Safe to run twice.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then the job can be run again.
    pub fn run(&self, org: OrgId, id: ErasureId, interrupt: &dyn Interrupt) -> Result<Outcome> {
        let Some(mut work) = self.erasures.work(org, id)? else { return Ok(Outcome::Done) };
        if !self.search_old_imports(&mut work, interrupt)? {
            return Ok(Outcome::Again);
        }
        let mut waits_for = Vec::new();
        for import in std::mem::take(&mut work.erasure.waits_for) {
            let Some(import) = self.imports.get(org, import)? else { continue };
            match self.search(&work, &import, interrupt)? {
                SearchResult::Later => waits_for.push(import.id),
                SearchResult::Stopped => return Ok(Outcome::Again),
                SearchResult::Nothing | SearchResult::Rows(_) => {}
            }
        }
        let now = self.clock.now();
        if waits_for.is_empty() && self.erasures.finish(org, id, now)? {
            return Ok(Outcome::Done);
        }
        self.erasures.reached(org, id, work.reached, &waits_for, RunState::Waiting, now)?;
        Ok(Outcome::Rest(now + Self::PAUSE))
    }

    /// Searches the files of all imports that began before the erasure was requested. Returns
    /// whether all of them were searched.
    fn search_old_imports(&self, work: &mut Work, interrupt: &dyn Interrupt) -> Result<bool> {
        const PAGE: usize = 50;
        let Erasure { org, id, created_at, .. } = work.erasure;
        loop {
            let page = self.imports.list(org, work.reached, PAGE)?;
            let is_last = page.len() < PAGE;
            for import in page {
                if !interrupt.may_continue() {
                    return Ok(false);
                }
                if import.created_at <= created_at {
                    match self.search(work, &import, interrupt)? {
                        SearchResult::Later => work.erasure.waits_for.push(import.id),
                        SearchResult::Stopped => return Ok(false),
                        SearchResult::Nothing | SearchResult::Rows(_) => {}
                    }
                }
                work.reached = Some(import.id);
                let (reached, waits_for) = (work.reached, &work.erasure.waits_for);
                let now = self.clock.now();
                self.erasures.reached(org, id, reached, waits_for, RunState::Running, now)?;
            }
            if is_last {
                return Ok(true);
            }
        }
    }

    /// Searches one file, and deletes it when it contains the contact.
    fn search(
        &self,
        work: &Work,
        import: &Import,
        interrupt: &dyn Interrupt,
    ) -> Result<SearchResult> {
        let search_rows = self.search_rows(&work.identifiers, import, interrupt)?;
        if let SearchResult::Rows(rows) = &search_rows {
            let Erasure { org, id, .. } = work.erasure;
            self.erasures.erase_file(org, id, import.id, rows)?;
        }
        Ok(search_rows)
    }

    fn search_rows(
        &self,
        identifiers: &ErasureIdentifiers,
        import: &Import,
        interrupt: &dyn Interrupt,
    ) -> Result<SearchResult> {
        if import.file_state != FileState::Kept {
            return Ok(SearchResult::Nothing);
        }
        let has_ended = import.state.is_end();
        let known = identifiers.imports.get(&import.id);
        let Some(analysis) = &import.analysis else {
            // A file without a layout cannot be searched. Once its import has ended, nobody needs
            // it.
            return Ok(if has_ended {
                SearchResult::Rows(Vec::new())
            } else {
                SearchResult::Later
            });
        };
        let mut found: Vec<u64> = known.copied().into_iter().collect();
        let is_named = identifiers.is_in(&analysis.layout.header);
        let corrections = self.imports.corrections(import.org, import.id)?;
        let corrected = corrections.texts().filter(|(_, texts)| identifiers.is_in(texts));
        found.extend(corrected.map(|(row, _)| row));
        let file = self.files.open(import.org, import.file)?;
        let mut is_unreadable = false;
        for (number, row) in (1..).zip(self.spreadsheets.rows(file, &analysis.layout)) {
            match row.map_err(Error::store)?.cells {
                Ok(cells) if identifiers.is_in(&cells) => found.push(number),
                Ok(_) => {}
                // An unreadable row may be about the contact.
                Err(_) => is_unreadable = true,
            }
            if number % Chunks::ROWS as u64 == 0 && interrupt.must_end() {
                return Ok(SearchResult::Stopped);
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(match () {
            () if found.is_empty() && !is_named && !is_unreadable => SearchResult::Nothing,
            () if has_ended => SearchResult::Rows(found),
            () => SearchResult::Later,
        })
    }
}
