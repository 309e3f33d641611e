//! Reads and writes the rows of connected sources.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use contacts_core::import::Target;
use contacts_core::sync::{
    ConnectedSource, MappedField, Mapping, Mode, Overwrite, Schedule, SettingValue, Settings,
    SourceId, State, SyncRun, SyncRunId, VanishPolicy,
};
use contacts_core::tag::TagName;
use contacts_core::{Error, OrgId};
use diesel::QueryableByName;
use diesel::sql_types::{
    Array, BigInt, Binary, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::database::{PgError, PgResult, unreadable};
use crate::imports::StoredTally;
use crate::runs::{read_actor, read_state};

#[derive(QueryableByName)]
pub(super) struct SourceRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    connector: String,
    #[diesel(sql_type = Jsonb)]
    settings: Value,
    #[diesel(sql_type = Jsonb)]
    secrets: Value,
    #[diesel(sql_type = Text)]
    stream: String,
    #[diesel(sql_type = Jsonb)]
    mode: Value,
    #[diesel(sql_type = Jsonb)]
    mapping: Value,
    #[diesel(sql_type = Nullable<Jsonb>)]
    schedule: Option<Value>,
    #[diesel(sql_type = Jsonb)]
    vanish: Value,
    #[diesel(sql_type = Bool)]
    paused: bool,
    #[diesel(sql_type = Nullable<Binary>)]
    state: Option<Vec<u8>>,
    #[diesel(sql_type = Integer)]
    failures: i32,
    #[diesel(sql_type = Nullable<Text>)]
    problem: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    next_run_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

#[derive(QueryableByName)]
pub(super) struct RunRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    source_id: Uuid,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    actor_kind: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    actor_id: Option<Uuid>,
    #[diesel(sql_type = Jsonb)]
    tally: Value,
    #[diesel(sql_type = BigInt)]
    vanished: i64,
    #[diesel(sql_type = Integer)]
    attempt: i32,
    #[diesel(sql_type = Integer)]
    stalled: i32,
    #[diesel(sql_type = Nullable<Text>)]
    problem: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    log: Vec<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    started_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finished_at: Option<OffsetDateTime>,
}

/// The stored value of a setting.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredValue {
    Text(String),
    Json(String),
}

