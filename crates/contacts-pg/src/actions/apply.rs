//! A piece of an action, in a transaction.
//!
//! Each kind is one function that does the people who are there and says what came of them. The
//! ids go along as an array, so that every statement works on the whole piece; what is as it
//! should be is neither locked nor written. Contacts are taken in the order of their ids: two who
//! do the same people wait for each other in turn.

use std::collections::BTreeSet;

use contacts_core::action::{Action, ActionKind, ActionState, Applied, Piece, SkipReason};
use contacts_core::campaign::{CampaignId, Joining, Refusal};
use contacts_core::contact::{ContactFilter, ContactId};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::export::Sheet;
use contacts_core::tag::TagName;
use contacts_core::{Error, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, Integer, Jsonb, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::export;
use super::stored::{StoredTally, write_skipped};
use crate::Database;
use crate::campaigns::subscribe;
use crate::contacts::{Look, push_filter};
use crate::conversations;
use crate::database::{SETTINGS, store, unreadable};
use crate::events::publish;
use crate::selections::find_piece;
use crate::statement::{Bind, Statement};
use crate::tags;

#[derive(QueryableByName)]
struct Progress {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Integer)]
    pieces_done: i32,
    #[diesel(sql_type = Jsonb)]
    tally: Value,
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// What a piece is done with.
pub(super) enum With<'a> {
    /// An export, by this sheet.
    Sheet(&'a Sheet),
    /// The others; a delete is of those whom this filter means still.
    Still(&'a ContactFilter),
}

pub(super) fn apply(
    database: &Database,
    db: &mut PgConnection,
    action: &Action,
    number: u32,
    with: &With<'_>,
    now: OffsetDateTime,
) -> Result<Applied> {
    let org = action.org;
    sql_query(SETTINGS).execute(db).map_err(store)?;
    let progress: Option<Progress> = sql_query(
        "SELECT state, pieces_done, tally FROM actions WHERE org_id = $1 AND id = $2 FOR UPDATE",
    )
    .bind::<SqlUuid, _>(org.0)
    .bind::<SqlUuid, _>(action.id.0)
    .get_result(db)
    .optional()
    .map_err(store)?;
    let progress = progress.ok_or(Error::NotFound("action"))?;
    let state = ActionState::parse(&progress.state).ok_or_else(|| unreadable("actions.state"))?;
    if state.is_end() {
        return Ok(Applied::Stopped(state));
    }
    // Whoever else does a piece moves this number, too: so each is done once.
    if progress.pieces_done.cast_unsigned() != number || number >= action.pieces {
        return Ok(Applied::Superseded);
    }
    let ids = find_piece(db, org, action.selection, number)?;
    let ids = ids.ok_or(Error::NotFound("selection"))?;
    let doing = Doing { database, action, with, number, now };
    let piece = doing.take(db, &ids)?;
    insert_piece(db, action, number, &ids, &piece, now)?;
    let mut tally = StoredTally::read(progress.tally)?;
    tally.add(&piece);
    let counted = "UPDATE actions SET pieces_done = $3, tally = $4, \
             started_at = coalesce(started_at, $5) \
         WHERE org_id = $1 AND id = $2";
    sql_query(counted)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(action.id.0)
        .bind::<Integer, _>((number + 1).cast_signed())
        .bind::<Jsonb, _>(StoredTally::write(&tally))
        .bind::<Timestamptz, _>(now)
        .execute(db)
        .map_err(store)?;
    publish(database, db, org, &events(action, &piece, now))?;
    Ok(Applied::Taken(tally))
}

/// What the change feed tells of a piece.
fn events(action: &Action, piece: &Piece, now: OffsetDateTime) -> Vec<ContactEvent> {
    let (kind, fields) = match &action.kind {
        ActionKind::AddTags(_) | ActionKind::RemoveTags(_) => {
            (EventKind::Updated, vec!["tags".to_owned()])
        }
        ActionKind::Delete => (EventKind::Deleted, Vec::new()),
        // No field of a contact says in which campaigns it is.
        ActionKind::AddToCampaign(_) => return Vec::new(),
        ActionKind::Export(_) => return Vec::new(),
    };
    ContactEvent::of_many(&piece.changed, kind, &fields, action.actor, now)
}

/// What the people of a piece have in common.
struct Doing<'a> {
    database: &'a Database,
    action: &'a Action,
    with: &'a With<'a>,
    number: u32,
    now: OffsetDateTime,
}

