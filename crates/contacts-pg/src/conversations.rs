//! Conversations.

use std::collections::BTreeMap;

use contacts_core::contact::ContactId;
use contacts_core::conversation::{
    Conversation, ConversationCursor, ConversationId, ConversationRepository, Link, Visitor, Widget,
};
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, BigInt, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{SETTINGS, store, unread, unreadable};
use crate::statement::{Bind, Statement};
use crate::tags::IdRow;

const COLUMNS: &str =
    "v.id, v.widget_id, v.visitor, v.started_at, v.last_message_at, v.messages, v.preview, v.link";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    widget_id: Uuid,
    #[diesel(sql_type = Text)]
    visitor: String,
    #[diesel(sql_type = Timestamptz)]
    started_at: OffsetDateTime,
    #[diesel(sql_type = Timestamptz)]
    last_message_at: OffsetDateTime,
    #[diesel(sql_type = Integer)]
    messages: i32,
    #[diesel(sql_type = Text)]
    preview: String,
    #[diesel(sql_type = Text)]
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
    #[diesel(sql_type = Timestamptz)]
    at: OffsetDateTime,
}

impl Row {
    fn read(self, org: OrgId) -> Result<Conversation> {
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
        self.write(|db| {
            hold_visitor(db, org, &report.visitor)?;
            let owner = hold_owner(db, org, &report.visitor)?;
            if !insert(db, report)? {
                let kept = find(db, org, report.id, " FOR NO KEY UPDATE")?.ok_or_else(run_again)?;
                if !kept.gives_way_to(report) {
                    if let Some(owner) = owner.filter(|_| kept.visitor == report.visitor) {
                        adopt(db, org, &report.visitor, owner, Some(report.id))?;
                    }
                    return Ok(kept);
                }
                if kept.visitor != report.visitor {
                    // Whoever told of it before was wrong about whose it is.
                    unlink(db, org, report.id)?;
                    take_up(db, org, report.id)?;
                }
                update(db, report)?;
            }
            if let Some(owner) = owner {
                adopt(db, org, &report.visitor, owner, Some(report.id))?;
            }
            Ok(report.clone())
        })
    }

    fn of_contact(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<ConversationCursor>,
        limit: usize,
    ) -> Result<Vec<Conversation>> {
        self.read(|db| {
            let mut select = Statement::of(org);
            select.push("SELECT ").push(COLUMNS).push(
                " FROM contact_conversations l JOIN conversations v ON v.org_id = l.org_id \
                 AND v.id = l.conversation_id WHERE l.org_id = $1 AND v.org_id = $1 \
                 AND l.contact_id = ",
            );
            select.bind(Bind::Uuid(contact.0));
            if let Some(after) = after {
                select.push(" AND (v.last_message_at, v.id) < (").bind(Bind::Time(after.at));
                select.push(", ").bind(Bind::Uuid(after.id.0)).push(")");
            }
            select.push(" ORDER BY v.last_message_at DESC, v.id DESC LIMIT ");
            select.bind(Bind::Int(limit as i64));
            let rows: Vec<Row> = select.build().load(db).map_err(store)?;
            rows.into_iter().map(|row| row.read(org)).collect()
        })
    }

    /// Each is looked up by itself, by the keys of two tables: a page costs what its rows cost.
    fn last_of(
        &self,
        org: OrgId,
        contacts: &[ContactId],
    ) -> Result<BTreeMap<ContactId, Conversation>> {
        self.read(|db| {
            let mut select = Statement::of(org);
            select.push("SELECT c.id AS contact_id, ").push(COLUMNS).push(" FROM unnest(");
            select.bind(Bind::Uuids(contacts.iter().map(|contact| contact.0).collect())).push(
                ") AS c (id) JOIN LATERAL (SELECT v.* FROM contact_conversations l \
                 JOIN conversations v ON v.org_id = l.org_id AND v.id = l.conversation_id \
                 WHERE l.org_id = $1 AND v.org_id = $1 AND l.contact_id = c.id \
                 ORDER BY v.last_message_at DESC, v.id DESC LIMIT 1) v ON true",
            );
            let rows: Vec<LastRow> = select.build().load(db).map_err(store)?;
            rows.into_iter()
                .map(|LastRow { contact_id, row }| Ok((ContactId(contact_id), row.read(org)?)))
                .collect()
        })
    }

