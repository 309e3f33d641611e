//! Views of connected sources and their runs.

use contacts_core::run::Run;
use contacts_core::sync::{
    ConnectedSource, Mapping, Mode, Overwrite, Schedule, SyncRun, VanishPolicy,
};
use serde::Serialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::settings::nested;
use crate::api::imports::SummaryView;
use crate::api::runs::{RunFactsView, RunStateView};
use crate::parts::enumerated::enumeration;
use crate::parts::page::page_view;

page_view! {
    /// A page of connected sources.
    pub(super) struct SourcesView as ConnectedSources {
        /// The connected sources, oldest first.
        items: SourceView,
    }
}

/// A connected source.
#[derive(Serialize, ToSchema)]
#[schema(as = ConnectedSource)]
pub(super) struct SourceView {
    /// Id of the connected source.
    id: Uuid,
    /// The name of the connected source.
    name: String,
    /// The connector that reads from the source.
    connector: String,
    /// The settings, without secret ones.
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
    /// The paths of the secret settings that are set. Their values are never returned.
    #[schema(example = json!(["credentials.token"]))]
    secrets: Vec<String>,
    /// The stream that is read.
    stream: String,
    /// How the stream is read.
    mode: ModeView,
    /// The field by which the stream is read incrementally, when the connector does not choose it.
    cursor_field: Option<String>,
    /// The targets of the stream's fields.
    mapping: MappingView,
    /// When scheduled runs start; null when runs start only on request.
    schedule: Option<ScheduleView>,
    /// What happens to contacts whose record vanishes from the source.
    vanish: VanishPolicyView,
    /// The tag that is added to these contacts.
    vanish_tag: Option<String>,
    /// Whether scheduled runs are paused.
    paused: bool,
    /// Number of consecutive failed runs.
    failures: u32,
    /// The reason why the last run failed; null when it did not fail.
    problem: Option<String>,
    /// When the next scheduled run starts.
    #[serde(with = "time::serde::rfc3339::option")]
    next_run_at: Option<OffsetDateTime>,
    /// The last run, which may still be running.
    last_run: Option<SyncRunView>,
    /// When the connected source was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Version of the connected source. It increases by one with each edit; runs do not change it.
    version: u64,
}

/// A way to read a stream.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SourceMode)]
pub(super) enum ModeView {
    /// All records in each run.
    Full,
    /// Only the records that changed since the previous run.
    Incremental,
}

/// What happens to a contact whose record is no longer in the source.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SourceVanish)]
pub(super) enum VanishPolicyView {
    /// Nothing happens.
    Nothing,
    /// The contact gets a tag.
    Tag,
    /// The source is removed from the contact.
    Unlink,
}

enumeration! {
    /// Which values of a contact a field may overwrite. A value that the source has already reported
    /// does not count as new, so an edit by a user stays until the source reports a different value.
    ///
    /// - `own`: blank values, and values that the source itself wrote and nobody has changed since.
    /// - `blanks`: blank values only.
    /// - `everything`: all values.
    pub(super) OverwriteView = Overwrite as "Overwrite" in Overwrite::ALL
}

/// The targets of a stream's fields.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceMapping)]
struct MappingView {
    /// Fields of the stream, each with the value of a contact that it supplies.
    fields: Vec<MappedView>,
    /// The field that contains the external id; null for the stream's own key.
    id_field: Option<String>,
}

/// A field of a stream, and the value of a contact that it supplies.
#[derive(Serialize, ToSchema)]
#[schema(as = MappedField)]
struct MappedView {
    /// Name of the field in the stream.
    field: String,
    /// Target of the field.
    target: String,
    /// Which values of the contact the field may overwrite.
    overwrite: OverwriteView,
}

/// A schedule: either an interval or a cron expression.
#[derive(Serialize, ToSchema)]
#[schema(as = Schedule)]
struct ScheduleView {
    /// Interval in seconds, measured from the start of the previous run.
    every_seconds: Option<u64>,
    /// A cron expression.
    cron: Option<String>,
    /// The time zone of the cron expression.
    time_zone: Option<String>,
}

page_view! {
    /// A page of runs.
    pub(super) struct SyncRunsView as SyncRuns {
        /// The runs, newest first.
        items: SyncRunView,
    }
}

/// One run of a connected source.
#[derive(Serialize, ToSchema)]
#[schema(as = SyncRun)]
pub(super) struct SyncRunView {
    /// Id of the run.
    pub(super) id: Uuid,
    /// Id of the connected source.
    source_id: Uuid,
    /// The state of the run.
    state: RunStateView,
    /// Outcomes committed so far: added + updated + skipped = records read.
    summary: SummaryView,
    /// Number of contacts whose record vanished and to which the vanish policy was applied.
    vanished: u64,
    #[serde(flatten)]
    facts: RunFactsView,
}

/// A run with its log.
#[derive(Serialize, ToSchema)]
#[schema(as = SyncRunWithLog)]
pub(super) struct SyncRunWithLogView {
    /// The run.
    #[serde(flatten)]
    run: SyncRunView,
    /// The last lines of the connector's log, oldest first.
    log: Vec<String>,
}

impl SourceView {
    pub(super) fn new(
        source: ConnectedSource,
        last_run: Option<SyncRun>,
        now: OffsetDateTime,
    ) -> Self {
        let (mode, cursor_field) = match source.mode {
            Mode::Full => (ModeView::Full, None),
            Mode::Incremental { cursor } => (ModeView::Incremental, cursor),
        };
        let (vanish, vanish_tag) = match source.vanish {
            VanishPolicy::Nothing => (VanishPolicyView::Nothing, None),
            VanishPolicy::Tag(tag) => (VanishPolicyView::Tag, Some(tag.to_string())),
            VanishPolicy::Unlink => (VanishPolicyView::Unlink, None),
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
            last_run: last_run.map(|run| SyncRunView::new(run, now)),
            created_at: source.created_at,
            version: source.version,
        }
    }
}

impl From<Mapping> for MappingView {
    fn from(mapping: Mapping) -> Self {
        let fields = mapping.fields.into_iter().map(|mapped| MappedView {
            field: mapped.field,
            target: mapped.target.to_string(),
            overwrite: mapped.overwrite.into(),
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

impl SyncRunView {
    pub(super) fn new(run: SyncRun, now: OffsetDateTime) -> Self {
        Self {
            facts: RunFactsView::new(&Run::from(&run), now),
            id: run.id.0,
            source_id: run.source.0,
            state: run.state.into(),
            summary: run.tally.into(),
            vanished: run.vanished,
        }
    }
}

impl SyncRunWithLogView {
    pub(super) fn new(mut run: SyncRun, now: OffsetDateTime) -> Self {
        let log = std::mem::take(&mut run.log);
        Self { run: SyncRunView::new(run, now), log }
    }
}