impl Doing<'_> {
    fn take(&self, db: &mut PgConnection, ids: &[Uuid]) -> Result<Piece> {
        // Before they are done: an old id goes with its survivor.
        let select = "SELECT id FROM merged_contacts WHERE org_id = $1 AND id = ANY($2) \
             ORDER BY id";
        let merged = load_ids(db, self.org(), select, ids)?;
        let mut piece = match &self.action.kind {
            ActionKind::AddTags(tags) => self.add_tags(db, ids, tags)?,
            ActionKind::RemoveTags(tags) => self.remove_tags(db, ids, tags)?,
            ActionKind::AddToCampaign(campaign) => self.add_to_campaign(db, ids, *campaign)?,
            ActionKind::Export(_) => export::export(db, self.action, self.number, self.with, ids)?,
            ActionKind::Delete => self.delete(db, ids)?,
        };
        note_missing(ids, &merged, &mut piece);
        Ok(piece)
    }

    fn add_tags(&self, db: &mut PgConnection, ids: &[Uuid], tags: &[TagName]) -> Result<Piece> {
        let there = existing(db, self.org(), ids)?;
        if there.is_empty() {
            return Ok(Piece::default());
        }
        let ids = tags::ensured(self.database, db, self.org(), tags, self.now)?;
        if ids.len() < tags.len() {
            // One of them was deleted this moment.
            return Err(store(diesel::result::Error::RollbackTransaction));
        }
        let tags: Vec<_> = ids.into_values().collect();
        // In the order of the contacts: each link locks the contact that it hangs on.
        let statement = "INSERT INTO contact_tags (org_id, contact_id, tag_id) \
             SELECT $1, c.id, t.id FROM unnest($2) AS c (id), unnest($3) AS t (id) \
             ORDER BY c.id, t.id \
             ON CONFLICT (org_id, contact_id, tag_id) DO NOTHING RETURNING contact_id AS id";
        let changed: Vec<IdRow> = sql_query(statement)
            .bind::<SqlUuid, _>(self.org().0)
            .bind::<Array<SqlUuid>, _>(&there)
            .bind::<Array<SqlUuid>, _>(&tags)
            .load(db)
            .map_err(store)?;
        Ok(split(there, changed))
    }

    fn remove_tags(&self, db: &mut PgConnection, ids: &[Uuid], tags: &[TagName]) -> Result<Piece> {
        let there = existing(db, self.org(), ids)?;
        let tags = tags::ids_of(db, self.org(), tags)?;
        let statement = "DELETE FROM contact_tags \
             WHERE org_id = $1 AND contact_id = ANY($2) AND tag_id = ANY($3) \
             RETURNING contact_id AS id";
        let changed: Vec<IdRow> = sql_query(statement)
            .bind::<SqlUuid, _>(self.org().0)
            .bind::<Array<SqlUuid>, _>(&there)
            .bind::<Array<SqlUuid>, _>(&tags)
            .load(db)
            .map_err(store)?;
        Ok(split(there, changed))
    }

    fn add_to_campaign(
        &self,
        db: &mut PgConnection,
        ids: &[Uuid],
        campaign: CampaignId,
    ) -> Result<Piece> {
        let people: Vec<_> = ids.iter().copied().map(ContactId).collect();
        let joined = subscribe(db, self.org(), campaign, &people, self.action.actor, self.now)?;
        let mut piece = Piece::default();
        for (id, joining) in joined {
            match joining {
                Joining::Added => piece.changed.push(id),
                Joining::Unchanged => piece.unchanged.push(id),
                Joining::Skipped(Refusal::Unsubscribed) => {
                    piece.skip(SkipReason::Unsubscribed, [id]);
                }
                Joining::Skipped(Refusal::Unreachable) => {
                    piece.skip(SkipReason::Unreachable, [id]);
                }
            }
        }
        Ok(piece)
    }

    /// Everything that hangs on a contact goes with it, but its conversations: of these, only the
    /// link to it (R14).
    fn delete(&self, db: &mut PgConnection, ids: &[Uuid]) -> Result<Piece> {
        let org = self.org();
        // Held first and looked at then, so that nobody changes them in between.
        let held = "SELECT id FROM contacts WHERE org_id = $1 AND id = ANY($2) \
             ORDER BY id FOR UPDATE";
        let there = load_ids(db, org, held, ids)?;
        let mut meant = there.clone();
        if let With::Still(still) = self.with
            && **still != ContactFilter::default()
        {
            let mut select = Statement::of(org);
            select.push("SELECT c.id FROM contacts c WHERE c.org_id = $1 AND c.id = ANY(");
            select.bind(Bind::Uuids(there.clone())).push(")");
            push_filter(db, org, &mut select, still, Look::EachRow)?;
            let rows: Vec<IdRow> = select.build().load(db).map_err(store)?;
            meant = rows.into_iter().map(|row| row.id).collect();
            meant.sort_unstable();
        }
        conversations::release(db, org, &meant)?;
        sql_query("DELETE FROM contacts WHERE org_id = $1 AND id = ANY($2)")
            .bind::<SqlUuid, _>(org.0)
            .bind::<Array<SqlUuid>, _>(&meant)
            .execute(db)
            .map_err(store)?;
        let mut piece = Piece::default();
        let changed = there.iter().filter(|id| meant.binary_search(id).is_err());
        piece.skip(SkipReason::Changed, changed.copied().map(ContactId));
        piece.changed = meant.into_iter().map(ContactId).collect();
        Ok(piece)
    }

    fn org(&self) -> OrgId {
        self.action.org
    }
}

