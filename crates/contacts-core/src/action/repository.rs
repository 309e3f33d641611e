//! Where actions are kept, and how they are done.

use time::OffsetDateTime;

use super::{Action, ActionId, ActionState, Piece, Tally};
use crate::contact::ContactFilter;
use crate::export::Sheet;
use crate::{OrgId, Result};

/// What became of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was done; this is the action's tally with it.
    Taken(Tally),
    /// The action is in another state than running: nothing was done.
    Stopped(ActionState),
    /// Another than this piece is next, for somebody else has done it: nothing was done.
    Superseded,
}

/// Keeps actions, and does them.
///
/// Every implementation passes `contacts_testkit::action_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait ActionRepository: Send + Sync {
    /// Adds an action that is running, and queues its job for that moment.
    ///
    /// # Errors
    ///
    /// [`crate::Error::NotFound`] when there is no such selection, or no such campaign.
    fn insert(&self, action: &Action, due: OffsetDateTime) -> Result<()>;

    /// Finds an action.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, id: ActionId) -> Result<Option<Action>>;

    /// Actions, the newest first, those older than one when it is given.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId, before: Option<ActionId>, limit: usize) -> Result<Vec<Action>>;

    /// Running, does a piece of any kind but an export, which must be the next one, and counts it:
    /// all of it or nothing.
    /// A delete skips whom the filter does not mean any more. What changed is told in the change
    /// feed, and in each contact's activity.
    ///
    /// # Errors
    ///
    /// [`crate::Error::NotFound`] when there is no such action, selection or campaign any more;
    /// [`crate::Error::Store`] when it cannot be kept, and then it may be tried again.
    fn apply(
        &self,
        action: &Action,
        piece: u32,
        still: &ContactFilter,
        now: OffsetDateTime,
    ) -> Result<Applied>;

    /// Running, exports a piece, which must be the next one: adds the rows of whoever is there to
    /// the action's file, and counts it: all of it or nothing. The first piece begins with the
    /// header, whoever is in it. Nobody is changed, and nothing is told of anybody.
    ///
    /// # Errors
    ///
    /// Those of [`ActionRepository::apply`].
    fn export(
        &self,
        action: &Action,
        piece: u32,
        sheet: &Sheet,
        now: OffsetDateTime,
    ) -> Result<Applied>;

    /// Deletes the file of an action that is at an end, and the action has none then.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn erase_file(&self, org: OrgId, id: ActionId) -> Result<()>;

    /// Running, it comes to an end: `Done`, `Cancelled` or `Failed` with its problem. Its job is
    /// gone then. The file of an export that is done has a job that deletes it, due after
    /// [`Action::FILE_KEPT`]; that of another is deleted. Says whether it was running.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn end(
        &self,
        org: OrgId,
        id: ActionId,
        state: ActionState,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// What came of the people of a piece; nothing while it is not done.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn piece(&self, org: OrgId, id: ActionId, piece: u32) -> Result<Option<Piece>>;
}
