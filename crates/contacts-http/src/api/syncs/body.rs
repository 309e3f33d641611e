//! Request bodies of connected sources.

use std::time::Duration;

use contacts_core::Invalid;
use contacts_core::contact::Patch;
use contacts_core::import::Target;
use contacts_core::sync::{
    InvalidSchedule, MappedField, Mapping, Mode, Overwrite, RawSourcePatch, Schedule,
    SourceDefinition, VanishPolicy,
};
use contacts_core::tag::TagName;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::settings;
use super::view::{ModeView, OverwriteView, VanishPolicyView};
use crate::parts::body::present;
use crate::parts::problem::Problem;

/// A connected source to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewConnectedSource)]
pub(super) struct SourceBody {
    /// The name of the connected source.
    #[schema(example = "CRM")]
    name: String,
    /// The connector, one of those that the operator allows.
    connector: String,
    /// The settings of the connector, including secret ones.
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
    /// The stream to read.
    stream: String,
    /// How the stream is read. Default: `full`.
    #[serde(default)]
    #[schema(value_type = ModeView)]
    mode: Option<String>,
    /// The field by which the stream is read incrementally, when the connector does not choose it.
    #[serde(default)]
    cursor_field: Option<String>,
    /// The targets of the stream's fields.
    mapping: MappingBody,
    /// When scheduled runs start. Default: runs start only on request.
    #[serde(default)]
    schedule: Option<ScheduleBody>,
    /// What happens to contacts whose record vanishes from the source.
    #[serde(default)]
    #[schema(value_type = VanishPolicyView)]
    vanish: Option<String>,
    /// With `tag`: the tag to add to these contacts.
    #[serde(default)]
    vanish_tag: Option<String>,
    /// Whether scheduled runs are paused.
    #[serde(default)]
    paused: bool,
}

/// A patch of a connected source. Absent members stay unchanged, and so do settings that are not
/// named.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = ConnectedSourcePatch)]
pub(super) struct SourcePatchBody {
    /// The name of the connected source.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// Settings to set; a setting that is null is removed.
    #[serde(default)]
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
    /// The stream to read. Changing it starts again from the beginning.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    stream: Option<String>,
    /// How the stream is read. Changing it starts again from the beginning.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ModeView>, nullable = false)]
    mode: Option<String>,
    /// With `mode`: the field by which the stream is read incrementally.
    #[serde(default)]
    cursor_field: Option<String>,
    /// The targets of the stream's fields; replaces the current mapping.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    mapping: Option<MappingBody>,
    /// When scheduled runs start; null when runs start only on request.
    #[serde(default, deserialize_with = "present")]
    schedule: Option<Option<ScheduleBody>>,
    /// What happens to contacts whose record vanishes from the source.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<VanishPolicyView>, nullable = false)]
    vanish: Option<String>,
    /// With `vanish`: the tag to add to these contacts.
    #[serde(default)]
    vanish_tag: Option<String>,
    /// Whether scheduled runs are paused.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    paused: Option<bool>,
}

/// The targets of a stream's fields.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewSourceMapping)]
struct MappingBody {
    /// Fields of the stream, each with the value of a contact that it supplies.
    fields: Vec<MappedBody>,
    /// The field that contains the external id. Default: the stream's own key.
    #[serde(default)]
    id_field: Option<String>,
}

/// A field of a stream, and the value of a contact that it supplies.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewMappedField)]
struct MappedBody {
    /// Name of the field in the stream.
    field: String,
    /// Target of the field: `name`, `first_name`, `middle_name`, `last_name`, `email`, `phone`, `tags`,
    /// or `custom:` followed by the key of a custom field.
    #[schema(example = "email")]
    target: String,
    /// Which values of the contact the field may overwrite. Default: `own`.
    #[serde(default)]
    #[schema(value_type = OverwriteView)]
    overwrite: Option<String>,
}

/// A schedule: either an interval or a cron expression.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewSchedule)]
struct ScheduleBody {
    /// Interval in seconds, measured from the start of the previous run; at least 60.
    #[serde(default)]
    every_seconds: Option<u64>,
    /// A cron expression with five fields.
    #[serde(default)]
    #[schema(example = "30 2 * * *")]
    cron: Option<String>,
    /// The time zone of the cron expression. Default: UTC.
    #[serde(default)]
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
}

/// Settings for a request to a connector.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = ConnectorSettings)]
pub(super) struct SettingsBody {
    /// The settings.
    #[schema(value_type = Object)]
    pub(super) settings: Map<String, Value>,
}

/// The stream and the settings for a sample.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = SampleOfConnector)]
pub(super) struct SampleBody {
    /// The settings of the connector.
    #[schema(value_type = Object)]
    pub(super) settings: Map<String, Value>,
    /// The stream to sample.
    pub(super) stream: String,
}

/// Options of a run.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewRun)]
pub(super) struct RunBody {
    /// Whether all records are read again, as in the first run.
    #[serde(default)]
    pub(super) from_start: bool,
}

