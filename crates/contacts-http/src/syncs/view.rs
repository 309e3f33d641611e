//! Sources and their runs as the API shows them.

use contacts_core::sync::{
    ConnectedSource, Mapping, Mode, Overwrite, Schedule, SyncRun, SyncState, Vanish,
};
use serde::Serialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::settings::nested;
use crate::contacts::ActorView;
use crate::imports::SummaryView;

/// All sources of the organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = ConnectedSources)]
pub(super) struct SourcesView {
    /// The sources, the oldest first.
    pub(super) items: Vec<SourceView>,
}

/// A connected source.
#[derive(Serialize, ToSchema)]
#[schema(as = ConnectedSource)]
pub(super) struct SourceView {
    /// Its id.
    id: Uuid,
    /// What people call it.
    name: String,
    /// The connector that speaks to it.
    connector: String,
    /// Its settings, without the secret ones.
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
    /// The paths of the secret settings that are set. What they are is never shown.
    #[schema(example = json!(["credentials.token"]))]
    secrets: Vec<String>,
    /// The stream that is read.
    stream: String,
    /// How it is read.
    mode: ModeView,
    /// By which field it is read incrementally, where the connector does not know it itself.
    cursor_field: Option<String>,
    /// What its fields become.
    mapping: MappingView,
    /// When it runs by itself; null for when somebody asks only.
    schedule: Option<ScheduleView>,
    /// What happens to contacts that vanish there.
    vanish: VanishView,
    /// The tag that they get.
    vanish_tag: Option<String>,
    /// Whether it does not run by itself for now.
    paused: bool,
    /// How many runs in a row have failed.
    failures: u32,
    /// Why the last run failed, if it did.
    problem: Option<String>,
    /// When it runs next by itself.
    #[serde(with = "time::serde::rfc3339::option")]
    next_run_at: Option<OffsetDateTime>,
    /// Its last run, which may be under way.
    last_run: Option<RunView>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

/// How a stream is read.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SourceMode)]
pub(super) enum ModeView {
    /// As a whole, each time.
    Full,
    /// What changed since the last time.
    Incremental,
}

/// What happens to a contact that is not at the source any more.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SourceVanish)]
pub(super) enum VanishView {
    /// Nothing.
    Nothing,
    /// It gets a tag.
    Tag,
    /// The source is taken off it.
    Unlink,
}

/// What a field may overwrite. What the source has said before is never new, so what somebody
/// typed since stays until the source says something else.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Overwrite)]
pub(super) enum OverwriteView {
    /// Blanks, and what the source wrote itself if that is still so.
    Own,
    /// Blanks only.
    Blanks,
    /// Everything.
    Everything,
}

/// What the fields of a stream become.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceMapping)]
struct MappingView {
    /// The fields that go somewhere.
    fields: Vec<MappedView>,
    /// The field that holds the external id; null for the stream's own key.
    id_field: Option<String>,
}

/// A field that goes somewhere.
#[derive(Serialize, ToSchema)]
#[schema(as = MappedField)]
struct MappedView {
    /// Its name in the stream.
    field: String,
    /// Where it goes.
    target: String,
    /// What it may overwrite there.
    overwrite: OverwriteView,
}

/// When a source runs by itself: either an interval, or a cron expression.
#[derive(Serialize, ToSchema)]
#[schema(as = Schedule)]
struct ScheduleView {
    /// So many seconds after the last run began.
    every_seconds: Option<u64>,
    /// A cron expression.
    cron: Option<String>,
    /// Its time zone.
    time_zone: Option<String>,
}

/// A page of runs.
#[derive(Serialize, ToSchema)]
#[schema(as = Runs)]
pub(super) struct RunsView {
    /// The runs, the newest first.
    pub(super) items: Vec<RunView>,
    /// What `before` takes to get the next page; null on the last one.
    pub(super) next: Option<Uuid>,
}

/// One run of a source.
#[derive(Serialize, ToSchema)]
#[schema(as = Run)]
pub(super) struct RunView {
    /// Its id.
    pub(super) id: Uuid,
    /// Of which source.
    source_id: Uuid,
    /// How far it is.
    state: RunStateView,
    /// Who asked for it; null when it was due.
    asked_by: Option<ActorView>,
    /// What the database says happened: added + updated + skipped = records read.
    summary: SummaryView,
    /// To how many contacts happened what the source wants for those that vanished.
    vanished: u64,
    /// Why it failed.
    problem: Option<String>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it began.
    #[serde(with = "time::serde::rfc3339::option")]
    started_at: Option<OffsetDateTime>,
    /// When it came to an end.
    #[serde(with = "time::serde::rfc3339::option")]
    ended_at: Option<OffsetDateTime>,
}

/// A run, and what the connector said.
#[derive(Serialize, ToSchema)]
#[schema(as = RunWithLog)]
pub(super) struct RunWithLogView {
    /// The run.
    #[serde(flatten)]
    run: RunView,
    /// The last lines of what the connector said, the oldest first.
    log: Vec<String>,
}

/// How far a run is. `done`, `failed` and `cancelled` are ends.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RunState)]
enum RunStateView {
    /// It waits for a worker.
    Queued,
    /// It is under way.
    Running,
    /// The stream was read to its end.
    Done,
    /// It could not go on; what was taken stays.
    Failed,
    /// Somebody stopped it; what was taken stays.
    Cancelled,
}

impl SourceView {
    pub(super) fn new(source: ConnectedSource, last_run: Option<SyncRun>) -> Self {
        let (mode, cursor_field) = match source.mode {
            Mode::Full => (ModeView::Full, None),
            Mode::Incremental { cursor } => (ModeView::Incremental, cursor),
        };
        let (vanish, vanish_tag) = match source.vanish {
            Vanish::Nothing => (VanishView::Nothing, None),
            Vanish::Tag(tag) => (VanishView::Tag, Some(tag.to_string())),
            Vanish::Unlink => (VanishView::Unlink, None),
        };
        Self {
            id: source.id.0,
            name: source.name,
            connector: source.connector,
            settings: nested(&source.settings),
            secrets: source.secrets.into_keys().collect(),
            stream: source.stream,
            mode,
            cursor_field,
            mapping: source.mapping.into(),
            schedule: source.schedule.as_ref().map(ScheduleView::from),
            vanish,
            vanish_tag,
            paused: source.paused,
            failures: source.failures,
            problem: source.problem,
            next_run_at: source.next_run_at,
            last_run: last_run.map(RunView::from),
            created_at: source.created_at,
        }
    }
}

impl From<Mapping> for MappingView {
    fn from(mapping: Mapping) -> Self {
        let fields = mapping.fields.into_iter().map(|mapped| MappedView {
            field: mapped.field,
            target: mapped.target.to_string(),
            overwrite: match mapped.overwrite {
                Overwrite::Own => OverwriteView::Own,
                Overwrite::Blanks => OverwriteView::Blanks,
                Overwrite::Everything => OverwriteView::Everything,
            },
        });
        Self { fields: fields.collect(), id_field: mapping.id_field }
    }
}

impl From<&Schedule> for ScheduleView {
    fn from(schedule: &Schedule) -> Self {
        let (cron, time_zone) = schedule.expression().unzip();
        Self {
            every_seconds: schedule.interval().map(|interval| interval.as_secs()),
            cron: cron.map(str::to_owned),
            time_zone: time_zone.map(str::to_owned),
        }
    }
}

impl From<SyncRun> for RunView {
    fn from(run: SyncRun) -> Self {
        Self {
            id: run.id.0,
            source_id: run.source.0,
            state: match run.state {
                SyncState::Queued => RunStateView::Queued,
                SyncState::Running => RunStateView::Running,
                SyncState::Done => RunStateView::Done,
                SyncState::Failed => RunStateView::Failed,
                SyncState::Cancelled => RunStateView::Cancelled,
            },
            asked_by: run.asked_by.map(ActorView::from),
            summary: run.tally.into(),
            vanished: run.vanished,
            problem: run.problem,
            created_at: run.created_at,
            started_at: run.started_at,
            ended_at: run.ended_at,
        }
    }
}

impl From<SyncRun> for RunWithLogView {
    fn from(mut run: SyncRun) -> Self {
        let log = std::mem::take(&mut run.log);
        Self { run: run.into(), log }
    }
}
