//! Segments.

use contacts_core::contact::FilterText;
use contacts_core::segment::{Segment, SegmentId, SegmentName, SegmentRepository};
use contacts_core::{Error, OrgId, Result};
use diesel::sql_types::{BigInt, Jsonb, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{is, is_unique_violation, store, unread, unreadable};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Jsonb)]
    filter: Value,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Timestamptz)]
    updated_at: OffsetDateTime,
}

impl Row {
    fn read(self) -> Result<Segment> {
        Ok(Segment {
            id: SegmentId(self.id),
            name: SegmentName::parse(&self.name).map_err(unread("segments.name"))?,
            filter: filter_from_json(self.filter).ok_or_else(|| unreadable("segments.filter"))?,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// A filter as it is kept: a list of names and values. Text in JSON may hold what text in
/// Postgres may not, and no filter reads with it.
pub(crate) fn filter_to_json(filter: &FilterText) -> Value {
    let clean = |text: &str| text.replace('\0', "\u{FFFD}");
    let parts = filter.parts().iter();
    parts.map(|(name, value)| json!([clean(name), clean(value)])).collect()
}

pub(crate) fn filter_from_json(stored: Value) -> Option<FilterText> {
    let parts: Vec<(String, String)> = serde_json::from_value(stored).ok()?;
    Some(FilterText::new(parts))
}

const COLUMNS: &str = "id, name, filter, created_at, updated_at";

impl SegmentRepository for Database {
    fn insert(&self, org: OrgId, segment: &Segment) -> Result<()> {
        let statement = "INSERT INTO segments \
             (org_id, id, name, key, filter, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (org_id, key) DO NOTHING";
        let inserted = self.write(|db| {
            sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(segment.id.0)
                .bind::<Text, _>(segment.name.as_str())
                .bind::<Text, _>(segment.name.key())
                .bind::<Jsonb, _>(filter_to_json(&segment.filter))
                .bind::<Timestamptz, _>(segment.created_at)
                .bind::<Timestamptz, _>(segment.updated_at)
                .execute(db)
                .map_err(store)
        });
        if inserted? == 1 { Ok(()) } else { Err(taken()) }
    }

    fn get(&self, org: OrgId, id: SegmentId) -> Result<Option<Segment>> {
        let select = format!("SELECT {COLUMNS} FROM segments WHERE org_id = $1 AND id = $2");
        self.read(|db| {
            let row: Option<Row> = sql_query(&select)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id.0)
                .get_result(db)
                .optional()
                .map_err(store)?;
            row.map(Row::read).transpose()
        })
    }

    fn list(&self, org: OrgId, after: &str, limit: usize) -> Result<Vec<Segment>> {
        let select = format!(
            "SELECT {COLUMNS} FROM segments WHERE org_id = $1 AND key > $2 ORDER BY key LIMIT $3"
        );
        self.read(|db| {
            let rows: Vec<Row> = sql_query(&select)
                .bind::<SqlUuid, _>(org.0)
                .bind::<Text, _>(after)
                .bind::<BigInt, _>(limit as i64)
                .load(db)
                .map_err(store)?;
            rows.into_iter().map(Row::read).collect()
        })
    }

    fn update(&self, org: OrgId, segment: &Segment) -> Result<bool> {
        let statement = "UPDATE segments SET name = $3, key = $4, filter = $5, updated_at = $6 \
             WHERE org_id = $1 AND id = $2";
        let updated = self.write(|db| {
            sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(segment.id.0)
                .bind::<Text, _>(segment.name.as_str())
                .bind::<Text, _>(segment.name.key())
                .bind::<Jsonb, _>(filter_to_json(&segment.filter))
                .bind::<Timestamptz, _>(segment.updated_at)
                .execute(db)
                .map(|updated| updated == 1)
                .map_err(store)
        });
        updated.map_err(|error| if is(&error, is_unique_violation) { taken() } else { error })
    }

    fn delete(&self, org: OrgId, id: SegmentId) -> Result<bool> {
        self.write(|db| {
            sql_query("DELETE FROM segments WHERE org_id = $1 AND id = $2")
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id.0)
                .execute(db)
                .map(|deleted| deleted == 1)
                .map_err(store)
        })
    }
}

fn taken() -> Error {
    Error::Taken("the segment's name")
}
