//! Erasing people, and looking for them in files.

use std::sync::Arc;

use time::Duration;

use super::{Erasure, ErasureId, ErasureRepository, ErasureState, Sought, Work};
use crate::contact::{ContactId, ContactRepository, missing};
use crate::file::FileStore;
use crate::import::{Chunks, FileState, Import, ImportRepository, Spreadsheets, Turn};
use crate::job::Outcome;
use crate::{Actor, Clock, Error, Ids, OrgId, Result};

/// The use cases of erasures.
#[derive(Clone)]
pub struct ErasureService {
    /// Where erasures are kept.
    pub erasures: Arc<dyn ErasureRepository>,
    /// The contacts.
    pub contacts: Arc<dyn ContactRepository>,
    /// The imports, whose files are looked through.
    pub imports: Arc<dyn ImportRepository>,
    /// Where the files are.
    pub files: Arc<dyn FileStore>,
    /// What reads them.
    pub spreadsheets: Arc<dyn Spreadsheets>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
}

/// What a file holds of a person.
enum Held {
    Nothing,
    /// These rows, or nobody can tell which.
    Rows(Vec<u64>),
    /// It cannot be told yet, or cannot be deleted yet.
    Later,
    /// The work must give way.
    Stopped,
}

impl ErasureService {
    /// How long to wait before an import is looked at again.
    const PAUSE: Duration = Duration::minutes(1);

    /// Erases a person. The contact is gone when this returns; the files follow.
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
            state: ErasureState::Running,
            waits_for: Vec::new(),
            files: 0,
            actor,
            created_at: self.clock.now(),
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

    /// Erasures, the newest first.
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

    /// The job of looking for a person in files. Safe to run twice.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it is to be tried again.
    pub fn run(&self, org: OrgId, id: ErasureId, turn: &dyn Turn) -> Result<Outcome> {
        let Some(mut work) = self.erasures.work(org, id)? else { return Ok(Outcome::Done) };
        if !self.look_back(&mut work, turn)? {
            return Ok(Outcome::Again);
        }
        let mut waits_for = Vec::new();
        for import in std::mem::take(&mut work.erasure.waits_for) {
            let Some(import) = self.imports.get(org, import)? else { continue };
            match self.look(&work, &import, turn)? {
                Held::Later => waits_for.push(import.id),
                Held::Stopped => return Ok(Outcome::Again),
                Held::Nothing | Held::Rows(_) => {}
            }
        }
        let now = self.clock.now();
        if waits_for.is_empty() && self.erasures.finish(org, id, now)? {
            return Ok(Outcome::Done);
        }
        self.erasures.reached(org, id, work.reached, &waits_for, ErasureState::Waiting)?;
        Ok(Outcome::Rest(now + Self::PAUSE))
    }

    /// Looks through the files of all imports that had begun when the erasure was asked for.
    /// Says whether it came to their end.
    fn look_back(&self, work: &mut Work, turn: &dyn Turn) -> Result<bool> {
        const PAGE: usize = 50;
        let Erasure { org, id, created_at, .. } = work.erasure;
        loop {
            let page = self.imports.list(org, work.reached, PAGE)?;
            let is_last = page.len() < PAGE;
            for import in page {
                if !turn.may_go_on() {
                    return Ok(false);
                }
                if import.created_at <= created_at {
                    match self.look(work, &import, turn)? {
                        Held::Later => work.erasure.waits_for.push(import.id),
                        Held::Stopped => return Ok(false),
                        Held::Nothing | Held::Rows(_) => {}
                    }
                }
                work.reached = Some(import.id);
                let (reached, waits_for) = (work.reached, &work.erasure.waits_for);
                self.erasures.reached(org, id, reached, waits_for, ErasureState::Running)?;
            }
            if is_last {
                return Ok(true);
            }
        }
    }

    /// Looks into one file, and deletes it when the person is in it.
    fn look(&self, work: &Work, import: &Import, turn: &dyn Turn) -> Result<Held> {
        let held = self.held(&work.sought, import, turn)?;
        if let Held::Rows(rows) = &held {
            let Erasure { org, id, .. } = work.erasure;
            self.erasures.erase_file(org, id, import.id, rows)?;
        }
        Ok(held)
    }

    fn held(&self, sought: &Sought, import: &Import, turn: &dyn Turn) -> Result<Held> {
        if import.file_state != FileState::Kept {
            return Ok(Held::Nothing);
        }
        let is_over = import.state.is_end();
        let known = sought.imports.get(&import.id);
        let Some(analysis) = &import.analysis else {
            // Nobody can read it, and nobody can use it once it is at an end.
            return Ok(if is_over { Held::Rows(Vec::new()) } else { Held::Later });
        };
        let mut found: Vec<u64> = known.copied().into_iter().collect();
        let is_named = sought.is_in(&analysis.layout.header);
        let file = self.files.open(import.org, import.file)?;
        let mut is_unreadable = false;
        for (number, row) in (1..).zip(self.spreadsheets.rows(file, &analysis.layout)) {
            match row.map_err(Error::store)?.cells {
                Ok(cells) if sought.is_in(&cells) => found.push(number),
                Ok(_) => {}
                // Who knows who is in it.
                Err(_) => is_unreadable = true,
            }
            if number % Chunks::ROWS as u64 == 0 && turn.must_end() {
                return Ok(Held::Stopped);
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(match () {
            () if found.is_empty() && !is_named && !is_unreadable => Held::Nothing,
            () if is_over => Held::Rows(found),
            () => Held::Later,
        })
    }
}