/// Whoever is in the piece and was not there.
fn note_missing(ids: &[Uuid], merged: &[Uuid], piece: &mut Piece) {
    let skipped = piece.skipped.values().flatten();
    let there: BTreeSet<Uuid> =
        piece.changed.iter().chain(&piece.unchanged).chain(skipped).map(|id| id.0).collect();
    let missing = ids.iter().copied().filter(|id| !there.contains(id));
    let (merged, gone): (Vec<_>, Vec<_>) =
        missing.map(ContactId).partition(|id| merged.binary_search(&id.0).is_ok());
    piece.skip(SkipReason::NotFound, gone);
    piece.skip(SkipReason::Merged, merged);
}

fn load_ids(db: &mut PgConnection, org: OrgId, select: &str, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    let rows: Vec<IdRow> = sql_query(select)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(db)
        .map_err(store)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Those who are there, in the order of their ids.
fn existing(db: &mut PgConnection, org: OrgId, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    let select = "SELECT id FROM contacts WHERE org_id = $1 AND id = ANY($2) ORDER BY id";
    load_ids(db, org, select, ids)
}

/// Those who changed, and those who were so before.
fn split(there: Vec<Uuid>, changed: Vec<IdRow>) -> Piece {
    let mut changed: Vec<_> = changed.into_iter().map(|row| row.id).collect();
    changed.sort_unstable();
    changed.dedup();
    let unchanged = there.into_iter().filter(|id| changed.binary_search(id).is_err());
    Piece {
        unchanged: unchanged.map(ContactId).collect(),
        changed: changed.into_iter().map(ContactId).collect(),
        ..Piece::default()
    }
}

fn insert_piece(
    db: &mut PgConnection,
    action: &Action,
    number: u32,
    ids: &[Uuid],
    piece: &Piece,
    now: OffsetDateTime,
) -> Result<()> {
    let (first, last) = (ids.first(), ids.last());
    let plain = |ids: &[ContactId]| ids.iter().map(|id| id.0).collect::<Vec<_>>();
    let statement = "INSERT INTO action_pieces \
         (org_id, action_id, piece, first_id, last_id, at, changed, unchanged, skipped) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    sql_query(statement)
        .bind::<SqlUuid, _>(action.org.0)
        .bind::<SqlUuid, _>(action.id.0)
        .bind::<Integer, _>(number.cast_signed())
        .bind::<SqlUuid, _>(first.copied().unwrap_or_default())
        .bind::<SqlUuid, _>(last.copied().unwrap_or_default())
        .bind::<Timestamptz, _>(now)
        .bind::<Array<SqlUuid>, _>(plain(&piece.changed))
        .bind::<Array<SqlUuid>, _>(plain(&piece.unchanged))
        .bind::<Jsonb, _>(write_skipped(&piece.skipped))
        .execute(db)
        .map(drop)
        .map_err(store)
}
