//! The port of conversations.

mod last;

use std::collections::BTreeMap;

use contacts_core::contact::ContactId;
use contacts_core::conversation::{
    Conversation, ConversationId, ConversationRepository, Link, Visitor, Widget, WidgetName,
};
use contacts_core::page::TimeCursor;
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, OrgId, Result};
use diesel::pg::Pg;
use diesel::query_dsl::methods;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::upsert::excluded;
use diesel::{
    AsChangeset, ExpressionMethods, Insertable, QueryDsl, Queryable, QueryableByName, Selectable,
    SelectableHelper, delete, insert_into, sql_query, update,
};
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use self::last::{MOVE as MOVE_LAST, store_last};
use crate::Database;
use crate::contacts::lock_contact;
use crate::database::{GENERIC_PLANS, PgResult, RunQuery, Tx, run_again, unread, unreadable};
use crate::schema::{contact_conversations, conversations, visitors, widget_names};
use crate::statement::Bind;
use crate::trail;

const COLUMNS: &str =
    "v.id, v.widget_id, v.visitor, v.started_at, v.last_message_at, v.messages, v.preview, v.link";

#[derive(Queryable, Selectable, QueryableByName, Insertable, AsChangeset)]
#[diesel(table_name = conversations, check_for_backend(Pg))]
struct Row {
    id: Uuid,
    widget_id: Uuid,
    visitor: String,
    started_at: OffsetDateTime,
    last_message_at: OffsetDateTime,
    messages: i32,
    preview: String,
    link: String,
}

#[derive(QueryableByName)]
struct LastRow {
    #[diesel(sql_type = SqlUuid)]
    contact_id: Uuid,
    #[diesel(embed)]
    row: Row,
}

#[derive(QueryableByName)]
struct WidgetRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    at: OffsetDateTime,
}

impl WidgetRow {
    fn read(self) -> PgResult<Widget> {
        let name = self.name.map(|name| WidgetName::parse(&name)).transpose();
        let name = name.map_err(unread("widget_names.name"))?;
        Ok(Widget { id: self.id, name, last_at: self.at })
    }
}

impl Row {
    fn of(conversation: &Conversation) -> Self {
        Self {
            id: conversation.id.0,
            widget_id: conversation.visitor.widget(),
            visitor: conversation.visitor.id().to_owned(),
            started_at: conversation.started_at,
            last_message_at: conversation.last_message_at,
            messages: conversation.messages.cast_signed(),
            preview: conversation.preview.clone(),
            link: conversation.link.as_ref().map_or("", Link::as_str).to_owned(),
        }
    }

    fn read(self, org: OrgId) -> PgResult<Conversation> {
        let visitor = Visitor::parse(self.widget_id, &self.visitor);
        let link = (!self.link.is_empty()).then(|| Link::parse(&self.link)).transpose();
        Ok(Conversation {
            org,
            id: ConversationId(self.id),
            visitor: visitor.map_err(unread("conversations.visitor"))?,
            started_at: self.started_at,
            last_message_at: self.last_message_at,
            messages: u32::try_from(self.messages)
                .map_err(|_negative| unreadable("conversations.messages"))?,
            preview: self.preview,
            link: link.map_err(unread("conversations.link"))?,
        })
    }
}

impl ConversationRepository for Database {
    fn report(&self, report: &Conversation) -> Result<Conversation> {
        let org = report.org;
        self.write(org, |tx| {
            lock_visitor(tx, &report.visitor)?;
            let owner = lock_owner(tx, &report.visitor)?;
            let mut contacts: Vec<Uuid> = owner.iter().map(|owner| owner.0).collect();
            if !insert(tx, report)? {
                let linked = last::linked_contact(tx, report.id)?;
                contacts.extend(linked.map(|linked| linked.0));
                let stored = lock(tx, report.id)?.ok_or_else(run_again)?;
                if !stored.is_superseded_by(report) {
                    if let Some(owner) = owner.filter(|_| stored.visitor == report.visitor) {
                        adopt(tx, &report.visitor, owner, Some(report.id))?;
                        store_last(tx, &contacts)?;
                    }
                    return Ok(stored);
                }
                if stored.visitor != report.visitor {
                    // The previous report named the wrong visitor.
                    unlink(tx, report.id)?;
                    allow_link(tx, report.id)?;
                }
                update_row(tx, report)?;
            }
            if let Some(owner) = owner {
                adopt(tx, &report.visitor, owner, Some(report.id))?;
            }
            if !contacts.is_empty() {
                store_last(tx, &contacts)?;
            }
            Ok(report.clone())
        })
    }

