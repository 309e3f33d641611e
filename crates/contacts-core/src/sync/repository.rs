//! The port that keeps connected sources and applies their records.

use time::OffsetDateTime;

use super::{ConnectedSource, PlannedRecord, SourceId, SourcePatch, State, SyncRun, SyncRunId};
use crate::import::Tally;
use crate::run::RunState;
use crate::{Actor, OrgId, Result};

/// The work of a worker for a source.
#[derive(Clone, Debug, PartialEq)]
pub enum RunStart {
    /// None: the source does not exist.
    Gone,
    /// None until this time, or until somebody requests a run.
    Rest(Option<OffsetDateTime>),
    /// This run, which belongs to the worker until another worker begins it again.
    Run(Box<ConnectedSource>, Box<SyncRun>),
}

/// Records that are applied in one transaction, and the state after them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chunk {
    /// The records, in their order.
    pub records: Vec<PlannedRecord>,
    /// The state that covers these records and all before them; without one, the stored state is
    /// kept.
    pub state: Option<State>,
    /// The last lines of the connector's log.
    pub log: Vec<String>,
}

/// The result of committing a chunk.
#[derive(Clone, Debug, PartialEq)]
pub enum Committed {
    /// The records were applied. Holds the new tally of the run, and log lines about records that
    /// were skipped or have lost a value.
    Records(Tally, Vec<String>),
    /// The run has ended, or another worker has begun it: nothing was applied.
    Lost,
}

/// The result of a step through vanished contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VanishedChunk {
    /// More contacts are left.
    More,
    /// No contact is left.
    Done,
    /// The run has ended, or another worker has begun it: nothing was changed.
    Lost,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// A final state.
    pub state: RunState,
    /// The reason of a failure.
    pub problem: Option<String>,
    /// Number of runs that have failed in a row.
    pub failures: u32,
    /// When the next automatic run is due, by the definition of `source_version`.
    pub next_run_at: Option<OffsetDateTime>,
    /// Version of the source that the worker read.
    pub source_version: u64,
    /// The last lines of the connector's log; when empty, the stored lines stay.
    pub log: Vec<String>,
}

/// Stores connected sources, their runs, and their links to contacts. A source has one job from its
/// creation until its deletion, and at most one open run, so two servers never run it at once. Each
/// time a worker begins a run, the attempt rises by one; calls with a lower attempt have no effect.
///
/// Every implementation passes `contacts_testkit::sync_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait SyncRepository: Send + Sync {
    /// Adds a source, queues its job, and records it in the audit trail (R61). Concurrent calls
    /// cannot exceed the limit.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Taken`] when another source has the name, whatever the case;
    /// [`crate::Error::Conflict`] when the organisation already has `limit` sources.
    fn insert(&self, source: &ConnectedSource, limit: usize, actor: Actor) -> Result<()>;

    /// Finds a source.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, id: SourceId) -> Result<Option<ConnectedSource>>;

    /// Lists all sources, the oldest first, each with its last run.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId) -> Result<Vec<(ConnectedSource, Option<SyncRun>)>>;

    /// Applies a patch to the locked source, as [`ConnectedSource::apply`] does, makes its job due,
    /// and records a change in the audit trail (R61). Returns the new state; `None` when there is
    /// none.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Taken`] when another source has the name; [`crate::Error::Conflict`] when
    /// the stream or the mode would change while a run is open; [`crate::Error::Stale`] when the
    /// source does not have the expected version.
    fn patch(
        &self,
        org: OrgId,
        id: SourceId,
        patch: &SourcePatch,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<ConnectedSource>>;

    /// Replaces the sealed secrets of `before` by those of `after`, if the stored ones are still
    /// those of `before`; returns whether they were. The version stays.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be written.
    fn reseal(&self, before: &ConnectedSource, after: &ConnectedSource) -> Result<bool>;

    /// Deletes a source with its runs, its job and its links to contacts. The contacts stay, and so
    /// does the source among theirs. Records it in the audit trail (R61). Returns whether there was
    /// one.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be deleted.
    fn delete(&self, org: OrgId, id: SourceId, actor: Actor, now: OffsetDateTime) -> Result<bool>;

    /// Adds a requested run, makes the job due, and returns the run; returns the open run when
    /// there is one, and `None` when there is no such source. With `from_start`, the source's state
    /// is deleted, unless a run was open.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn ask(
        &self,
        org: OrgId,
        run: &SyncRun,
        from_start: bool,
        now: OffsetDateTime,
    ) -> Result<Option<SyncRun>>;

    /// Begins the open run of a source with the next attempt, or a new run with this id when the
    /// source is due. A new full reading deletes the stored state. The oldest runs beyond
    /// [`super::SyncService::RUNS`] are deleted.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn begin(
        &self,
        org: OrgId,
        id: SourceId,
        run: SyncRunId,
        now: OffsetDateTime,
    ) -> Result<RunStart>;

    /// Applies the records of a chunk one by one, as [`super::merge`] decides, counts them, and
    /// stores the state after them: all of it or nothing. A record is about the contact that is
    /// linked to its external id, or else about the one that has its address, or else it adds a
    /// contact. The source becomes a source of every such contact.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails; then the chunk can be committed again.
    fn commit(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        chunk: &Chunk,
        now: OffsetDateTime,
    ) -> Result<Committed>;

    /// Applies the vanish policy to some of the contacts that this full run did not see, and counts
    /// them.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails; then the step can be run again.
    fn vanish(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        now: OffsetDateTime,
    ) -> Result<VanishedChunk>;

    /// Ends an open run, if it has the given attempt or none is given, and records the end on the
    /// locked source, as [`ConnectedSource::record_end`] does. Returns whether the run was ended.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
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
    /// [`crate::Error::Store`] when the store fails.
    fn run(&self, org: OrgId, run: SyncRunId) -> Result<Option<SyncRun>>;

    /// Lists the runs of a source, the newest first; only those older than the given one.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn runs(
        &self,
        org: OrgId,
        id: SourceId,
        before: Option<SyncRunId>,
        limit: usize,
    ) -> Result<Vec<SyncRun>>;
}
