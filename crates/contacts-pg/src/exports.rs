//! Pages of contacts for exports: one statement reads the text of the columns of some thousand
//! contacts.
//!
//! The primary keys of contacts, tags and sources are read in the same order and within the same
//! bounds. So an export of a million contacts costs as much as three scans.

use contacts_core::contact::{ContactFilter, ContactId, SourceKind};
use contacts_core::export::{
    Column, Columns, ExportPage, ExportRepository, ExportRow, ExportScope,
};
use contacts_core::field::{FieldType, Number};
use contacts_core::{OrgId, Result};
use diesel::pg::PgRowByRowLoadingMode;
use diesel::sql_types::{Array, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::contacts::{Access, push_filter};
use crate::database::{Connected, PgError, PgResult, Tx, unreadable};
use crate::statement::{Bind, IdRow, Statement};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    external_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    other_emails: Vec<String>,
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
    #[diesel(sql_type = Nullable<Bool>)]
    is_subscribed: Option<bool>,
    #[diesel(sql_type = Nullable<Text>)]
    source_kind: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    file_name: Option<String>,
}

impl ExportRepository for Database {
    fn page(
        &self,
        org: OrgId,
        people: ExportScope<'_>,
        after: Option<ContactId>,
        columns: &Columns,
    ) -> Result<ExportPage> {
        // A transaction, because a setting that `load` makes is valid for one transaction.
        self.write(org, |tx| match people {
            ExportScope::Matching(filter, look_at) => {
                let last = last_of(tx, after, look_at)?;
                let range = Range { after, last, ids: None };
                let page = load(tx, Some(filter), &range, columns)?;
                let next = page.next.or(last);
                Ok(ExportPage { next, ..page })
            }
            ExportScope::Ids(ids) => these(tx, ids, after, columns),
        })
    }
}

/// Returns the page for these ids, which must be in ascending order.
pub(crate) fn these(
    tx: &mut Tx<'_>,
    ids: &[ContactId],
    after: Option<ContactId>,
    columns: &Columns,
) -> PgResult<ExportPage> {
    let ids: Vec<_> = ids.iter().filter(|id| Some(**id) > after).copied().collect();
    let Some(last) = ids.last().copied() else { return Ok(ExportPage::default()) };
    let range = Range { after, last: Some(last), ids: Some(&ids) };
    load(tx, None, &range, columns)
}

/// Returns the last of the next `look_at` contacts, or `None` when no more contacts follow it.
fn last_of(
    tx: &mut Tx<'_>,
    after: Option<ContactId>,
    look_at: usize,
) -> PgResult<Option<ContactId>> {
    let mut select = tx.statement();
    select.push("SELECT c.id FROM contacts c WHERE c.org_id = $1");
    push_after(&mut select, "c.id", after);
    select.push(" ORDER BY c.id OFFSET ").bind(Bind::Int(look_at.max(1) as i64 - 1));
    select.push(" LIMIT 2");
    let found: Vec<IdRow> = select.load(tx)?;
    Ok(found.first().filter(|_| found.len() == 2).map(|row| ContactId(row.id)))
}

/// The ids of a page: a range, or some ids within it.
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
    tx: &mut Tx<'_>,
    filter: Option<&ContactFilter>,
    range: &Range<'_>,
    columns: &Columns,
) -> PgResult<ExportPage> {
    let mut select = tx.statement();
    push_columns(&mut select, columns);
    select.push(" FROM contacts c");
    push_tags(&mut select, range, columns);
    push_consents(&mut select, range, columns);
    push_sources(&mut select, range, columns);
    select.push(" WHERE c.org_id = $1");
    range.push(&mut select, "c.id");
    if let Some(filter) = filter {
        push_filter(tx, &mut select, filter, Access::EachRow)?;
    }
    select.push(" ORDER BY c.id");
    join_as_sets(tx, true)?;
    // Read row by row, so that the rest of a page that is too large is never in memory.
    let query = select.build();
    let rows = RunQueryDsl::load_iter::<Row, PgRowByRowLoadingMode>(query, tx.db())
        .map_err(PgError::from)?;
    let mut page = ExportPage::default();
    let mut bytes = 0;
    for row in rows {
        if bytes > ExportPage::BYTES {
            page.next = page.rows.last().map(|row: &ExportRow| row.id);
            break;
        }
        let row = row?.read(columns)?;
        bytes += row.size();
        // Each contact is exported once, even if the join with its sources yields several rows.
        if page.rows.last().is_none_or(|before| before.id != row.id) {
            page.rows.push(row);
        }
    }
    join_as_sets(tx, false)?;
    Ok(page)
}

/// Makes Postgres join tags and sources as sets, each read once. Statistics say little about a
/// range of new ids: Postgres would estimate one row, and read the tags of the whole range again
/// for each contact.
fn join_as_sets(tx: &mut Tx<'_>, only: bool) -> PgResult<()> {
    let nested = if only { "off" } else { "on" };
    tx.set(&format!("SET LOCAL enable_nestloop = {nested}"))
}

fn push_columns(select: &mut Statement, columns: &Columns) {
    select.push(
        "SELECT c.id, c.external_id, c.name, c.email, c.other_emails, c.phone, c.created_at, ",
    );
    select.push("c.updated_at, ");
    select.push("ARRAY[");
    for (at, field) in columns.fields().iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        select.push(comma).push("c.custom ->> ").bind(Bind::Text(field.key.to_string()));
    }
    select.push("]::text[] AS custom, ");
    let has_tags = columns.has(&Column::Tags);
    select.push(if has_tags { "carried.tags, " } else { "NULL::text[] AS tags, " });
    select.push(if columns.has(&Column::Consent) {
        "gone.contact_id IS NULL AS is_subscribed, "
    } else {
        "NULL::bool AS is_subscribed, "
    });
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

fn push_consents(select: &mut Statement, range: &Range<'_>, columns: &Columns) {
    if columns.has(&Column::Consent) {
        select.push(
            " LEFT JOIN unsubscribes gone ON gone.org_id = $1 \
             AND gone.contact_id = c.id",
        );
        range.push(select, "gone.contact_id");
    }
}

fn push_sources(select: &mut Statement, range: &Range<'_>, columns: &Columns) {
    if columns.has(&Column::Source) {
        select.push(
            " LEFT JOIN contact_sources s ON s.org_id = $1 AND s.contact_id = c.id AND s.is_first",
        );
        range.push(select, "s.contact_id");
        select.push(
            " LEFT JOIN imports i ON i.org_id = $1 AND i.id = s.detail_id \
             AND s.kind = 'csv_import'",
        );
    }
}

impl Row {
    fn read(self, columns: &Columns) -> PgResult<ExportRow> {
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
            external_id: self.external_id,
            name: self.name,
            email: self.email,
            other_emails: self.other_emails,
            phone: self.phone,
            tags: self.tags.unwrap_or_default(),
            custom,
            is_subscribed: self.is_subscribed,
            source: source.transpose()?,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}
