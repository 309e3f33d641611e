//! The port of the audit trail.

use contacts_core::page::TimeCursor;
use contacts_core::trail::{
    TrailEntry, TrailEntryId, TrailEvent, TrailFilter, TrailKind, TrailRepository,
};
use contacts_core::{Actor, OrgId, Result};
use diesel::pg::Pg;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, QueryDsl, Queryable, Selectable,
    SelectableHelper, insert_into,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{PgResult, RunQuery, Tx, unreadable};
use crate::schema::trail;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = trail, check_for_backend(Pg), treat_none_as_default_value = false)]
struct Row {
    org_id: Uuid,
    id: Uuid,
    at: OffsetDateTime,
    actor_kind: String,
    actor_id: Option<Uuid>,
    kind: String,
    subject_id: Option<Uuid>,
    contacts: Option<i64>,
    details: Vec<Option<String>>,
}

impl Row {
    fn of(tx: &Tx<'_>, event: &TrailEvent, actor: Actor, at: OffsetDateTime) -> Self {
        let (actor_kind, actor_id) = actor.parts();
        Self {
            org_id: tx.org.0,
            id: tx.next_id(),
            at,
            actor_kind: actor_kind.to_owned(),
            actor_id,
            kind: event.kind.as_str().to_owned(),
            subject_id: event.subject,
            contacts: event.contacts.map(u64::cast_signed),
            details: event.details.iter().cloned().map(Some).collect(),
        }
    }

    fn read(self) -> PgResult<TrailEntry> {
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        let kind = TrailKind::parse(&self.kind).ok_or_else(|| unreadable("trail.kind"))?;
        let details: Option<_> = self.details.into_iter().collect();
        Ok(TrailEntry {
            id: TrailEntryId(self.id),
            at: self.at,
            actor: actor.ok_or_else(|| unreadable("trail.actor_kind"))?,
            event: TrailEvent {
                kind,
                subject: self.subject_id,
                contacts: self.contacts.map(i64::cast_unsigned),
                details: details.ok_or_else(|| unreadable("trail.details"))?,
            },
        })
    }
}

/// Adds an entry to the audit trail, in the transaction of what it records.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    event: &TrailEvent,
    actor: Actor,
    at: OffsetDateTime,
) -> PgResult<()> {
    let row = Row::of(tx, event, actor, at);
    insert_into(trail::table).values(&row).execute(tx).map(drop)
}

impl TrailRepository for Database {
    fn record(
        &self,
        org: OrgId,
        event: &TrailEvent,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<()> {
        self.write(org, |tx| record(tx, event, actor, now))
    }

    fn list(
        &self,
        org: OrgId,
        filter: &TrailFilter,
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<Vec<TrailEntry>> {
        self.read(org, |tx| {
            let mut select = trail::table
                .filter(trail::org_id.eq(tx.org.0))
                .order((trail::at.desc(), trail::id.desc()))
                .limit(limit as i64)
                .select(Row::as_select())
                .into_boxed();
            if let Some(actor) = filter.actor {
                select = select.filter(trail::actor_id.eq(actor));
            }
            if let Some(kind) = filter.kind {
                select = select.filter(trail::kind.eq(kind.as_str()));
            }
            if let Some(from) = filter.from {
                select = select.filter(trail::at.ge(from));
            }
            if let Some(until) = filter.until {
                select = select.filter(trail::at.lt(until));
            }
            if let Some(TimeCursor { at, id }) = after {
                let is_later = trail::at.lt(at).or(trail::at.eq(at).and(trail::id.lt(id)));
                select = select.filter(trail::at.le(at)).filter(is_later);
            }
            let rows: Vec<Row> = select.load(tx)?;
            rows.into_iter().map(Row::read).collect()
        })
    }
}