#[derive(Serialize, Deserialize)]
struct StoredMapping {
    fields: Vec<StoredMapped>,
    id_field: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredMapped {
    field: String,
    target: String,
    overwrite: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredMode {
    Full,
    Incremental { cursor: Option<String> },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredSchedule {
    Every { seconds: u64 },
    Cron { expression: String, zone: String },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredVanish {
    Nothing,
    Tag(String),
    Unlink,
}

impl SourceRow {
    pub(super) fn read(self, org: OrgId) -> PgResult<ConnectedSource> {
        Ok(ConnectedSource {
            org,
            id: SourceId(self.id),
            name: self.name,
            connector: self.connector,
            settings: read_settings(self.settings)?,
            secrets: read_secrets(self.secrets)?,
            stream: self.stream,
            mode: match parse(self.mode)? {
                StoredMode::Full => Mode::Full,
                StoredMode::Incremental { cursor } => Mode::Incremental { cursor },
            },
            mapping: read_mapping(self.mapping)?,
            schedule: self.schedule.map(read_schedule).transpose()?,
            vanish: match parse(self.vanish)? {
                StoredVanish::Nothing => VanishPolicy::Nothing,
                StoredVanish::Unlink => VanishPolicy::Unlink,
                StoredVanish::Tag(name) => VanishPolicy::Tag(
                    TagName::parse(&name)
                        .map_err(|_none| unreadable("connected_sources.vanish"))?,
                ),
            },
            paused: self.paused,
            state: self.state.map(State),
            failures: self.failures.cast_unsigned(),
            problem: self.problem,
            next_run_at: self.next_run_at,
            created_at: self.created_at,
            version: self.version.cast_unsigned(),
        })
    }
}

impl RunRow {
    pub(super) fn source(&self) -> SourceId {
        SourceId(self.source_id)
    }

    pub(super) fn read(self) -> PgResult<SyncRun> {
        let actor = read_actor(self.actor_kind.as_deref(), self.actor_id, "sync_runs.actor_kind")?;
        Ok(SyncRun {
            source: SourceId(self.source_id),
            id: SyncRunId(self.id),
            state: read_state(&self.state, self.started_at, "sync_runs.state")?,
            actor,
            tally: StoredTally::read(self.tally)?,
            vanished: self.vanished.cast_unsigned(),
            attempt: self.attempt.cast_unsigned(),
            stalled: self.stalled.cast_unsigned(),
            problem: self.problem,
            log: self.log,
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
        })
    }
}

fn parse<T: serde::de::DeserializeOwned>(value: Value) -> PgResult<T> {
    Ok(serde_json::from_value(value).map_err(Error::store)?)
}

pub(super) fn settings(settings: &Settings) -> Value {
    let stored = |value: &SettingValue| match value {
        SettingValue::Text(text) => json!(StoredValue::Text(text.clone())),
        SettingValue::Json(json) => json!(StoredValue::Json(json.clone())),
    };
    settings.0.iter().map(|(path, value)| (path.clone(), stored(value))).collect()
}

fn read_settings(value: Value) -> PgResult<Settings> {
    let stored: BTreeMap<String, StoredValue> = parse(value)?;
    let read = |value| match value {
        StoredValue::Text(text) => SettingValue::Text(text),
        StoredValue::Json(json) => SettingValue::Json(json),
    };
    Ok(Settings(stored.into_iter().map(|(path, value)| (path, read(value))).collect()))
}

pub(super) fn secrets(secrets: &BTreeMap<String, Vec<u8>>) -> Value {
    let sealed = |sealed: &Vec<u8>| Value::String(BASE64_STANDARD.encode(sealed));
    secrets.iter().map(|(path, secret)| (path.clone(), sealed(secret))).collect()
}

fn read_secrets(value: Value) -> PgResult<BTreeMap<String, Vec<u8>>> {
    let stored: BTreeMap<String, String> = parse(value)?;
    let read = |(path, sealed): (String, String)| {
        let sealed = BASE64_STANDARD.decode(sealed);
        sealed.map(|sealed| (path, sealed)).map_err(|error| PgError::from(Error::store(error)))
    };
    stored.into_iter().map(read).collect()
}

pub(super) fn mode(mode: &Mode) -> Value {
    json!(match mode {
        Mode::Full => StoredMode::Full,
        Mode::Incremental { cursor } => StoredMode::Incremental { cursor: cursor.clone() },
    })
}

pub(super) fn vanish(vanish: &VanishPolicy) -> Value {
    json!(match vanish {
        VanishPolicy::Nothing => StoredVanish::Nothing,
        VanishPolicy::Tag(tag) => StoredVanish::Tag(tag.to_string()),
        VanishPolicy::Unlink => StoredVanish::Unlink,
    })
}

pub(super) fn schedule(schedule: &Schedule) -> Value {
    let seconds = schedule.interval().map(|interval| interval.as_secs());
    let (expression, zone) = schedule.expression().unwrap_or_default();
    json!(match seconds {
        Some(seconds) => StoredSchedule::Every { seconds },
        None => {
            StoredSchedule::Cron { expression: expression.to_owned(), zone: zone.to_owned() }
        }
    })
}

fn read_schedule(value: Value) -> PgResult<Schedule> {
    match parse(value)? {
        StoredSchedule::Every { seconds } => Schedule::every(Duration::from_secs(seconds)),
        StoredSchedule::Cron { expression, zone } => Schedule::cron(&expression, &zone),
    }
    .map_err(|_none| unreadable("connected_sources.schedule"))
}

pub(super) fn mapping(mapping: &Mapping) -> Value {
    let stored = mapping.fields.iter().map(|mapped| StoredMapped {
        field: mapped.field.clone(),
        target: mapped.target.to_string(),
        overwrite: mapped.overwrite.as_str().to_owned(),
    });
    json!(StoredMapping { fields: stored.collect(), id_field: mapping.id_field.clone() })
}

fn read_mapping(value: Value) -> PgResult<Mapping> {
    let stored: StoredMapping = parse(value)?;
    let read = |stored: StoredMapped| {
        let (target, overwrite) =
            (Target::parse(&stored.target), Overwrite::parse(&stored.overwrite));
        let (target, overwrite) =
            target.zip(overwrite).ok_or_else(|| unreadable("connected_sources.mapping"))?;
        Ok(MappedField { field: stored.field, target, overwrite })
    };
    let fields: PgResult<_> = stored.fields.into_iter().map(read).collect();
    Ok(Mapping { fields: fields?, id_field: stored.id_field })
}
