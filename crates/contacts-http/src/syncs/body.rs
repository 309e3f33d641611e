//! Sources as they come in.

use std::time::Duration;

use contacts_core::Invalid;
use contacts_core::contact::Patch;
use contacts_core::import::Target;
use contacts_core::sync::{
    Definition, DefinitionPatch, InvalidSchedule, Mapped, Mapping, Mode, Overwrite, Schedule,
    Vanish,
};
use contacts_core::tag::TagName;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::settings;
use super::view::{ModeView, OverwriteView, VanishView};
use crate::body::present;
use crate::problem::Problem;

/// A source to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewConnectedSource)]
pub(super) struct SourceBody {
    /// What people call it.
    #[schema(example = "CRM")]
    name: String,
    /// The connector, one of those that the operator allows.
    connector: String,
    /// Its settings, as the connector wants them, the secret ones among them.
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
    /// The stream that is read.
    stream: String,
    /// How it is read; as a whole, when absent.
    #[serde(default)]
    #[schema(value_type = ModeView)]
    mode: Option<String>,
    /// By which field it is read incrementally, where the connector does not know it itself.
    #[serde(default)]
    cursor_field: Option<String>,
    /// What its fields become.
    mapping: MappingBody,
    /// When it runs by itself; when somebody asks only, when absent.
    #[serde(default)]
    schedule: Option<ScheduleBody>,
    /// What happens to contacts that vanish there.
    #[serde(default)]
    #[schema(value_type = VanishView)]
    vanish: Option<String>,
    /// The tag that they get, with `tag`.
    #[serde(default)]
    vanish_tag: Option<String>,
    /// Whether it does not run by itself for now.
    #[serde(default)]
    paused: bool,
}

/// A change of a source. What is absent stays; so do settings that are not named.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = ConnectedSourcePatch)]
pub(super) struct SourcePatchBody {
    /// What people call it.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// Settings to set; those that are null are taken away.
    #[serde(default)]
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
    /// The stream that is read. Another one begins anew.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    stream: Option<String>,
    /// How it is read. Another way begins anew.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ModeView>, nullable = false)]
    mode: Option<String>,
    /// With `mode`: by which field it is read incrementally.
    #[serde(default)]
    cursor_field: Option<String>,
    /// What its fields become, all of them.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    mapping: Option<MappingBody>,
    /// When it runs by itself; null for when somebody asks only.
    #[serde(default, deserialize_with = "present")]
    schedule: Option<Option<ScheduleBody>>,
    /// What happens to contacts that vanish there.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<VanishView>, nullable = false)]
    vanish: Option<String>,
    /// With `vanish`: the tag that they get.
    #[serde(default)]
    vanish_tag: Option<String>,
    /// Whether it does not run by itself for now.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    paused: Option<bool>,
}

/// What the fields of a stream become.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewSourceMapping)]
struct MappingBody {
    /// The fields that go somewhere.
    fields: Vec<MappedBody>,
    /// The field that holds the external id; the stream's own key, when absent.
    #[serde(default)]
    id_field: Option<String>,
}

/// A field that goes somewhere.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewMappedField)]
struct MappedBody {
    /// Its name in the stream.
    field: String,
    /// Where it goes: `name`, `first_name`, `last_name`, `email`, `phone`, `tags`, or `custom:` and
    /// a field's key.
    #[schema(example = "email")]
    target: String,
    /// What it may overwrite there; what the source wrote itself, when absent.
    #[serde(default)]
    #[schema(value_type = OverwriteView)]
    overwrite: Option<String>,
}

/// When a source runs by itself: either an interval, or a cron expression.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewSchedule)]
struct ScheduleBody {
    /// So many seconds after the last run began, at least 60.
    #[serde(default)]
    every_seconds: Option<u64>,
    /// A cron expression of five fields.
    #[serde(default)]
    #[schema(example = "30 2 * * *")]
    cron: Option<String>,
    /// The time zone of the cron expression; UTC, when absent.
    #[serde(default)]
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
}

/// The settings with which a connector is asked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = ConnectorSettings)]
pub(super) struct SettingsBody {
    /// The settings.
    #[schema(value_type = Object)]
    pub(super) settings: Map<String, Value>,
}

/// Of which stream a sample is wanted, and with which settings.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = SampleOfConnector)]
pub(super) struct SampleBody {
    /// The settings.
    #[schema(value_type = Object)]
    pub(super) settings: Map<String, Value>,
    /// The stream.
    pub(super) stream: String,
}

/// How a source is to run.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewRun)]
pub(super) struct RunBody {
    /// Whether everything is read again, as if for the first time.
    #[serde(default)]
    pub(super) from_start: bool,
}

