//! Contacts for exports: the text of their columns, some thousands with one statement.
//!
//! Whoever is exported is read along the primary keys of contacts, tags and sources at once,
//! within the same bounds, so that each is looked up in its order and a million people cost what
//! three walks cost.

use contacts_core::contact::{ContactFilter, ContactId, SourceKind};
use contacts_core::export::{Column, Columns, ExportPage, ExportRepository, ExportRow, People};
use contacts_core::field::{FieldType, Number};
use contacts_core::{OrgId, Result};
use diesel::pg::{PgConnection, PgRowByRowLoadingMode};
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::contacts::{Look, push_filter};
use crate::database::{store, unreadable};
use crate::statement::{Bind, Statement};
use crate::tags::IdRow;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    phone: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Timestamptz)]
    updated_at: OffsetDateTime,
    #[diesel(sql_type = Array<Nullable<Text>>)]
    custom: Vec<Option<String>>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    tags: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<Text>)]
    source_kind: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    file_name: Option<String>,
}

impl ExportRepository for Database {
    fn page(
        &self,
        org: OrgId,
        people: People<'_>,
        after: Option<ContactId>,
        columns: &Columns,
    ) -> Result<ExportPage> {
        // A transaction, for the setting that `load` makes holds for one.
        self.write(|db| match people {
            People::Matching(filter, look_at) => {
                let last = last_of(db, org, after, look_at)?;
                let range = Range { after, last, ids: None };
                let page = load(db, org, Some(filter), &range, columns)?;
                let next = page.next.or(last);
                Ok(ExportPage { next, ..page })
            }
            People::These(ids) => these(db, org, ids, after, columns),
        })
    }
}

/// Those of these ids, which stand in order.
pub(crate) fn these(
    db: &mut PgConnection,
    org: OrgId,
    ids: &[ContactId],
    after: Option<ContactId>,
    columns: &Columns,
) -> Result<ExportPage> {
    let ids: Vec<_> = ids.iter().filter(|id| Some(**id) > after).copied().collect();
    let Some(last) = ids.last().copied() else { return Ok(ExportPage::default()) };
    let range = Range { after, last: Some(last), ids: Some(&ids) };
    load(db, org, None, &range, columns)
}

/// The last of so many contacts, when there are more.
fn last_of(
    db: &mut PgConnection,
    org: OrgId,
    after: Option<ContactId>,
    look_at: usize,
) -> Result<Option<ContactId>> {
    let mut select = Statement::of(org);
    select.push("SELECT c.id FROM contacts c WHERE c.org_id = $1");
    push_after(&mut select, "c.id", after);
    select.push(" ORDER BY c.id OFFSET ").bind(Bind::Int(look_at.max(1) as i64 - 1));
    select.push(" LIMIT 2");
    let found: Vec<IdRow> = select.build().load(db).map_err(store)?;
    Ok(found.first().filter(|_| found.len() == 2).map(|row| ContactId(row.id)))
}

/// Between which ids the people are, and which of those they are when not all.
struct Range<'a> {
    after: Option<ContactId>,
    last: Option<ContactId>,
    ids: Option<&'a [ContactId]>,
}

impl Range<'_> {
    fn push(&self, statement: &mut Statement, column: &str) {
        match self.ids {
            Some(ids) => {
                let ids = ids.iter().map(|id| id.0).collect();
                statement.push(" AND ").push(column).push(" = ANY(");
                statement.bind(Bind::Uuids(ids)).push(")");
            }
            None => {
                push_after(statement, column, self.after);
                if let Some(last) = self.last {
                    statement.push(" AND ").push(column).push(" <= ").bind(Bind::Uuid(last.0));
                }
            }
        }
    }
}

fn push_after(statement: &mut Statement, column: &str, after: Option<ContactId>) {
    if let Some(after) = after {
        statement.push(" AND ").push(column).push(" > ").bind(Bind::Uuid(after.0));
    }
}

