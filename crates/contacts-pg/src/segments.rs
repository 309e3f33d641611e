//! The port of segments.

use contacts_core::contact::{FilterText, Sort};
use contacts_core::segment::{
    Audience, ColumnKey, Segment, SegmentId, SegmentLayout, SegmentName, SegmentPatch,
    SegmentRepository, ViewColumn,
};
use contacts_core::{Current, Error, OrgId, Result};
use diesel::pg::Pg;
use diesel::{
    AsChangeset, BoolExpressionMethods, ExpressionMethods, Insertable, QueryDsl, Queryable,
    Selectable, SelectableHelper, delete, insert_into, update,
};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{PgResult, RunQuery, unread, unreadable};
use crate::schema::segments;
use crate::statement::{Bind, IdRow};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = segments,
    primary_key(org_id, id),
    check_for_backend(Pg),
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
struct Row {
    org_id: Uuid,
    id: Uuid,
    name: String,
    key: String,
    filter: Value,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    version: i64,
    sort: Option<String>,
    layout: Value,
    owner_id: Option<Uuid>,
}

impl Row {
    fn of(org: OrgId, segment: &Segment) -> Self {
        Self {
            org_id: org.0,
            id: segment.id.0,
            name: segment.name.as_str().to_owned(),
            key: segment.name.key().to_owned(),
            filter: filter_to_json(&segment.filter),
            created_at: segment.created_at,
            updated_at: segment.updated_at,
            version: segment.version.cast_signed(),
            sort: segment.layout.sort.as_ref().map(Sort::name),
            layout: columns_to_json(&segment.layout.columns),
            owner_id: segment.audience.owner(),
        }
    }

    fn read(self) -> PgResult<Segment> {
        let sort =
            self.sort.map(|sort| Sort::parse(&sort).ok_or_else(|| unreadable("segments.sort")));
        let columns = columns_from_json(self.layout);
        Ok(Segment {
            layout: SegmentLayout {
                sort: sort.transpose()?,
                columns: columns.ok_or_else(|| unreadable("segments.layout"))?,
            },
            audience: Audience::of_owner(self.owner_id),
            id: SegmentId(self.id),
            name: SegmentName::parse(&self.name).map_err(unread("segments.name"))?,
            filter: filter_from_json(self.filter).ok_or_else(|| unreadable("segments.filter"))?,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version.cast_unsigned(),
        })
    }
}

/// Returns the stored JSON of columns: a list of names and widths.
fn columns_to_json(columns: &[ViewColumn]) -> Value {
    columns.iter().map(|column| json!([column.key.as_str(), column.width])).collect()
}

fn columns_from_json(stored: Value) -> Option<Vec<ViewColumn>> {
    let columns: Vec<(String, Option<u16>)> = serde_json::from_value(stored).ok()?;
    let read = |(key, width): (String, Option<u16>)| {
        Some(ViewColumn { key: ColumnKey::parse(&key)?, width })
    };
    columns.into_iter().map(read).collect()
}

/// Returns the stored JSON of a filter: a list of names and values. JSON text may contain the zero
/// character, which Postgres does not accept, and which is not valid in a filter either.
pub(crate) fn filter_to_json(filter: &FilterText) -> Value {
    let clean = |text: &str| text.replace('\0', "\u{FFFD}");
    let parts = filter.parts().iter();
    parts.map(|(name, value)| json!([clean(name), clean(value)])).collect()
}

pub(crate) fn filter_from_json(stored: Value) -> Option<FilterText> {
    let parts: Vec<(String, String)> = serde_json::from_value(stored).ok()?;
    Some(FilterText::new(parts))
}

/// The start of a query for private segments whose owner is gone, up to the current time.
const ORPHANED: &str = "SELECT s.id FROM segments s WHERE s.org_id = $1 AND (s.owner_id IN ( \
         SELECT u.id FROM users u WHERE u.org_id = $1 AND u.deactivated_at IS NOT NULL) \
     OR s.owner_id IN (SELECT k.id FROM api_keys k WHERE k.org_id = $1 \
         AND (k.revoked_at IS NOT NULL OR k.expires_at <= ";

