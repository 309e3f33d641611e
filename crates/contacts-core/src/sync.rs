//! Connected sources: systems whose records are synced on a schedule (R15, R38, R39).

mod ask;
mod connector;
mod log;
mod mapping;
mod merge;
mod observer;
mod patch;
mod record;
mod record_plan;
mod repository;
mod run;
mod schedule;
mod service;
mod settings;

use std::collections::BTreeMap;

use time::OffsetDateTime;

pub use self::ask::{ConnectorSlots, Sample};
pub use self::connector::{
    Batch, Connector, ConnectorError, Connectors, Cursor, Flow, Mode, Reading, Record, State,
    Stream, SyncObserver, Value,
};
pub use self::log::Log;
pub use self::mapping::{MappedField, Mapping, Overwrite};
pub use self::merge::{Link, Merged, ValueFingerprints, added, merge};
pub use self::patch::{SettingPatch, SourcePatch};
pub use self::record::{PlannedRecord, RecordReader, SyncRow, cells};
pub use self::record_plan::{
    Existing, PlannedContact, ReadPlan, RecordPlan, RecordWrites, StaleLink, StoredContact,
};
#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockSyncRepository;
pub use self::repository::{Chunk, Committed, End, RunStart, SyncRepository, VanishedChunk};
pub use self::schedule::{InvalidSchedule, Schedule, pause_after};
pub use self::service::{RawSourcePatch, SourceDefinition, SyncService};
pub use self::settings::{Setting, SettingKind, SettingValue, Settings, Spec};
use crate::import::Tally;
use crate::org::id;
use crate::page::TimeCursor;
use crate::run::RunState;
use crate::tag::TagName;
use crate::{Actor, OrgId};

id! {
    /// A connected source's id.
    SourceId
}

id! {
    /// The id of one run of a connected source.
    SyncRunId
}

/// A system whose records are synced.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectedSource {
    /// Organisation of the connected source.
    pub org: OrgId,
    /// Id of the connected source.
    pub id: SourceId,
    /// The name, unique in the organisation whatever the case.
    pub name: String,
    /// Name of the connector. Never changes.
    pub connector: String,
    /// The settings that are not secret.
    pub settings: Settings,
    /// The secret settings by their paths, sealed.
    pub secrets: BTreeMap<String, Vec<u8>>,
    /// Name of the stream that is read.
    pub stream: String,
    /// How the stream is read.
    pub mode: Mode,
    /// Which field of a record goes where.
    pub mapping: Mapping,
    /// The schedule; without one the source runs on demand only.
    pub schedule: Option<Schedule>,
    /// What happens to contacts whose record has vanished.
    pub vanish: VanishPolicy,
    /// Whether the schedule is suspended.
    pub paused: bool,
    /// The state after the last stored record.
    pub state: Option<State>,
    /// Number of runs that have failed in a row.
    pub failures: u32,
    /// Why the last run failed; `None` when it did not.
    pub problem: Option<String>,
    /// When the next automatic run is due.
    pub next_run_at: Option<OffsetDateTime>,
    /// When the source was created.
    pub created_at: OffsetDateTime,
    /// Rises by one with each edit that changes the definition: everything from the name to
    /// `paused`. Runs do not change it.
    pub version: u64,
}

/// What happens to a contact whose record has vanished from the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum VanishPolicy {
    /// The contact stays as it is.
    #[default]
    Nothing,
    /// The contact gets a tag.
    Tag(TagName),
    /// The source is removed from the contact's sources and owns none of its fields any more. The
    /// contact's first source stays (R5).
    Unlink,
}

/// One run of a connected source.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncRun {
    /// The source.
    pub source: SourceId,
    /// Id of the run.
    pub id: SyncRunId,
    /// State of the run.
    pub state: RunState,
    /// The actor who requested it; `None` when it was due by the schedule.
    pub actor: Option<Actor>,
    /// Counts of stored rows: added + updated + skipped = records read (R35).
    pub tally: Tally,
    /// Number of contacts to which the vanish policy was applied.
    pub vanished: u64,
    /// Number of times that a worker has begun the run; only the last attempt may commit.
    pub attempt: u32,
    /// Number of times that a worker has begun the run since the last commit.
    pub stalled: u32,
    /// The reason of a failure; `None` when the run did not fail.
    pub problem: Option<String>,
    /// The last lines of the connector's log.
    pub log: Vec<String>,
    /// When it was created.
    pub created_at: OffsetDateTime,
    /// When a worker first began the run.
    pub started_at: Option<OffsetDateTime>,
    /// When it ended.
    pub finished_at: Option<OffsetDateTime>,
}

impl ConnectedSource {
    /// Returns the cursor after this source in a list, oldest first.
    pub fn cursor(&self) -> TimeCursor {
        TimeCursor { at: self.created_at, id: self.id.0 }
    }

    /// The actor of the changes that the source makes (R4).
    pub fn actor(&self) -> Actor {
        Actor::Connected(self.id.0)
    }

    /// Whether a run must record which contacts it has seen, to find those that have vanished.
    pub fn watches_for_vanished(&self) -> bool {
        self.vanish != VanishPolicy::Nothing && self.mode == Mode::Full
    }

    /// Returns when the next automatic run is due after `now`; `None` without a schedule or when
    /// paused.
    pub fn next_after(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.schedule.as_ref().filter(|_| !self.paused)?.next_after(now)
    }
}

impl SyncRun {
    /// Creates a run in the state `queued`.
    pub fn queued(
        source: SourceId,
        id: SyncRunId,
        actor: Option<Actor>,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            source,
            id,
            state: RunState::Queued,
            actor,
            tally: Tally::default(),
            vanished: 0,
            attempt: 0,
            stalled: 0,
            problem: None,
            log: Vec::new(),
            created_at: now,
            started_at: None,
            finished_at: None,
        }
    }
}