impl SourceBody {
    pub(super) fn read(self) -> Result<Definition, Problem> {
        let mut wrong = Vec::new();
        let settings = settings::settings_of(self.settings).map_err(|why| wrong.push(why));
        let mode = mode(self.mode.as_deref().unwrap_or("full"), self.cursor_field, &mut wrong);
        let mapping = self.mapping.read(&mut wrong);
        let schedule = self.schedule.and_then(|schedule| schedule.read(&mut wrong));
        let vanish =
            vanish(self.vanish.as_deref().unwrap_or("nothing"), self.vanish_tag, &mut wrong);
        match settings {
            Ok(settings) if wrong.is_empty() => Ok(Definition {
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
            _ => Err(Problem::invalid(wrong)),
        }
    }
}

impl SourcePatchBody {
    pub(super) fn read(self) -> Result<DefinitionPatch, Problem> {
        let mut wrong = Vec::new();
        let settings = settings::flat(self.settings).map_err(|why| wrong.push(why));
        if self.cursor_field.is_some() && self.mode.is_none() {
            wrong.push(Invalid::new("cursor_field", "is given with mode only"));
        }
        if self.vanish_tag.is_some() && self.vanish.is_none() {
            wrong.push(Invalid::new("vanish_tag", "is given with vanish only"));
        }
        let (cursor, tag) = (self.cursor_field, self.vanish_tag);
        let patch = DefinitionPatch {
            name: self.name,
            settings: settings.unwrap_or_default(),
            stream: self.stream,
            mode: self.mode.map(|name| mode(&name, cursor, &mut wrong)),
            mapping: self.mapping.map(|mapping| mapping.read(&mut wrong)),
            schedule: match self.schedule {
                None => Patch::Keep,
                Some(None) => Patch::Clear,
                Some(Some(schedule)) => schedule.read(&mut wrong).map_or(Patch::Keep, Patch::Set),
            },
            vanish: self.vanish.map(|name| vanish(&name, tag, &mut wrong)),
            paused: self.paused,
        };
        if wrong.is_empty() { Ok(patch) } else { Err(Problem::invalid(wrong)) }
    }
}

impl MappingBody {
    fn read(self, wrong: &mut Vec<Invalid>) -> Mapping {
        let mut fields = Vec::with_capacity(self.fields.len());
        for MappedBody { field, target, overwrite } in self.fields {
            let Some(target) = Target::parse(&target) else {
                let reason = format!("maps {field} to no target that there is");
                wrong.push(Invalid::new("mapping", reason));
                continue;
            };
            let overwrite = Overwrite::parse(overwrite.as_deref().unwrap_or("own"));
            let Some(overwrite) = overwrite else {
                let reason = "has an overwrite other than own, blanks and everything";
                wrong.push(Invalid::new("mapping", reason));
                continue;
            };
            fields.push(Mapped { field, target, overwrite });
        }
        Mapping { fields, id_field: self.id_field }
    }
}

impl ScheduleBody {
    fn read(self, wrong: &mut Vec<Invalid>) -> Option<Schedule> {
        let read = match (self.every_seconds, self.cron, self.time_zone) {
            (Some(seconds), None, None) => Schedule::every(Duration::from_secs(seconds)),
            (None, Some(cron), zone) => Schedule::cron(&cron, zone.as_deref().unwrap_or("UTC")),
            _ => {
                let reason = "must have either every_seconds, or cron and time_zone";
                wrong.push(Invalid::new("schedule", reason));
                return None;
            }
        };
        read.map_err(|why| {
            let field = match why {
                InvalidSchedule::Every => "schedule.every_seconds",
                InvalidSchedule::Cron => "schedule.cron",
                InvalidSchedule::Zone => "schedule.time_zone",
            };
            wrong.push(Invalid::new(field, why));
        })
        .ok()
    }
}

fn mode(name: &str, cursor: Option<String>, wrong: &mut Vec<Invalid>) -> Mode {
    match (name, &cursor) {
        ("full", None) => return Mode::Full,
        ("incremental", _) => return Mode::Incremental { cursor },
        ("full", Some(_)) => {
            wrong.push(Invalid::new("cursor_field", "is given with incremental only"));
        }
        _ => wrong.push(Invalid::new("mode", "must be full or incremental")),
    }
    Mode::Full
}

fn vanish(name: &str, tag: Option<String>, wrong: &mut Vec<Invalid>) -> Vanish {
    match (name, tag) {
        ("nothing", None) => return Vanish::Nothing,
        ("unlink", None) => return Vanish::Unlink,
        ("tag", Some(tag)) => match TagName::parse(&tag) {
            Ok(tag) => return Vanish::Tag(tag),
            Err(why) => wrong.push(Invalid::new("vanish_tag", why)),
        },
        ("tag", None) => wrong.push(Invalid::new("vanish_tag", "is missing: which tag?")),
        ("nothing" | "unlink", Some(_)) => {
            wrong.push(Invalid::new("vanish_tag", "is given with tag only"));
        }
        _ => wrong.push(Invalid::new("vanish", "must be nothing, tag or unlink")),
    }
    Vanish::Nothing
}
