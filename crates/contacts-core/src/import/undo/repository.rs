//! Where imports are undone.

use time::OffsetDateTime;

use super::{Kept, Undo, UndoId, UndoTally};
use crate::contact::ContactId;
use crate::import::ImportId;
use crate::{Actor, OrgId, Result};

/// Whether an undo began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It did.
    Yes,
    /// The import has not come to an end, was or is undone, or is not there.
    NotNow,
    /// What the import did was not kept when it ran.
    Untold,
}

/// What became of the next piece of an undo.
#[derive(Clone, Debug, PartialEq)]
pub enum UndoStep {
    /// It is undone; this is the tally with it.
    Took(UndoTally),
    /// There was none left: the import is undone.
    Finished,
    /// The undo does not go on, or is not there.
    Stopped,
}

/// Undoes imports, piece by piece. What each piece did is kept by
/// [`crate::import::ImportRepository::apply`].
///
/// Every implementation passes `contacts_testkit::undo_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait UndoRepository: Send + Sync {
    /// Done, cancelled or failed, the import is being undone, and a job for that is queued. One
    /// whose undo has failed goes on where that came to.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn begin(
        &self,
        org: OrgId,
        import: ImportId,
        id: UndoId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Begun>;

    /// The undo of an import.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, import: ImportId) -> Result<Option<Undo>>;

    /// Undoes the last piece that is not undone, all of it or nothing, each person as
    /// [`super::reverse`] says; without one, the import is undone.
    ///
    /// What is put back counts as a change by whoever asked. Somebody who was there before the
    /// import has not come by it any more.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be kept; then it may be tried again.
    fn step(&self, org: OrgId, id: UndoId, now: OffsetDateTime) -> Result<UndoStep>;

    /// Running, it has failed, and the import is in the state that it was in before. Says
    /// whether it was running.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn fail(&self, org: OrgId, id: UndoId, problem: &str, now: OffsetDateTime) -> Result<bool>;

    /// What the undo of an import left as it is, by contact and field, after one of them.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn kept(
        &self,
        org: OrgId,
        import: ImportId,
        after: Option<(ContactId, Option<String>)>,
        limit: usize,
    ) -> Result<Vec<Kept>>;
}