impl SourceBody {
    pub(super) fn read(self) -> Result<SourceDefinition, Problem> {
        let mut errors = Vec::new();
        let settings = settings::settings_of(self.settings).map_err(|error| errors.push(error));
        let mode = mode(self.mode.as_deref().unwrap_or("full"), self.cursor_field, &mut errors);
        let mapping = self.mapping.read(&mut errors);
        let schedule = self.schedule.and_then(|schedule| schedule.read(&mut errors));
        let vanish =
            vanish(self.vanish.as_deref().unwrap_or("nothing"), self.vanish_tag, &mut errors);
        match settings {
            Ok(settings) if errors.is_empty() => Ok(SourceDefinition {
                name: self.name,
                connector: self.connector,
                settings,
                stream: self.stream,
                mode,
                mapping,
                schedule,
                vanish,
                paused: self.paused,
            }),
            _ => Err(Problem::invalid(errors)),
        }
    }
}

impl SourcePatchBody {
    pub(super) fn read(self) -> Result<RawSourcePatch, Problem> {
        let mut errors = Vec::new();
        let settings = settings::flat(self.settings).map_err(|error| errors.push(error));
        if self.cursor_field.is_some() && self.mode.is_none() {
            errors.push(Invalid::new("cursor_field", "is given with mode only"));
        }
        if self.vanish_tag.is_some() && self.vanish.is_none() {
            errors.push(Invalid::new("vanish_tag", "is given with vanish only"));
        }
        let (cursor, tag) = (self.cursor_field, self.vanish_tag);
        let patch = RawSourcePatch {
            name: self.name,
            settings: settings.unwrap_or_default(),
            stream: self.stream,
            mode: self.mode.map(|name| mode(&name, cursor, &mut errors)),
            mapping: self.mapping.map(|mapping| mapping.read(&mut errors)),
            schedule: match self.schedule {
                None => Patch::Keep,
                Some(None) => Patch::Clear,
                Some(Some(schedule)) => schedule.read(&mut errors).map_or(Patch::Keep, Patch::Set),
            },
            vanish: self.vanish.map(|name| vanish(&name, tag, &mut errors)),
            paused: self.paused,
        };
        if errors.is_empty() { Ok(patch) } else { Err(Problem::invalid(errors)) }
    }
}

impl MappingBody {
    fn read(self, errors: &mut Vec<Invalid>) -> Mapping {
        let mut fields = Vec::with_capacity(self.fields.len());
        for MappedBody { field, target, overwrite } in self.fields {
            let Some(target) = Target::parse(&target) else {
                let reason = format!("maps {field} to no target that there is");
                errors.push(Invalid::new("mapping", reason));
                continue;
            };
            let overwrite = Overwrite::parse(overwrite.as_deref().unwrap_or("own"));
            let Some(overwrite) = overwrite else {
                let reason = "has an overwrite other than own, blanks and everything";
                errors.push(Invalid::new("mapping", reason));
                continue;
            };
            fields.push(MappedField { field, target, overwrite });
        }
        Mapping { fields, id_field: self.id_field }
    }
}

impl ScheduleBody {
    fn read(self, errors: &mut Vec<Invalid>) -> Option<Schedule> {
        let read = match (self.every_seconds, self.cron, self.time_zone) {
            (Some(seconds), None, None) => Schedule::every(Duration::from_secs(seconds)),
            (None, Some(cron), zone) => Schedule::cron(&cron, zone.as_deref().unwrap_or("UTC")),
            _ => {
                let reason = "must have either every_seconds, or cron and time_zone";
                errors.push(Invalid::new("schedule", reason));
                return None;
            }
        };
        read.map_err(|reason| {
            let field = match reason {
                InvalidSchedule::Every => "schedule.every_seconds",
                InvalidSchedule::Cron => "schedule.cron",
                InvalidSchedule::Zone => "schedule.time_zone",
            };
            errors.push(Invalid::new(field, reason));
        })
        .ok()
    }
}

fn mode(name: &str, cursor: Option<String>, errors: &mut Vec<Invalid>) -> Mode {
    match (name, &cursor) {
        ("full", None) => return Mode::Full,
        ("incremental", _) => return Mode::Incremental { cursor },
        ("full", Some(_)) => {
            errors.push(Invalid::new("cursor_field", "is given with incremental only"));
        }
        _ => errors.push(Invalid::new("mode", "must be full or incremental")),
    }
    Mode::Full
}

fn vanish(name: &str, tag: Option<String>, errors: &mut Vec<Invalid>) -> VanishPolicy {
    match (name, tag) {
        ("nothing", None) => return VanishPolicy::Nothing,
        ("unlink", None) => return VanishPolicy::Unlink,
        ("tag", Some(tag)) => match TagName::parse(&tag) {
            Ok(tag) => return VanishPolicy::Tag(tag),
            Err(reason) => errors.push(Invalid::new("vanish_tag", reason)),
        },
        ("tag", None) => errors.push(Invalid::new("vanish_tag", "is missing: which tag?")),
        ("nothing" | "unlink", Some(_)) => {
            errors.push(Invalid::new("vanish_tag", "is given with tag only"));
        }
        _ => errors.push(Invalid::new("vanish", "must be nothing, tag or unlink")),
    }
    VanishPolicy::Nothing
}
