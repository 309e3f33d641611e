//! Where connected sources are kept, and how their records become contacts.

use time::OffsetDateTime;

use super::{ConnectedSource, PlannedRecord, SourceId, State, SyncRun, SyncRunId, SyncState};
use crate::import::Tally;
use crate::{OrgId, Result};

/// What a worker has before it.
#[derive(Clone, Debug, PartialEq)]
pub enum Begun {
    /// The source is not there any more.
    Gone,
    /// There is nothing to do until then, or until somebody asks.
    Rest(Option<OffsetDateTime>),
    /// This run is the worker's until another takes it up.
    Run(Box<ConnectedSource>, Box<SyncRun>),
}

/// Records that are taken in one transaction, and the state after them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Piece {
    /// The records, in their order.
    pub records: Vec<PlannedRecord>,
    /// The state that covers them and all before; the one before stays, without one.
    pub state: Option<State>,
    /// The last lines of what the connector said.
    pub log: Vec<String>,
}

/// What became of a piece.
#[derive(Clone, Debug, PartialEq)]
pub enum Committed {
    /// Its records were taken; this is the run's tally with them, and what there is to say of
    /// the records that were skipped or have lost something.
    Taken(Tally, Vec<String>),
    /// The run is not open any more, or another worker has taken it up: nothing was taken.
    Lost,
}

/// What became of a step through those who vanished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VanishedPiece {
    /// There are more.
    More,
    /// That was all.
    Done,
    /// The run is not open any more, or another worker has taken it up: nothing was done.
    Lost,
}

/// How a run comes to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// One of the ends.
    pub state: SyncState,
    /// Why it failed.
    pub problem: Option<String>,
    /// How many runs in a row have failed now.
    pub failures: u32,
    /// When the source runs next by itself.
    pub next_run_at: Option<OffsetDateTime>,
    /// The last lines of what the connector said; those that are kept stay, without any.
    pub log: Vec<String>,
}

/// What became of a change of what a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redefined {
    /// It is so now.
    Done,
    /// There is no such source.
    Gone,
    /// A run is open, under which the stream cannot be changed.
    Running,
}

/// Keeps connected sources, their runs, and by what they know contacts. A source has one job,
/// from when it is made until it is deleted, and one open run at most: so no two servers run it
/// at once. Who takes a run up gets a higher attempt, and one with a lower attempt does nothing
/// any more.
///
/// Every implementation passes `contacts_testkit::sync_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait SyncRepository: Send + Sync {
    /// Adds a source, and queues its job.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Taken`] when another has the name, whatever the case.
    fn insert(&self, source: &ConnectedSource) -> Result<()>;

    /// Finds a source.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, id: SourceId) -> Result<Option<ConnectedSource>>;

    /// All sources, the oldest first, each with its last run.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId) -> Result<Vec<(ConnectedSource, Option<SyncRun>)>>;

    /// Changes what a source is, when it runs next, and whether it is paused, and makes its job
    /// due. Its state, failures and problem stay, unless it is to begin anew: that happens only
    /// while no run is open.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Taken`] when another has the name.
    fn update(
        &self,
        source: &ConnectedSource,
        anew: bool,
        now: OffsetDateTime,
    ) -> Result<Redefined>;

    /// Gives secret settings that were sealed anew, where the ones before are still there; says
    /// whether they were.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn reseal(&self, before: &ConnectedSource, after: &ConnectedSource) -> Result<bool>;

    /// Deletes a source with its runs, its job, and what it knows contacts by. The contacts stay,
    /// and that they have come by it. Says whether it was there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn delete(&self, org: OrgId, id: SourceId) -> Result<bool>;

    /// Adds a run that somebody asks for, makes the job due, and returns it; when one is open
    /// already, that one; nothing when there is no such source. Anew, the source forgets its
    /// state, if none was open.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn ask(
        &self,
        org: OrgId,
        run: &SyncRun,
        anew: bool,
        now: OffsetDateTime,
    ) -> Result<Option<SyncRun>>;

    /// Takes up the open run of a source, with an attempt that is one higher; or else, when the
    /// source is due, a new one of this id. A full reading that begins forgets the state that was
    /// there. The oldest runs beyond [`super::SyncService::RUNS`] are forgotten.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn begin(&self, org: OrgId, id: SourceId, run: SyncRunId, now: OffsetDateTime)
    -> Result<Begun>;

    /// Takes a piece's records, one by one, each as [`super::merge`] says, counts them, and keeps
    /// the state after them: all of it or nothing. A record is about the contact that the source
    /// knows by its external id, or else about the one that has its address; else it makes one.
    /// The contact has come by the source from then on, too.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be kept; then it may be tried again.
    fn commit(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        piece: &Piece,
        now: OffsetDateTime,
    ) -> Result<Committed>;

    /// Does what the source wants to some of those whom this run, which read everything, did not
    /// see, and counts them.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be kept; then it may be tried again.
    fn vanish(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        now: OffsetDateTime,
    ) -> Result<VanishedPiece>;

    /// An open run comes to its end, if it still has the attempt that is given or none is. Says
    /// whether it did.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn end(
        &self,
        org: OrgId,
        run: SyncRunId,
        attempt: Option<u32>,
        end: &End,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Finds a run.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn run(&self, org: OrgId, run: SyncRunId) -> Result<Option<SyncRun>>;

    /// Runs of a source, the newest first, those older than one when it is given.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn runs(
        &self,
        org: OrgId,
        id: SourceId,
        before: Option<SyncRunId>,
        limit: usize,
    ) -> Result<Vec<SyncRun>>;
}