impl SegmentRepository for Database {
    fn insert(&self, org: OrgId, segment: &Segment) -> Result<()> {
        let row = Row::of(org, segment);
        let inserted = self.write(org, |tx| {
            insert_into(segments::table)
                .values(&row)
                .on_conflict((segments::org_id, segments::key))
                .do_nothing()
                .execute(tx)
        });
        if inserted? == 1 { Ok(()) } else { Err(name_taken()) }
    }

    fn get(&self, org: OrgId, id: SegmentId) -> Result<Option<Segment>> {
        self.read(org, |tx| {
            let row: Option<Row> =
                segments::table.find((tx.org.0, id.0)).select(Row::as_select()).row(tx)?;
            row.map(Row::read).transpose()
        })
    }

    fn list(&self, org: OrgId, viewer: Uuid, after: &str, limit: usize) -> Result<Vec<Segment>> {
        self.read(org, |tx| {
            let rows: Vec<Row> = segments::table
                .filter(segments::org_id.eq(tx.org.0))
                .filter(segments::key.gt(after))
                .filter(segments::owner_id.is_null().or(segments::owner_id.eq(viewer)))
                .order(segments::key)
                .limit(limit as i64)
                .select(Row::as_select())
                .load(tx)?;
            rows.into_iter().map(Row::read).collect()
        })
    }

    fn orphaned(
        &self,
        org: OrgId,
        now: OffsetDateTime,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Segment>> {
        self.read(org, |tx| {
            let mut select = tx.statement();
            select.push(ORPHANED).bind(Bind::Time(now)).push("))) AND s.key > ");
            select.bind(Bind::Text(after.to_owned())).push(" ORDER BY s.key LIMIT ");
            select.bind(Bind::Int(limit as i64));
            let ids: Vec<IdRow> = select.load(tx)?;
            let ids: Vec<_> = ids.into_iter().map(|row| row.id).collect();
            let rows: Vec<Row> = segments::table
                .filter(segments::org_id.eq(tx.org.0))
                .filter(segments::id.eq_any(ids))
                .order(segments::key)
                .select(Row::as_select())
                .load(tx)?;
            rows.into_iter().map(Row::read).collect()
        })
    }

    fn is_orphaned(&self, org: OrgId, id: SegmentId, now: OffsetDateTime) -> Result<bool> {
        self.read(org, |tx| {
            let mut select = tx.statement();
            select.push(ORPHANED).bind(Bind::Time(now)).push("))) AND s.id = ");
            select.bind(Bind::Uuid(id.0));
            let found: Option<IdRow> = select.row(tx)?;
            Ok(found.is_some())
        })
    }

    fn patch(
        &self,
        org: OrgId,
        id: SegmentId,
        patch: &SegmentPatch,
        if_version: Option<u64>,
        now: OffsetDateTime,
    ) -> Result<Option<Segment>> {
        self.write(org, |tx| {
            let locked = segments::table.find((tx.org.0, id.0)).for_update();
            let row: Option<Row> = locked.select(Row::as_select()).row(tx)?;
            let Some(mut segment) = row.map(Row::read).transpose()? else { return Ok(None) };
            Current::check(&segment, if_version)?;
            if segment.apply(patch, now) {
                update(segments::table.find((tx.org.0, id.0)))
                    .set(&Row::of(tx.org, &segment))
                    .execute(tx)
                    .map_err(|error| {
                        if error.is_unique_violation() { name_taken().into() } else { error }
                    })?;
            }
            Ok(Some(segment))
        })
    }

    fn delete(&self, org: OrgId, id: SegmentId) -> Result<bool> {
        self.write(org, |tx| {
            let deleted = delete(segments::table.find((tx.org.0, id.0))).execute(tx)?;
            Ok(deleted == 1)
        })
    }
}

fn name_taken() -> Error {
    Error::Taken("the segment's name")
}
