//! How a contact came, and what happened to it.

use contacts_core::contact::{Activity, ActivityKind, Arrival, ContactId, FieldChange, Origin};
use contacts_core::{Actor, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::{SOURCE_COLUMNS, SourceRow};
use crate::database::{store, unreadable};
use crate::statement::{Bind, Statement};

#[derive(QueryableByName)]
struct EventRow {
    #[diesel(sql_type = Timestamptz)]
    at: OffsetDateTime,
    #[diesel(sql_type = Text)]
    actor_kind: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    actor_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Jsonb)]
    detail: Value,
}

#[derive(QueryableByName)]
struct ArrivalRow {
    #[diesel(embed)]
    source: SourceRow,
    #[diesel(sql_type = Bool)]
    is_first: bool,
}

pub(super) fn arrivals(db: &mut PgConnection, org: OrgId, id: ContactId) -> Result<Vec<Arrival>> {
    let rows = select_arrivals(db, org, id, None)?;
    rows.into_iter().map(|row| row.source.read()).collect()
}

pub(super) fn activity(
    db: &mut PgConnection,
    org: OrgId,
    id: ContactId,
    before: Option<OffsetDateTime>,
    limit: usize,
) -> Result<Vec<Activity>> {
    let mut select = Statement::of(org);
    select.push("SELECT at, actor_kind, actor_id, kind, detail FROM contact_events WHERE org_id = $1 AND contact_id = ");
    select.bind(Bind::Uuid(id.0));
    if let Some(before) = before {
        select.push(" AND at < ").bind(Bind::Time(before));
    }
    select.push(" ORDER BY at DESC, id DESC LIMIT ").bind(Bind::Int(limit as i64));
    let events: Vec<EventRow> = select.build().load(db).map_err(store)?;
    let mut activity = events.into_iter().map(EventRow::read).collect::<Result<Vec<_>>>()?;
    for row in select_arrivals(db, org, id, before)? {
        activity.extend(happened(row.source.read()?, row.is_first));
    }
    activity.sort_by_key(|what| std::cmp::Reverse(what.at));
    activity.truncate(limit);
    Ok(activity)
}

/// What an arrival was for the contact: one that made it by hand has an event of its own.
fn happened(arrival: Arrival, is_first: bool) -> Option<Activity> {
    let actor = match &arrival.origin {
        Origin::CsvImport { import, .. } => Actor::Import(*import),
        Origin::Connected { source, .. } => Actor::Connected(*source),
        Origin::Manual { by } => *by,
        Origin::Chat { .. } => Actor::System,
    };
    let what = match (is_first, &arrival.origin) {
        (true, Origin::Manual { .. }) => return None,
        (true, _) => ActivityKind::Created,
        (false, _) => ActivityKind::Arrived(arrival.origin),
    };
    Some(Activity { at: arrival.at, actor, what })
}

fn select_arrivals(
    db: &mut PgConnection,
    org: OrgId,
    id: ContactId,
    before: Option<OffsetDateTime>,
) -> Result<Vec<ArrivalRow>> {
    let mut select = Statement::of(org);
    select
        .push("SELECT ")
        .push(SOURCE_COLUMNS)
        .push(", s.is_first FROM contact_sources s WHERE s.org_id = $1 AND s.contact_id = ");
    select.bind(Bind::Uuid(id.0));
    if let Some(before) = before {
        select.push(" AND s.at < ").bind(Bind::Time(before));
    }
    select.push(" ORDER BY s.is_first DESC, s.at, s.kind, s.origin_id, s.reference");
    select.build().load(db).map_err(store)
}

/// Notes what happened.
pub(super) fn record(
    db: &mut PgConnection,
    org: OrgId,
    contact: ContactId,
    id: Uuid,
    activity: &Activity,
) -> Result<()> {
    let (kind, detail) = match &activity.what {
        ActivityKind::Created => ("created", json!({})),
        ActivityKind::Edited(changes) => {
            ("edited", Value::Array(changes.iter().map(change_to_json).collect()))
        }
        ActivityKind::Tagged { added, removed } => {
            ("tagged", json!({"added": added, "removed": removed}))
        }
        ActivityKind::Merged { other, called, changes, tags } => {
            let changes = changes.iter().map(change_to_json);
            let changes: Vec<_> = changes.collect();
            (
                "merged",
                json!({"other": other.0, "called": called, "changes": changes, "tags": tags}),
            )
        }
        // Told by contact_sources.
        ActivityKind::Arrived(_) => return Ok(()),
    };
    let (actor_kind, actor_id) = activity.actor.parts();
    let statement = "INSERT INTO contact_events \
         (org_id, id, contact_id, at, actor_kind, actor_id, kind, detail) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id)
        .bind::<SqlUuid, _>(contact.0)
        .bind::<Timestamptz, _>(activity.at)
        .bind::<Text, _>(actor_kind)
        .bind::<Nullable<SqlUuid>, _>(actor_id)
        .bind::<Text, _>(kind)
        .bind::<Jsonb, _>(detail)
        .execute(db)
        .map(drop)
        .map_err(store)
}

impl EventRow {
    fn read(self) -> Result<Activity> {
        let detail = || unreadable("contact_events.detail");
        let texts = |name: &str| -> Result<Vec<String>> {
            let texts = self.detail[name].as_array().ok_or_else(detail)?;
            texts.iter().map(|t| t.as_str().map(str::to_owned).ok_or_else(detail)).collect()
        };
        let what = match self.kind.as_str() {
            "created" => ActivityKind::Created,
            "edited" => ActivityKind::Edited(read_changes(&self.detail).ok_or_else(detail)?),
            "tagged" => ActivityKind::Tagged { added: texts("added")?, removed: texts("removed")? },
            "merged" => ActivityKind::Merged {
                other: ContactId(
                    self.detail["other"]
                        .as_str()
                        .and_then(|id| id.parse().ok())
                        .ok_or_else(detail)?,
                ),
                called: self.detail["called"].as_str().map(str::to_owned),
                changes: read_changes(&self.detail["changes"]).ok_or_else(detail)?,
                tags: texts("tags")?,
            },
            _ => return Err(unreadable("contact_events.kind")),
        };
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        let actor = actor.ok_or_else(|| unreadable("contact_events.actor_kind"))?;
        Ok(Activity { at: self.at, actor, what })
    }
}

fn change_to_json(change: &FieldChange) -> Value {
    json!({"field": change.field, "from": change.from, "to": change.to})
}

fn read_changes(changes: &Value) -> Option<Vec<FieldChange>> {
    Some(changes.as_array()?.iter().map(read_change).collect())
}

fn read_change(change: &Value) -> FieldChange {
    let text = |name: &str| change[name].as_str().map(str::to_owned);
    FieldChange { field: text("field").unwrap_or_default(), from: text("from"), to: text("to") }
}
