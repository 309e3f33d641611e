//! The port of selections. The ids of the contacts are stored in chunks, and one statement in the
//! database writes them all.

use contacts_core::contact::{ContactFilter, ContactId, FilterText};
use contacts_core::selection::{
    NewSelection, Selection, SelectionId, SelectionRepository, SelectionScope,
};
use contacts_core::{Actor, OrgId, Result};
use diesel::dsl::{exists, not};
use diesel::pg::Pg;
use diesel::sql_types::{BigInt, Integer};
use diesel::{
    ExpressionMethods, Insertable, QueryDsl, Queryable, QueryableByName, Selectable,
    SelectableHelper, delete, insert_into, update,
};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::contacts::{Access, push_filter};
use crate::database::{PgResult, RunQuery, TimedTx, Tx, unreadable};
use crate::schema::{actions, selection_chunks, selections};
use crate::segments::{filter_from_json, filter_to_json};
use crate::statement::{Bind, Statement};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = selections, check_for_backend(Pg), treat_none_as_default_value = false)]
struct Row {
    org_id: Uuid,
    id: Uuid,
    filter: Option<Value>,
    contacts: i64,
    chunks: i32,
    actor_kind: String,
    actor_id: Option<Uuid>,
    created_at: OffsetDateTime,
}

#[derive(QueryableByName)]
struct SizeRow {
    #[diesel(sql_type = Integer)]
    size: i32,
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    counted: i64,
}

impl Row {
    /// Returns the row of a selection whose chunks are not counted yet.
    fn of(org: OrgId, new: &NewSelection) -> Self {
        let filter = match &new.chosen {
            SelectionScope::Ids(_) => None,
            SelectionScope::Matching { text, .. } => Some(filter_to_json(text)),
        };
        let (actor_kind, actor_id) = new.actor.parts();
        Self {
            org_id: org.0,
            id: new.id.0,
            filter,
            contacts: 0,
            chunks: 0,
            actor_kind: actor_kind.to_owned(),
            actor_id,
            created_at: new.at,
        }
    }

    fn read(self) -> PgResult<Selection> {
        let filter = self
            .filter
            .map(|stored| filter_from_json(stored).ok_or_else(|| unreadable("selections.filter")));
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        Ok(Selection {
            id: SelectionId(self.id),
            filter: filter.transpose()?,
            contacts: self.contacts.cast_unsigned(),
            chunks: self.chunks.cast_unsigned(),
            actor: actor.ok_or_else(|| unreadable("selections.actor_kind"))?,
            created_at: self.created_at,
        })
    }
}

impl SelectionRepository for Database {
    fn freeze(&self, org: OrgId, new: &NewSelection) -> Result<Selection> {
        let filter = match &new.chosen {
            SelectionScope::Ids(_) => None,
            SelectionScope::Matching { text, .. } => Some(text.clone()),
        };
        self.write_at(org, new.at, |tx| {
            sweep(tx)?;
            insert_into(selections::table).values(Row::of(org, new)).execute(tx)?;
            let sizes = insert_chunks(tx, new)?;
            let selection = Selection {
                id: new.id,
                filter: filter.clone(),
                contacts: sizes.iter().map(|size| u64::from(*size)).sum(),
                chunks: sizes.len() as u32,
                actor: new.actor,
                created_at: new.at,
            };
            update(selections::table.find((tx.org.0, new.id.0)))
                .set((
                    selections::contacts.eq(selection.contacts.cast_signed()),
                    selections::chunks.eq(selection.chunks.cast_signed()),
                ))
                .execute(tx)?;
            Ok(selection)
        })
    }

    fn get(&self, org: OrgId, id: SelectionId) -> Result<Option<Selection>> {
        self.read(org, |tx| {
            let row: Option<Row> =
                selections::table.find((tx.org.0, id.0)).select(Row::as_select()).row(tx)?;
            row.map(Row::read).transpose()
        })
    }

    fn chunk(&self, org: OrgId, id: SelectionId, chunk: u32) -> Result<Option<Vec<ContactId>>> {
        let ids = self.read(org, |tx| find_chunk(tx, id, chunk))?;
        Ok(ids.map(|ids| ids.into_iter().map(ContactId).collect()))
    }

    fn count(&self, org: OrgId, id: SelectionId, filter: &ContactFilter) -> Result<u64> {
        self.write(org, |tx| count(tx, id, filter))
    }
}

/// Returns the filter that a selection was made with; `None` when it was made of ids.
pub(crate) fn filter_of(tx: &mut Tx<'_>, id: SelectionId) -> PgResult<Option<FilterText>> {
    let stored: Option<Option<Value>> =
        selections::table.find((tx.org.0, id.0)).select(selections::filter).row(tx)?;
    let read = |stored| filter_from_json(stored).ok_or_else(|| unreadable("selections.filter"));
    stored.flatten().map(read).transpose()
}