    /// One look into the index for each widget, however many people it brought.
    fn widgets(&self, org: OrgId) -> Result<Vec<Widget>> {
        let statement = "WITH RECURSIVE widgets AS ( \
             (SELECT origin_id, at FROM contact_sources WHERE org_id = $1 AND kind = 'chat' \
              ORDER BY origin_id DESC, at DESC LIMIT 1) \
             UNION ALL SELECT next.origin_id, next.at FROM widgets w CROSS JOIN LATERAL \
             (SELECT s.origin_id, s.at FROM contact_sources s WHERE s.org_id = $1 \
              AND s.kind = 'chat' AND s.origin_id < w.origin_id \
              ORDER BY s.origin_id DESC, s.at DESC LIMIT 1) next) \
             SELECT origin_id AS id, at FROM widgets ORDER BY at DESC, id DESC LIMIT $2";
        self.read(|db| {
            let rows: Vec<WidgetRow> = sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<BigInt, _>(Widget::MAX as i64)
                .load(db)
                .map_err(store)?;
            Ok(rows.into_iter().map(|row| Widget { id: row.id, last_at: row.at }).collect())
        })
    }
}

/// Lets nobody else do anything with the visitor until the transaction ends: whoever learns who
/// they are looks for what they said, and whoever hears what they said looks for who they are,
/// and neither sees what the other has not committed. What is written then has many foreign keys,
/// whose checks need not be planned each time.
pub(crate) fn hold_visitor(db: &mut PgConnection, org: OrgId, visitor: &Visitor) -> Result<()> {
    sql_query(format!("{SETTINGS}, pg_advisory_xact_lock(hashtextextended($1, 0))"))
        .bind::<Text, _>(format!("{org} {} {}", visitor.widget(), visitor.id()))
        .execute(db)
        .map(drop)
        .map_err(store)
}

/// The visitor's contact, held before anything of the conversation is: whoever merges or deletes
/// contacts holds them first, too.
fn hold_owner(db: &mut PgConnection, org: OrgId, visitor: &Visitor) -> Result<Option<ContactId>> {
    let Some(owner) = owner(db, org, visitor)? else { return Ok(None) };
    let held = sql_query("SELECT FROM contacts WHERE org_id = $1 AND id = $2 FOR KEY SHARE")
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(owner.0)
        .execute(db)
        .map_err(store)?;
    if held == 0 { Err(run_again()) } else { Ok(Some(owner)) }
}

/// The contact that a visitor is.
fn owner(db: &mut PgConnection, org: OrgId, visitor: &Visitor) -> Result<Option<ContactId>> {
    let statement = "SELECT contact_id AS id FROM visitors \
         WHERE org_id = $1 AND widget_id = $2 AND visitor = $3";
    let row: Option<IdRow> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(visitor.widget())
        .bind::<Text, _>(visitor.id())
        .get_result(db)
        .optional()
        .map_err(store)?;
    Ok(row.map(|row| ContactId(row.id)))
}

pub(crate) fn find(
    db: &mut PgConnection,
    org: OrgId,
    id: ConversationId,
    lock: &str,
) -> Result<Option<Conversation>> {
    let mut select = Statement::of(org);
    select.push("SELECT ").push(COLUMNS);
    select.push(" FROM conversations v WHERE v.org_id = $1 AND v.id = ").bind(Bind::Uuid(id.0));
    select.push(lock);
    let row: Option<Row> = select.build().get_result(db).optional().map_err(store)?;
    row.map(|row| row.read(org)).transpose()
}

/// Adds a conversation, and says whether it was not there.
pub(crate) fn insert(db: &mut PgConnection, conversation: &Conversation) -> Result<bool> {
    let statement = "INSERT INTO conversations (org_id, id, widget_id, visitor, started_at, \
             last_message_at, messages, preview, link) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (org_id, id) DO NOTHING";
    Ok(execute(db, statement, conversation)? == 1)
}

fn update(db: &mut PgConnection, conversation: &Conversation) -> Result<()> {
    let statement = "UPDATE conversations SET widget_id = $3, visitor = $4, started_at = $5, \
             last_message_at = $6, messages = $7, preview = $8, link = $9 \
         WHERE org_id = $1 AND id = $2";
    execute(db, statement, conversation).map(drop)
}

