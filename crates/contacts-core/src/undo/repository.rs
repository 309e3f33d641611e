//! The port of undos.

use time::OffsetDateTime;

use super::{KeptItem, Undo, UndoId, UndoSubject, UndoTally};
use crate::contact::ContactId;
use crate::run::RunState;
use crate::{Actor, OrgId, Result};

/// The result of requesting an undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoStart {
    /// The undo has started.
    Yes,
    /// The import or the action does not exist, has not ended, is being undone or was undone; or
    /// the contact is not merged, its merge is being undone, or the surviving contact was merged
    /// later.
    NotNow,
    /// What the import, the action or the merge did is not stored, or no longer.
    NoTraces,
}

/// The result of a step of an undo.
#[derive(Clone, Debug, PartialEq)]
pub enum UndoStep {
    /// A chunk was undone. Holds the new tally of the undo.
    Chunk(UndoTally),
    /// No chunk was left: the import or the action is undone.
    Finished,
    /// The undo is not running, or does not exist.
    Stopped,
}

/// Undoes imports, chunk by chunk, by the traces that [`crate::import::ImportRepository::apply`]
/// has stored, and bulk actions, part by part, by the journal that
/// [`crate::action::ActionRepository::apply`] has stored, and merges by what
/// [`crate::contact::ContactRepository::merge_contacts`] has stored.
///
/// Every implementation passes `contacts_testkit::undo_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait UndoRepository: Send + Sync {
    /// Starts the undo of an import or an action that is done, cancelled or failed, or of a merge,
    /// and queues the job. The import is undoing then. An undo that has failed or was cancelled
    /// continues after the chunks that are undone. The start is recorded in the audit trail (R61).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn begin(
        &self,
        org: OrgId,
        subject: UndoSubject,
        id: UndoId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<UndoStart>;

    /// Returns the undo of an import, an action or a merge.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn get(&self, org: OrgId, subject: UndoSubject) -> Result<Option<Undo>>;

    /// Finds an undo by its own id.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn find(&self, org: OrgId, id: UndoId) -> Result<Option<Undo>>;

    /// Undoes the last chunk that is not undone yet, completely or not at all. When none is left,
    /// the undo is done, and the import is undone.
    ///
    /// [`crate::import::reverse_chunk`] decides about the traces of an import,
    /// [`crate::journal::JournalEntry::reverse`] about the journal of an action, and
    /// [`crate::journal::MergeTrace::undo`] about a merge. The actor of the changes is the one who
    /// requested the undo. A contact that existed before an import loses it as a source.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails; then the step can be run again.
    fn step(&self, org: OrgId, id: UndoId, now: OffsetDateTime) -> Result<UndoStep>;

    /// Ends an open undo as `Failed` (with its problem) or `Cancelled`, and gives an import the
    /// state that it had before. Chunks that are undone stay so. Returns whether the undo was open.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn end(
        &self,
        org: OrgId,
        id: UndoId,
        state: RunState,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Lists what an undo kept, sorted by contact and field, after the given one.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn kept(
        &self,
        org: OrgId,
        subject: UndoSubject,
        after: Option<(ContactId, Option<String>)>,
        limit: usize,
    ) -> Result<Vec<KeptItem>>;
}