fn load(
    db: &mut PgConnection,
    org: OrgId,
    filter: Option<&ContactFilter>,
    range: &Range<'_>,
    columns: &Columns,
) -> Result<ExportPage> {
    let mut select = Statement::of(org);
    push_columns(&mut select, columns);
    select.push(" FROM contacts c");
    push_tags(&mut select, range, columns);
    push_sources(&mut select, range, columns);
    select.push(" WHERE c.org_id = $1");
    range.push(&mut select, "c.id");
    if let Some(filter) = filter {
        push_filter(db, org, &mut select, filter, Look::EachRow)?;
    }
    select.push(" ORDER BY c.id");
    join_as_sets(db, true)?;
    // Row by row: of a page that is too large the rest is never held.
    let query = select.build();
    let rows = query.load_iter::<Row, PgRowByRowLoadingMode>(db).map_err(store)?;
    let mut page = ExportPage::default();
    let mut bytes = 0;
    for row in rows {
        if bytes > ExportPage::BYTES {
            page.next = page.rows.last().map(|row: &ExportRow| row.id);
            break;
        }
        let row = row.map_err(store)?.read(columns)?;
        bytes += row.size();
        // Whatever becomes of sources, nobody goes out twice.
        if page.rows.last().is_none_or(|before| before.id != row.id) {
            page.rows.push(row);
        }
    }
    join_as_sets(db, false)?;
    Ok(page)
}

/// Has what hangs on the contacts of a page joined as sets, each read once. Postgres knows little
/// of a range of ids that are all new; taking it for one row, it would read the tags of the whole
/// range again for each contact.
fn join_as_sets(db: &mut PgConnection, only: bool) -> Result<()> {
    let nested = if only { "off" } else { "on" };
    let set = format!("SELECT set_config('enable_nestloop', '{nested}', true)");
    sql_query(set).execute(db).map(drop).map_err(store)
}

fn push_columns(select: &mut Statement, columns: &Columns) {
    select.push("SELECT c.id, c.name, c.email, c.phone, c.created_at, c.updated_at, ");
    select.push("ARRAY[");
    for (at, field) in columns.fields().iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        select.push(comma).push("c.custom ->> ").bind(Bind::Text(field.key.to_string()));
    }
    select.push("]::text[] AS custom, ");
    let has_tags = columns.has(&Column::Tags);
    select.push(if has_tags { "carried.tags, " } else { "NULL::text[] AS tags, " });
    select.push(if columns.has(&Column::Source) {
        "s.kind AS source_kind, i.file_name"
    } else {
        "NULL::text AS source_kind, NULL::text AS file_name"
    });
}

fn push_tags(select: &mut Statement, range: &Range<'_>, columns: &Columns) {
    if columns.has(&Column::Tags) {
        select.push(
            " LEFT JOIN (SELECT ct.contact_id, array_agg(t.name ORDER BY t.key) AS tags \
             FROM contact_tags ct JOIN tags t ON t.org_id = $1 AND t.id = ct.tag_id \
             WHERE ct.org_id = $1 AND t.org_id = $1",
        );
        range.push(select, "ct.contact_id");
        select.push(" GROUP BY ct.contact_id) carried ON carried.contact_id = c.id");
    }
}

fn push_sources(select: &mut Statement, range: &Range<'_>, columns: &Columns) {
    if columns.has(&Column::Source) {
        select.push(
            " LEFT JOIN contact_sources s ON s.org_id = $1 AND s.contact_id = c.id AND s.is_first",
        );
        range.push(select, "s.contact_id");
        select.push(
            " LEFT JOIN imports i ON i.org_id = $1 AND i.id = s.origin_id \
             AND s.kind = 'csv_import'",
        );
    }
}

impl Row {
    fn read(self, columns: &Columns) -> Result<ExportRow> {
        let mut custom = self.custom;
        for (value, field) in custom.iter_mut().zip(columns.fields()) {
            if field.kind == FieldType::Number
                && let Some(text) = value
                && let Some(number) = text.parse().ok().and_then(Number::new)
            {
                *text = number.to_string();
            }
        }
        let source = self.source_kind.map(|kind| {
            let kind = SourceKind::parse(&kind);
            kind.ok_or_else(|| unreadable("contact_sources.kind")).map(|k| (k, self.file_name))
        });
        Ok(ExportRow {
            id: ContactId(self.id),
            name: self.name,
            email: self.email,
            phone: self.phone,
            tags: self.tags.unwrap_or_default(),
            custom,
            source: source.transpose()?,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}
