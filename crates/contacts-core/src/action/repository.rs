//! The port that stores and runs actions.

use time::OffsetDateTime;

use super::{Action, ActionId, Chunk, Tally};
use crate::contact::ContactFilter;
use crate::export::Sheet;
use crate::run::RunState;
use crate::{Actor, OrgId, Result};

/// The number of contacts that a user confirmed (R23).
#[derive(Clone, Debug, PartialEq)]
pub struct Confirmation {
    /// Number of contacts.
    pub count: u64,
    /// Filter that contacts of the selection must match to be counted.
    pub filter: ContactFilter,
}

/// Result of applying a part of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The part was applied.
    Part {
        /// Counts of the action, including this part.
        tally: Tally,
        /// Number of finished chunks, including this one if the part is its last.
        chunks_done: u32,
    },
    /// The action is not running; nothing was changed.
    Stopped(RunState),
    /// Another worker has finished this chunk; nothing was changed.
    Superseded,
}

/// Stores and runs actions.
///
/// Every implementation passes `contacts_testkit::action_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait ActionRepository: Send + Sync {
    /// Adds a queued action and enqueues its job for `due`. An export, a deletion or a merge is
    /// recorded in the audit trail (R61). A confirmed number of contacts is compared in the same
    /// transaction.
    ///
    /// # Errors
    ///
    /// [`crate::Error::NotFound`] when the selection or the campaign does not exist;
    /// [`crate::Error::CountChanged`] when another number of contacts was confirmed.
    fn insert(
        &self,
        action: &Action,
        confirmed: Option<Confirmation>,
        due: OffsetDateTime,
    ) -> Result<()>;

    /// Finds an action.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn get(&self, org: OrgId, id: ActionId) -> Result<Option<Action>>;

    /// Returns up to `limit` actions, newest first, older than `before` when it is given.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn list(&self, org: OrgId, before: Option<ActionId>, limit: usize) -> Result<Vec<Action>>;

    /// Applies the next part of a chunk of a running action of any kind except an export, and
    /// counts it, all or nothing. A part has at most `limit` contacts of the chunk, after those of
    /// the earlier parts. A delete skips contacts that no longer match the filter. The changes
    /// appear in the change feed and in the activity of each contact. What an action that can be
    /// undone did is kept in the journal, for [`crate::undo::UndoRepository`] to undo.
    ///
    /// # Errors
    ///
    /// [`crate::Error::NotFound`] when the action, its selection or its campaign does not exist any
    /// more; [`crate::Error::Store`] when the store fails; then it may be tried again.
    fn apply(
        &self,
        action: &Action,
        chunk: u32,
        limit: usize,
        filter: &ContactFilter,
        now: OffsetDateTime,
    ) -> Result<Applied>;

    /// Exports the next part of a chunk of a running action: appends the rows of existing contacts
    /// to the action's file and counts the part, all or nothing. The first part starts with the
    /// header.
    /// An export leaves no trace in the feed or in the activity.
    ///
    /// # Errors
    ///
    /// Those of [`ActionRepository::apply`].
    fn export(
        &self,
        action: &Action,
        chunk: u32,
        limit: usize,
        sheet: &Sheet,
        now: OffsetDateTime,
    ) -> Result<Applied>;

    /// Deletes the file of an action that has ended.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn erase_file(&self, org: OrgId, id: ActionId) -> Result<()>;

    /// Ends an open action as `Done`, `Cancelled` or `Failed` (with its problem), and deletes its
    /// job. The file of an export that is done gets a job that deletes it after
    /// [`Action::FILE_RETENTION`]; the file of another is deleted. Returns whether the action was
    /// open.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn end(
        &self,
        org: OrgId,
        id: ActionId,
        state: RunState,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Ends an open action as `Cancelled`, as [`ActionRepository::end`] does. If the audit trail has the
    /// start of the action, it gets the cancellation, too, with the number of contacts that the action
    /// had handled (R61).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn cancel(&self, org: OrgId, id: ActionId, actor: Actor, now: OffsetDateTime) -> Result<bool>;

    /// Returns the results of an applied part, or `None` when it is not applied. The parts of an
    /// action are numbered from 0, across the chunks of the selection.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn part(&self, org: OrgId, id: ActionId, part: u32) -> Result<Option<Chunk>>;
}