    fn of_contact(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<Vec<Conversation>> {
        self.read(org, |tx| {
            let mut select = tx.statement();
            select.push("SELECT ").push(COLUMNS).push(
                " FROM contact_conversations l JOIN conversations v ON v.org_id = l.org_id \
                 AND v.id = l.conversation_id WHERE l.org_id = $1 AND v.org_id = $1 \
                 AND l.contact_id = ",
            );
            select.bind(Bind::Uuid(contact.0));
            if let Some(after) = after {
                select.push(" AND (v.last_message_at, v.id) < (").bind(Bind::Time(after.at));
                select.push(", ").bind(Bind::Uuid(after.id)).push(")");
            }
            select.push(" ORDER BY v.last_message_at DESC, v.id DESC LIMIT ");
            select.bind(Bind::Int(limit as i64));
            let rows: Vec<Row> = select.load(tx)?;
            rows.into_iter().map(|row| row.read(org)).collect()
        })
    }

    /// Looks up each contact separately by the keys of two tables, so that the cost of a page grows
    /// with its rows only.
    fn last_of(
        &self,
        org: OrgId,
        contacts: &[ContactId],
    ) -> Result<BTreeMap<ContactId, Conversation>> {
        self.read(org, |tx| {
            let mut select = tx.statement();
            select.push("SELECT c.id AS contact_id, ").push(COLUMNS).push(" FROM unnest(");
            select.bind(Bind::Uuids(contacts.iter().map(|contact| contact.0).collect())).push(
                ") AS c (id) JOIN LATERAL (SELECT v.* FROM contact_conversations l \
                 JOIN conversations v ON v.org_id = l.org_id AND v.id = l.conversation_id \
                 WHERE l.org_id = $1 AND v.org_id = $1 AND l.contact_id = c.id \
                 ORDER BY v.last_message_at DESC, v.id DESC LIMIT 1) v ON true",
            );
            let rows: Vec<LastRow> = select.load(tx)?;
            rows.into_iter()
                .map(|LastRow { contact_id, row }| Ok((ContactId(contact_id), row.read(org)?)))
                .collect()
        })
    }

    /// Reads the index once for each widget, regardless of how many contacts a widget added.
    fn widgets(&self, org: OrgId, after: Option<TimeCursor>, limit: usize) -> Result<Vec<Widget>> {
        let all = "WITH RECURSIVE widgets AS ( \
             (SELECT detail_id, at FROM contact_sources WHERE org_id = $1 AND kind = 'chat' \
              ORDER BY detail_id DESC, at DESC LIMIT 1) \
             UNION ALL SELECT next.detail_id, next.at FROM widgets w CROSS JOIN LATERAL \
             (SELECT s.detail_id, s.at FROM contact_sources s WHERE s.org_id = $1 \
              AND s.kind = 'chat' AND s.detail_id < w.detail_id \
              ORDER BY s.detail_id DESC, s.at DESC LIMIT 1) next) \
             SELECT w.detail_id AS id, n.name, w.at FROM widgets w LEFT JOIN widget_names n \
             ON n.org_id = $1 AND n.widget_id = w.detail_id";
        self.read(org, |tx| {
            let mut select = tx.statement();
            select.push(all);
            if let Some(after) = after {
                select.push(" WHERE (w.at, w.detail_id) < (").bind(Bind::Time(after.at));
                select.push(", ").bind(Bind::Uuid(after.id)).push(")");
            }
            select.push(" ORDER BY at DESC, id DESC LIMIT ").bind(Bind::Int(limit as i64));
            let rows: Vec<WidgetRow> = select.load(tx)?;
            rows.into_iter().map(WidgetRow::read).collect()
        })
    }

    fn name_widget(
        &self,
        org: OrgId,
        widget: Uuid,
        name: Option<WidgetName>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Widget>> {
        self.write(org, |tx| {
            let mut select = tx.statement();
            select.push(
                "SELECT detail_id AS id, NULL AS name, at FROM contact_sources \
                 WHERE org_id = $1 AND kind = 'chat' AND detail_id = ",
            );
            select.bind(Bind::Uuid(widget)).push(" ORDER BY at DESC LIMIT 1");
            let Some(row) = select.load::<WidgetRow>(tx)?.pop() else { return Ok(None) };
            let changed = match &name {
                Some(name) => {
                    let other = widget_names::name.ne(name.as_str());
                    let name = widget_names::name.eq(name.as_str());
                    let key = (widget_names::org_id, widget_names::widget_id);
                    let insert = insert_into(widget_names::table)
                        .values((key.0.eq(tx.org.0), key.1.eq(widget), name))
                        .on_conflict(key)
                        .do_update()
                        .set(name);
                    // By its path: `QueryDsl` has a method of the same name.
                    methods::FilterDsl::filter(insert, other).execute(tx)?
                }
                None => delete(widget_names::table.find((tx.org.0, widget))).execute(tx)?,
            };
            if changed > 0 {
                trail::record(tx, &TrailEvent::widget_named(widget), actor, now)?;
            }
            Ok(Some(Widget { name: name.clone(), ..row.read()? }))
        })
    }
}

/// Locks a visitor until the transaction ends.
///
/// A capture looks for the conversations of a visitor, and a report of a conversation looks for
/// the contact of its visitor: without the lock, neither sees what the other has not committed.
/// The rows written next have many foreign keys, so their checks use generic plans.
pub(crate) fn lock_visitor(tx: &mut Tx<'_>, visitor: &Visitor) -> PgResult<()> {
    let org = tx.org;
    sql_query(format!("SELECT {GENERIC_PLANS}, pg_advisory_xact_lock(hashtextextended($1, 0))"))
        .bind::<Text, _>(format!("{org} {} {}", visitor.widget(), visitor.id()))
        .execute(tx)
        .map(drop)
}

/// Returns the contact of a visitor, locked. It is locked before the conversation, in the same
/// order as when contacts are merged or deleted.
fn lock_owner(tx: &mut Tx<'_>, visitor: &Visitor) -> PgResult<Option<ContactId>> {
    let owner: Option<Uuid> = visitors::table
        .find((tx.org.0, visitor.widget(), visitor.id()))
        .select(visitors::contact_id)
        .row(tx)?;
    let Some(owner) = owner.map(ContactId) else { return Ok(None) };
    if lock_contact(tx, owner)? { Ok(Some(owner)) } else { Err(run_again()) }
}

pub(crate) fn find(tx: &mut Tx<'_>, id: ConversationId) -> PgResult<Option<Conversation>> {
    let row: Option<Row> =
        conversations::table.find((tx.org.0, id.0)).select(Row::as_select()).row(tx)?;
    row.map(|row| row.read(tx.org)).transpose()
}

/// Returns a conversation, locked against changes until the transaction ends.
fn lock(tx: &mut Tx<'_>, id: ConversationId) -> PgResult<Option<Conversation>> {
    let row: Option<Row> = conversations::table
        .find((tx.org.0, id.0))
        .select(Row::as_select())
        .for_no_key_update()
        .row(tx)?;
    row.map(|row| row.read(tx.org)).transpose()
}

/// Inserts a conversation unless its id is taken. Returns whether it was inserted.
pub(crate) fn insert(tx: &mut Tx<'_>, conversation: &Conversation) -> PgResult<bool> {
    let inserted = insert_into(conversations::table)
        .values((conversations::org_id.eq(tx.org.0), Row::of(conversation)))
        .on_conflict((conversations::org_id, conversations::id))
        .do_nothing()
        .execute(tx)?;
    Ok(inserted == 1)
}

fn update_row(tx: &mut Tx<'_>, conversation: &Conversation) -> PgResult<()> {
    update(conversations::table.find((tx.org.0, conversation.id.0)))
        .set(Row::of(conversation))
        .execute(tx)
        .map(drop)
}

/// Links a conversation to a locked contact. A link to another contact is replaced when `takes`,
/// and is kept otherwise. Returns the contacts whose conversations may have changed.
pub(crate) fn link(
    tx: &mut Tx<'_>,
    id: ConversationId,
    contact: ContactId,
    takes: bool,
) -> PgResult<Vec<Uuid>> {
    let linked = last::linked_contact(tx, id)?;
    if linked.is_some_and(|linked| linked == contact || !takes) {
        return Ok(Vec::new());
    }
    let insert = insert_into(contact_conversations::table)
        .values((
            contact_conversations::org_id.eq(tx.org.0),
            contact_conversations::contact_id.eq(contact.0),
            contact_conversations::conversation_id.eq(id.0),
        ))
        .on_conflict((contact_conversations::org_id, contact_conversations::conversation_id));
    let inserted = if takes {
        let contact_id = contact_conversations::contact_id;
        insert.do_update().set(contact_id.eq(excluded(contact_id))).execute(tx)
    } else {
        insert.do_nothing().execute(tx)
    };
    inserted?;
    Ok(linked.into_iter().chain([contact]).map(|contact| contact.0).collect())
}

fn unlink(tx: &mut Tx<'_>, id: ConversationId) -> PgResult<()> {
    delete(contact_conversations::table)
        .filter(contact_conversations::org_id.eq(tx.org.0))
        .filter(contact_conversations::conversation_id.eq(id.0))
        .execute(tx)
        .map(drop)
}

/// Links the conversations of a visitor, or `only` one of them, to the visitor's contact. Skips
/// conversations that have a contact, or whose contact was deleted (R14).
pub(crate) fn adopt(
    tx: &mut Tx<'_>,
    visitor: &Visitor,
    contact: ContactId,
    only: Option<ConversationId>,
) -> PgResult<()> {
    let mut adopt = tx.statement();
    adopt.push("INSERT INTO contact_conversations (org_id, contact_id, conversation_id) SELECT ");
    adopt.push("v.org_id, ").bind(Bind::Uuid(contact.0)).push(", v.id FROM conversations v ");
    adopt.push("WHERE v.org_id = $1 AND NOT v.is_released AND v.widget_id = ");
    adopt.bind(Bind::Uuid(visitor.widget())).push(" AND v.visitor = ");
    adopt.bind(Bind::Text(visitor.id().to_owned()));
    if let Some(only) = only {
        adopt.push(" AND v.id = ").bind(Bind::Uuid(only.0));
    }
    adopt.push(" ORDER BY v.id ON CONFLICT (org_id, conversation_id) DO NOTHING");
    adopt.execute(tx).map(drop)
}

/// Marks the conversations of locked contacts that are about to be deleted, so that they are not
/// linked to the visitor's next contact (R14).
pub(crate) fn release(tx: &mut Tx<'_>, contacts: &[Uuid]) -> PgResult<()> {
    let statement = "UPDATE conversations v SET is_released = true \
         WHERE v.org_id = $1 AND v.id IN (SELECT l.conversation_id FROM contact_conversations l \
             WHERE l.org_id = $1 AND l.contact_id = ANY($2))";
    tx.query(statement).bind::<Array<SqlUuid>, _>(contacts).execute(tx).map(drop)
}

/// Allows a released conversation to be linked to a contact again.
pub(crate) fn allow_link(tx: &mut Tx<'_>, id: ConversationId) -> PgResult<()> {
    let conversation = conversations::table.find((tx.org.0, id.0));
    update(conversation.filter(conversations::is_released))
        .set(conversations::is_released.eq(false))
        .execute(tx)
        .map(drop)
}
