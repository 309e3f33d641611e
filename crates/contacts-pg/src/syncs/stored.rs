//! Connected sources as their rows hold them.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use contacts_core::import::Target;
use contacts_core::sync::{
    ConnectedSource, Mapped, Mapping, Mode, Overwrite, Schedule, SettingValue, Settings, SourceId,
    State, SyncRun, SyncRunId, SyncState, Vanish,
};
use contacts_core::tag::TagName;
use contacts_core::{Actor, Error, OrgId, Result};
use diesel::QueryableByName;
use diesel::sql_types::{
    Array, BigInt, Binary, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::database::unreadable;
use crate::imports::StoredTally;

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
    asked_kind: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    asked_id: Option<Uuid>,
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
    ended_at: Option<OffsetDateTime>,
}

/// A setting's value.
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
    pub(super) fn read(self, org: OrgId) -> Result<ConnectedSource> {
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
                StoredVanish::Nothing => Vanish::Nothing,
                StoredVanish::Unlink => Vanish::Unlink,
                StoredVanish::Tag(name) => Vanish::Tag(
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
        })
    }
}

impl RunRow {
    pub(super) fn source(&self) -> SourceId {
        SourceId(self.source_id)
    }

    pub(super) fn read(self) -> Result<SyncRun> {
        let asked_by = match self.asked_kind {
            None => None,
            Some(kind) => Some(
                Actor::from_parts(&kind, self.asked_id)
                    .ok_or_else(|| unreadable("sync_runs.asked_kind"))?,
            ),
        };
        Ok(SyncRun {
            source: SourceId(self.source_id),
            id: SyncRunId(self.id),
            state: SyncState::parse(&self.state).ok_or_else(|| unreadable("sync_runs.state"))?,
            asked_by,
            tally: StoredTally::read(self.tally)?,
            vanished: self.vanished.cast_unsigned(),
            attempt: self.attempt.cast_unsigned(),
            stalled: self.stalled.cast_unsigned(),
            problem: self.problem,
            log: self.log,
            created_at: self.created_at,
            started_at: self.started_at,
            ended_at: self.ended_at,
        })
    }
}

fn parse<T: serde::de::DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(Error::store)
}

pub(super) fn settings(settings: &Settings) -> Value {
    let stored = |value: &SettingValue| match value {
        SettingValue::Text(text) => json!(StoredValue::Text(text.clone())),
        SettingValue::Json(json) => json!(StoredValue::Json(json.clone())),
    };
    settings.0.iter().map(|(path, value)| (path.clone(), stored(value))).collect()
}

fn read_settings(value: Value) -> Result<Settings> {
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

fn read_secrets(value: Value) -> Result<BTreeMap<String, Vec<u8>>> {
    let stored: BTreeMap<String, String> = parse(value)?;
    let read = |(path, sealed): (String, String)| {
        let sealed = BASE64_STANDARD.decode(sealed);
        sealed.map(|sealed| (path, sealed)).map_err(Error::store)
    };
    stored.into_iter().map(read).collect()
}

pub(super) fn mode(mode: &Mode) -> Value {
    json!(match mode {
        Mode::Full => StoredMode::Full,
        Mode::Incremental { cursor } => StoredMode::Incremental { cursor: cursor.clone() },
    })
}

pub(super) fn vanish(vanish: &Vanish) -> Value {
    json!(match vanish {
        Vanish::Nothing => StoredVanish::Nothing,
        Vanish::Tag(tag) => StoredVanish::Tag(tag.to_string()),
        Vanish::Unlink => StoredVanish::Unlink,
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

fn read_schedule(value: Value) -> Result<Schedule> {
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

fn read_mapping(value: Value) -> Result<Mapping> {
    let stored: StoredMapping = parse(value)?;
    let read = |stored: StoredMapped| {
        let (target, overwrite) =
            (Target::parse(&stored.target), Overwrite::parse(&stored.overwrite));
        let (target, overwrite) =
            target.zip(overwrite).ok_or_else(|| unreadable("connected_sources.mapping"))?;
        Ok(Mapped { field: stored.field, target, overwrite })
    };
    let fields: Result<_> = stored.fields.into_iter().map(read).collect();
    Ok(Mapping { fields: fields?, id_field: stored.id_field })
}