fn execute(db: &mut PgConnection, statement: &str, conversation: &Conversation) -> Result<usize> {
    sql_query(statement)
        .bind::<SqlUuid, _>(conversation.org.0)
        .bind::<SqlUuid, _>(conversation.id.0)
        .bind::<SqlUuid, _>(conversation.visitor.widget())
        .bind::<Text, _>(conversation.visitor.id())
        .bind::<Timestamptz, _>(conversation.started_at)
        .bind::<Timestamptz, _>(conversation.last_message_at)
        .bind::<Integer, _>(conversation.messages.cast_signed())
        .bind::<Text, _>(&conversation.preview)
        .bind::<Text, _>(conversation.link.as_ref().map_or("", Link::as_str))
        .execute(db)
        .map_err(store)
}

/// Links a conversation to a contact, which is held; it is taken from another when that is asked
/// for.
pub(crate) fn link(
    db: &mut PgConnection,
    org: OrgId,
    id: ConversationId,
    contact: ContactId,
    takes: bool,
) -> Result<()> {
    let statement = "INSERT INTO contact_conversations (org_id, contact_id, conversation_id) \
         VALUES ($1, $2, $3) ON CONFLICT (org_id, conversation_id) ";
    let or = if takes { "DO UPDATE SET contact_id = excluded.contact_id" } else { "DO NOTHING" };
    sql_query(format!("{statement}{or}"))
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(contact.0)
        .bind::<SqlUuid, _>(id.0)
        .execute(db)
        .map(drop)
        .map_err(store)
}

fn unlink(db: &mut PgConnection, org: OrgId, id: ConversationId) -> Result<()> {
    sql_query("DELETE FROM contact_conversations WHERE org_id = $1 AND conversation_id = $2")
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .execute(db)
        .map(drop)
        .map_err(store)
}

/// Links what a visitor said, or one conversation of it, to the contact that they are: what is
/// nobody's, and had no contact who was deleted.
pub(crate) fn adopt(
    db: &mut PgConnection,
    org: OrgId,
    visitor: &Visitor,
    contact: ContactId,
    only: Option<ConversationId>,
) -> Result<()> {
    let mut adopt = Statement::of(org);
    adopt.push("INSERT INTO contact_conversations (org_id, contact_id, conversation_id) SELECT ");
    adopt.push("v.org_id, ").bind(Bind::Uuid(contact.0)).push(", v.id FROM conversations v ");
    adopt.push("WHERE v.org_id = $1 AND NOT v.is_released AND v.widget_id = ");
    adopt.bind(Bind::Uuid(visitor.widget())).push(" AND v.visitor = ");
    adopt.bind(Bind::Text(visitor.id().to_owned()));
    if let Some(only) = only {
        adopt.push(" AND v.id = ").bind(Bind::Uuid(only.0));
    }
    adopt.push(" ORDER BY v.id ON CONFLICT (org_id, conversation_id) DO NOTHING");
    adopt.build().execute(db).map(drop).map_err(store)
}

/// The conversations of contacts that are held and about to be deleted are nobody's from now on.
pub(crate) fn release(db: &mut PgConnection, org: OrgId, contacts: &[Uuid]) -> Result<()> {
    let statement = "UPDATE conversations v SET is_released = true \
         WHERE v.org_id = $1 AND v.id IN (SELECT l.conversation_id FROM contact_conversations l \
             WHERE l.org_id = $1 AND l.contact_id = ANY($2))";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(contacts)
        .execute(db)
        .map(drop)
        .map_err(store)
}

/// A conversation may have a contact again.
pub(crate) fn take_up(db: &mut PgConnection, org: OrgId, id: ConversationId) -> Result<()> {
    let statement = "UPDATE conversations SET is_released = false \
         WHERE org_id = $1 AND id = $2 AND is_released";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .execute(db)
        .map(drop)
        .map_err(store)
}

/// Somebody else was quicker: the transaction is run again, and sees what they did.
pub(crate) fn run_again() -> contacts_core::Error {
    store(DieselError::RollbackTransaction)
}
