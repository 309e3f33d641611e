//! Selections: ids in pieces, frozen by one statement in the database.

use contacts_core::contact::{ContactFilter, ContactId};
use contacts_core::selection::{Chosen, NewSelection, Selection, SelectionId, SelectionRepository};
use contacts_core::{Actor, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{
    Array, BigInt, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::contacts::{Look, push_filter};
use crate::database::{SETTINGS, store, unreadable};
use crate::segments::{filter_from_json, filter_to_json};
use crate::statement::{Bind, Statement};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<Jsonb>)]
    filter: Option<Value>,
    #[diesel(sql_type = BigInt)]
    people: i64,
    #[diesel(sql_type = Integer)]
    pieces: i32,
    #[diesel(sql_type = Text)]
    actor_kind: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    actor_id: Option<Uuid>,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
}

#[derive(QueryableByName)]
struct SizeRow {
    #[diesel(sql_type = Integer)]
    size: i32,
}

#[derive(QueryableByName)]
struct PieceRow {
    #[diesel(sql_type = Array<SqlUuid>)]
    ids: Vec<Uuid>,
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    counted: i64,
}

impl Row {
    fn read(self, id: SelectionId) -> Result<Selection> {
        let filter = self
            .filter
            .map(|stored| filter_from_json(stored).ok_or_else(|| unreadable("selections.filter")));
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        Ok(Selection {
            id,
            filter: filter.transpose()?,
            people: self.people.cast_unsigned(),
            pieces: self.pieces.cast_unsigned(),
            actor: actor.ok_or_else(|| unreadable("selections.actor_kind"))?,
            created_at: self.created_at,
        })
    }
}

impl SelectionRepository for Database {
    fn freeze(&self, org: OrgId, new: &NewSelection) -> Result<Selection> {
        let filter = match &new.chosen {
            Chosen::Ids(_) => None,
            Chosen::Matching { text, .. } => Some(text.clone()),
        };
        self.write(|db| {
            sweep(db, org, new.at)?;
            insert(db, org, new)?;
            let sizes = insert_pieces(db, org, new)?;
            let selection = Selection {
                id: new.id,
                filter: filter.clone(),
                people: sizes.iter().map(|size| u64::from(*size)).sum(),
                pieces: sizes.len() as u32,
                actor: new.actor,
                created_at: new.at,
            };
            let sized = "UPDATE selections SET people = $3, pieces = $4 \
                 WHERE org_id = $1 AND id = $2";
            sql_query(sized)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(new.id.0)
                .bind::<BigInt, _>(selection.people.cast_signed())
                .bind::<Integer, _>(selection.pieces.cast_signed())
                .execute(db)
                .map_err(store)?;
            Ok(selection)
        })
    }

    fn get(&self, org: OrgId, id: SelectionId) -> Result<Option<Selection>> {
        let select = "SELECT filter, people, pieces, actor_kind, actor_id, created_at \
             FROM selections WHERE org_id = $1 AND id = $2";
        self.read(|db| {
            let row: Option<Row> = sql_query(select)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id.0)
                .get_result(db)
                .optional()
                .map_err(store)?;
            row.map(|row| row.read(id)).transpose()
        })
    }

    fn piece(&self, org: OrgId, id: SelectionId, piece: u32) -> Result<Option<Vec<ContactId>>> {
        let ids = self.read(|db| find_piece(db, org, id, piece))?;
        Ok(ids.map(|ids| ids.into_iter().map(ContactId).collect()))
    }

    fn count(&self, org: OrgId, id: SelectionId, still: &ContactFilter) -> Result<u64> {
        self.write(|db| {
            sql_query(SETTINGS).execute(db).map_err(store)?;
            let mut select = Statement::of(org);
            push_count(db, org, &mut select, id, still)?;
            let row: CountRow = select.build().get_result(db).map_err(store)?;
            Ok(row.counted.cast_unsigned())
        })
    }
}

/// Piece by piece, and looked up by their ids before the filter has a say: Postgres takes an
/// array for ten ids, and would hold each of the many that it has against everybody.
fn push_count(
    db: &mut PgConnection,
    org: OrgId,
    select: &mut Statement,
    id: SelectionId,
    still: &ContactFilter,
) -> Result<()> {
    select.push(
        "SELECT count(*) AS counted FROM selection_pieces p CROSS JOIN LATERAL (\
         SELECT c.* FROM contacts c WHERE c.org_id = $1 AND c.id = ANY(p.ids) OFFSET 0) c \
         WHERE p.org_id = $1 AND p.selection_id = ",
    );
    select.bind(Bind::Uuid(id.0));
    push_filter(db, org, select, still, Look::EachRow)
}