/// Counts the contacts of a selection that match a filter.
pub(crate) fn count(tx: &mut Tx<'_>, id: SelectionId, still: &ContactFilter) -> PgResult<u64> {
    tx.use_generic_plans()?;
    let mut select = tx.statement();
    push_count(tx, &mut select, id, still)?;
    let row: CountRow = select.get_result(tx)?;
    Ok(row.counted.cast_unsigned())
}

/// Appends the query that counts the contacts of a selection that match a filter.
///
/// It reads chunk by chunk, and looks contacts up by their ids before it applies the filter.
/// Otherwise Postgres, which estimates that an array has ten elements, would compare every id of
/// the selection with every contact.
fn push_count(
    tx: &mut Tx<'_>,
    select: &mut Statement,
    id: SelectionId,
    filter: &ContactFilter,
) -> PgResult<()> {
    select.push(
        "SELECT count(*) AS counted FROM selection_chunks p CROSS JOIN LATERAL (\
         SELECT c.* FROM contacts c WHERE c.org_id = $1 AND c.id = ANY(p.ids) OFFSET 0) c \
         WHERE p.org_id = $1 AND p.selection_id = ",
    );
    select.bind(Bind::Uuid(id.0));
    push_filter(tx, select, filter, Access::EachRow)
}

/// Returns the plan of the query that counts a selection, for the test that pins it.
///
/// # Errors
///
/// [`contacts_core::Error::Store`] when the database refuses the statement.
pub fn explain_count(
    database: &Database,
    org: OrgId,
    id: SelectionId,
    filter: &ContactFilter,
) -> Result<String> {
    database.read(org, |tx| {
        let mut explain = tx.statement();
        push_count(tx, &mut explain, id, filter)?;
        explain.plan(tx)
    })
}

/// Returns the ids of a chunk in ascending order.
pub(crate) fn find_chunk(
    tx: &mut Tx<'_>,
    id: SelectionId,
    chunk: u32,
) -> PgResult<Option<Vec<Uuid>>> {
    let ids: Option<Vec<Option<Uuid>>> = selection_chunks::table
        .find((tx.org.0, id.0, chunk.cast_signed()))
        .select(selection_chunks::ids)
        .row(tx)?;
    Ok(ids.map(|ids| ids.into_iter().flatten().collect()))
}

/// Deletes expired selections, except those that a running action needs.
fn sweep(tx: &mut TimedTx<'_>) -> PgResult<()> {
    let actions = actions::table
        .filter(actions::org_id.eq(tx.org.0))
        .filter(actions::selection_id.eq(selections::id))
        .filter(actions::finished_at.is_null());
    delete(selections::table)
        .filter(selections::org_id.eq(tx.org.0))
        .filter(selections::created_at.lt(tx.now - Selection::RETENTION))
        .filter(not(exists(actions)))
        .execute(tx)
        .map(drop)
}

/// Inserts the chunks and returns the number of ids in each. It is one statement, so that all
/// chunks come from one snapshot, and the ids that match a filter never leave the database.
fn insert_chunks(tx: &mut Tx<'_>, new: &NewSelection) -> PgResult<Vec<u32>> {
    let mut insert = tx.statement();
    insert.push("INSERT INTO selection_chunks (org_id, selection_id, chunk, ids) SELECT $1, ");
    insert.bind(Bind::Uuid(new.id.0)).push(", n.chunk, array_agg(n.id ORDER BY n.id) FROM (");
    let number = format!("((row_number() OVER (ORDER BY c.id) - 1) / {})::int", new.chunk);
    insert.push("SELECT c.id, ").push(&number).push(" AS chunk FROM ");
    match &new.chosen {
        SelectionScope::Ids(ids) => {
            insert.push("unnest(").bind(Bind::Uuids(ids.iter().map(|id| id.0).collect()));
            insert.push(") AS c (id)");
        }
        SelectionScope::Matching { filter, except, .. } => {
            insert.push("contacts c WHERE c.org_id = $1");
            push_filter(tx, &mut insert, filter, Access::Whole)?;
            if !except.is_empty() {
                insert.push(" AND NOT EXISTS (SELECT FROM unnest(");
                insert.bind(Bind::Uuids(except.iter().map(|id| id.0).collect()));
                insert.push(") AS other (id) WHERE other.id = c.id)");
            }
        }
    }
    insert.push(") n GROUP BY n.chunk RETURNING cardinality(ids) AS size");
    let sizes: Vec<SizeRow> = insert.load(tx)?;
    Ok(sizes.into_iter().map(|row| row.size.cast_unsigned()).collect())
}
