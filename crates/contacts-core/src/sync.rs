//! Connected sources: records that come in from other systems on a schedule (R15, R38, R39).

mod ask;
mod connector;
mod log;
mod mapping;
mod merge;
mod record;
mod repository;
mod run;
mod schedule;
mod service;
mod settings;
mod watch;

use std::collections::BTreeMap;

use time::OffsetDateTime;

pub use self::ask::{Asking, Sample};
pub use self::connector::{
    Batch, Connector, Connectors, Cursor, Flow, Mode, Reading, Record, State, Stream, Trouble,
    Value, Watch,
};
pub use self::log::Log;
pub use self::mapping::{Mapped, Mapping, Overwrite};
pub use self::merge::{Link, Merged, Said, added, merge};
pub use self::record::{PlannedRecord, RecordReader, SyncRow, cells};
#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockSyncRepository;
pub use self::repository::{
    Begun, Committed, End, Piece, Redefined, SyncRepository, VanishedPiece,
};
pub use self::schedule::{InvalidSchedule, Schedule, pause_after};
pub use self::service::{Definition, DefinitionPatch, SyncService};
pub use self::settings::{Setting, SettingKind, SettingValue, Settings, Spec};
use crate::import::Tally;
use crate::org::id;
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

/// A system that contacts come from.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectedSource {
    /// Whom it belongs to.
    pub org: OrgId,
    /// Its id.
    pub id: SourceId,
    /// What people call it.
    pub name: String,
    /// The connector that speaks to it, by its name.
    pub connector: String,
    /// The settings that may be seen.
    pub settings: Settings,
    /// The secret settings by their paths, sealed.
    pub secrets: BTreeMap<String, Vec<u8>>,
    /// The stream that is read.
    pub stream: String,
    /// How.
    pub mode: Mode,
    /// What its fields become.
    pub mapping: Mapping,
    /// When it runs by itself; when somebody asks only, without one.
    pub schedule: Option<Schedule>,
    /// What happens to contacts that vanish there.
    pub vanish: Vanish,
    /// Whether it does not run by itself for now.
    pub paused: bool,
    /// Up to where its records are stored.
    pub state: Option<State>,
    /// How many runs in a row have failed.
    pub failures: u32,
    /// Why the last run failed, if it did.
    pub problem: Option<String>,
    /// When it runs next by itself.
    pub next_run_at: Option<OffsetDateTime>,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

/// What happens to a contact that is not at the source any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Vanish {
    /// Nothing.
    #[default]
    Nothing,
    /// It gets a tag.
    Tag(TagName),
    /// The source is taken off it: it has not come by it any more, and the source owns nothing of
    /// it. How it first came stays (R5).
    Unlink,
}

/// One run of a connected source.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncRun {
    /// Of which source.
    pub source: SourceId,
    /// Its id.
    pub id: SyncRunId,
    /// How far it is.
    pub state: SyncState,
    /// Who asked for it; nobody did when it was due.
    pub asked_by: Option<Actor>,
    /// What the database says happened: added + updated + skipped = records read (R35).
    pub tally: Tally,
    /// To how many contacts happened what the source wants for those that vanished.
    pub vanished: u64,
    /// Counts who has taken it up: only the last one may commit.
    pub attempt: u32,
    /// How often it was taken up since something was last committed.
    pub stalled: u32,
    /// Why it failed.
    pub problem: Option<String>,
    /// The last lines of what the connector said.
    pub log: Vec<String>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was first taken up.
    pub started_at: Option<OffsetDateTime>,
    /// When it came to an end.
    pub ended_at: Option<OffsetDateTime>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SyncState {
    /// It waits for a worker.
    Queued,
    /// It is under way.
    Running,
    /// The stream was read to its end. An end.
    Done,
    /// It could not go on; what was taken stays. An end.
    Failed,
    /// Somebody stopped it; what was taken stays. An end.
    Cancelled,
}

impl SyncState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether it has not come to its end.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

impl ConnectedSource {
    /// Who makes the changes that it brings (R4).
    pub fn actor(&self) -> Actor {
        Actor::Connected(self.id.0)
    }

    /// Whether a run must note whom it saw, to tell afterwards who has vanished.
    pub fn watches_for_vanished(&self) -> bool {
        self.vanish != Vanish::Nothing && self.mode == Mode::Full
    }

    /// When it runs next by itself, from a moment on; nothing when it does not.
    pub fn next_after(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.schedule.as_ref().filter(|_| !self.paused)?.next_after(now)
    }
}

impl SyncRun {
    /// A run that waits.
    pub fn queued(
        source: SourceId,
        id: SyncRunId,
        asked_by: Option<Actor>,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            source,
            id,
            state: SyncState::Queued,
            asked_by,
            tally: Tally::default(),
            vanished: 0,
            attempt: 0,
            stalled: 0,
            problem: None,
            log: Vec::new(),
            created_at: now,
            started_at: None,
            ended_at: None,
        }
    }
}