/// How Postgres would count a selection again, for the test that pins it.
///
/// # Errors
///
/// [`contacts_core::Error::Store`] when it cannot be asked.
pub fn explain_count(
    database: &Database,
    org: OrgId,
    id: SelectionId,
    still: &ContactFilter,
) -> Result<String> {
    database.read(|db| {
        let mut explain = Statement::of(org);
        push_count(db, org, &mut explain, id, still)?;
        explain.plan(db)
    })
}

/// The ids of a piece, in their order.
pub(crate) fn find_piece(
    db: &mut PgConnection,
    org: OrgId,
    id: SelectionId,
    piece: u32,
) -> Result<Option<Vec<Uuid>>> {
    let select = "SELECT ids FROM selection_pieces \
         WHERE org_id = $1 AND selection_id = $2 AND piece = $3";
    let row: Option<PieceRow> = sql_query(select)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Integer, _>(piece.cast_signed())
        .get_result(db)
        .optional()
        .map_err(store)?;
    Ok(row.map(|row| row.ids))
}

/// Old selections go, unless an action still needs them.
fn sweep(db: &mut PgConnection, org: OrgId, now: OffsetDateTime) -> Result<()> {
    let statement = "DELETE FROM selections s WHERE s.org_id = $1 AND s.created_at < $2 \
         AND NOT EXISTS (SELECT FROM actions a \
         WHERE a.org_id = $1 AND a.selection_id = s.id AND a.state = 'running')";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Timestamptz, _>(now - Selection::KEPT)
        .execute(db)
        .map(drop)
        .map_err(store)
}

fn insert(db: &mut PgConnection, org: OrgId, new: &NewSelection) -> Result<()> {
    let filter = match &new.chosen {
        Chosen::Ids(_) => None,
        Chosen::Matching { text, .. } => Some(filter_to_json(text)),
    };
    let (actor_kind, actor_id) = new.actor.parts();
    let statement = "INSERT INTO selections \
         (org_id, id, filter, people, pieces, actor_kind, actor_id, created_at) \
         VALUES ($1, $2, $3, 0, 0, $4, $5, $6)";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(new.id.0)
        .bind::<Nullable<Jsonb>, _>(filter)
        .bind::<Text, _>(actor_kind)
        .bind::<Nullable<SqlUuid>, _>(actor_id)
        .bind::<Timestamptz, _>(new.at)
        .execute(db)
        .map(drop)
        .map_err(store)
}

/// Adds the pieces by one statement, so that they are of one moment, and says how many ids each
/// holds. No id of a filter's comes here.
fn insert_pieces(db: &mut PgConnection, org: OrgId, new: &NewSelection) -> Result<Vec<u32>> {
    let mut insert = Statement::of(org);
    insert.push("INSERT INTO selection_pieces (org_id, selection_id, piece, ids) SELECT $1, ");
    insert.bind(Bind::Uuid(new.id.0)).push(", n.piece, array_agg(n.id ORDER BY n.id) FROM (");
    let number = format!("((row_number() OVER (ORDER BY c.id) - 1) / {})::int", new.piece);
    insert.push("SELECT c.id, ").push(&number).push(" AS piece FROM ");
    match &new.chosen {
        Chosen::Ids(ids) => {
            insert.push("unnest(").bind(Bind::Uuids(ids.iter().map(|id| id.0).collect()));
            insert.push(") AS c (id)");
        }
        Chosen::Matching { filter, except, .. } => {
            insert.push("contacts c WHERE c.org_id = $1");
            push_filter(db, org, &mut insert, filter, Look::AsSet)?;
            if !except.is_empty() {
                insert.push(" AND NOT EXISTS (SELECT FROM unnest(");
                insert.bind(Bind::Uuids(except.iter().map(|id| id.0).collect()));
                insert.push(") AS other (id) WHERE other.id = c.id)");
            }
        }
    }
    insert.push(") n GROUP BY n.piece RETURNING cardinality(ids) AS size");
    let sizes: Vec<SizeRow> = insert.build().load(db).map_err(store)?;
    Ok(sizes.into_iter().map(|row| row.size.cast_unsigned()).collect())
}
