//! Notes.

use contacts_core::contact::{Activity, ActivityKind, ContactId};
use contacts_core::note::{Note, NoteChange, NoteId, NoteRepository, NoteText, Notes};
use contacts_core::page::{Moment, Page, PageSize};
use contacts_core::{Actor, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::contacts::record;
use crate::database::{store, unread, unreadable};
use crate::statement::{Bind, Statement};

const SELECT: &str = "SELECT n.id, n.contact_id, n.author_kind, n.author_id, n.text, \
     n.created_at, n.updated_at FROM notes n WHERE n.org_id = $1 AND n.contact_id = $2";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    contact_id: Uuid,
    #[diesel(sql_type = Text)]
    author_kind: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    author_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    text: String,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Timestamptz)]
    updated_at: OffsetDateTime,
}

impl Row {
    fn read(self, org: OrgId) -> Result<Note> {
        let author = Actor::from_parts(&self.author_kind, self.author_id);
        Ok(Note {
            org,
            id: NoteId(self.id),
            contact: ContactId(self.contact_id),
            author: author.ok_or_else(|| unreadable("notes.author_kind"))?,
            text: NoteText::parse(&self.text).map_err(unread("notes.text"))?,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl NoteRepository for Database {
    fn insert(&self, note: &Note) -> Result<bool> {
        let (author_kind, author_id) = note.author.parts();
        let statement = "INSERT INTO notes \
             (org_id, id, contact_id, author_kind, author_id, text, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        self.write(|db| {
            if !hold(db, note.org, note.contact)? {
                return Ok(false);
            }
            sql_query(statement)
                .bind::<SqlUuid, _>(note.org.0)
                .bind::<SqlUuid, _>(note.id.0)
                .bind::<SqlUuid, _>(note.contact.0)
                .bind::<Text, _>(author_kind)
                .bind::<Nullable<SqlUuid>, _>(author_id)
                .bind::<Text, _>(note.text.as_str())
                .bind::<Timestamptz, _>(note.created_at)
                .bind::<Timestamptz, _>(note.updated_at)
                .execute(db)
                .map_err(store)?;
            self.tell(db, note, NoteChange::Added, note.author, note.created_at)?;
            Ok(true)
        })
    }

    fn get(&self, org: OrgId, contact: ContactId, id: NoteId) -> Result<Option<Note>> {
        self.read(|db| find(db, org, contact, id, ""))
    }

    fn list(
        &self,
        org: OrgId,
        contact: ContactId,
        before: Option<Moment>,
        size: PageSize,
    ) -> Result<Notes> {
        let mut select = Statement::of(org).with(Bind::Uuid(contact.0));
        select.push(SELECT);
        if let Some(before) = before {
            select.push(" AND (n.created_at, n.id) < (").bind(Bind::Time(before.at));
            select.push(", ").bind(Bind::Uuid(before.id)).push(")");
        }
        select.push(" ORDER BY n.created_at DESC, n.id DESC LIMIT ");
        select.bind(Bind::Int(size.get() as i64 + 1));
        let rows: Vec<Row> = self.read(|db| select.build().load(db).map_err(store))?;
        let notes = rows.into_iter().map(|row| row.read(org)).collect::<Result<_>>()?;
        Ok(Page::cut(notes, size, Note::place))
    }

    fn update(
        &self,
        org: OrgId,
        contact: ContactId,
        id: NoteId,
        text: &NoteText,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Note>> {
        self.write(|db| {
            if !hold(db, org, contact)? {
                return Ok(None);
            }
            let Some(mut note) = find(db, org, contact, id, " FOR UPDATE")? else {
                return Ok(None);
            };
            if note.text != *text {
                sql_query(
                    "UPDATE notes SET text = $3, updated_at = $4 WHERE org_id = $1 AND id = $2",
                )
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id.0)
                .bind::<Text, _>(text.as_str())
                .bind::<Timestamptz, _>(now)
                .execute(db)
                .map_err(store)?;
                self.tell(db, &note, NoteChange::Edited, actor, now)?;
                (note.text, note.updated_at) = (text.clone(), now);
            }
            Ok(Some(note))
        })
    }

    fn delete(
        &self,
        org: OrgId,
        contact: ContactId,
        id: NoteId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write(|db| {
            if !hold(db, org, contact)? {
                return Ok(false);
            }
            let Some(note) = find(db, org, contact, id, " FOR UPDATE")? else { return Ok(false) };
            sql_query("DELETE FROM notes WHERE org_id = $1 AND id = $2")
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id.0)
                .execute(db)
                .map_err(store)?;
            self.tell(db, &note, NoteChange::Deleted, actor, now)?;
            Ok(true)
        })
    }
}

impl Database {
    /// Tells of a note in its contact's activity, without what it says.
    fn tell(
        &self,
        db: &mut PgConnection,
        note: &Note,
        change: NoteChange,
        actor: Actor,
        at: OffsetDateTime,
    ) -> Result<()> {
        let what = ActivityKind::Noted { note: note.id, change };
        record(db, note.org, note.contact, self.ids.next(), &Activity { at, actor, what })
    }
}

/// Holds a contact, so that it does not go while its note is written, and says whether it is
/// there. The contact comes first, as it does for whoever deletes it.
fn hold(db: &mut PgConnection, org: OrgId, contact: ContactId) -> Result<bool> {
    sql_query("SELECT FROM contacts WHERE org_id = $1 AND id = $2 FOR KEY SHARE")
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(contact.0)
        .execute(db)
        .map(|held| held == 1)
        .map_err(store)
}

fn find(
    db: &mut PgConnection,
    org: OrgId,
    contact: ContactId,
    id: NoteId,
    lock: &str,
) -> Result<Option<Note>> {
    let mut select = Statement::of(org).with(Bind::Uuid(contact.0));
    select.push(SELECT).push(" AND n.id = ").bind(Bind::Uuid(id.0)).push(lock);
    let row: Option<Row> = select.build().get_result(db).optional().map_err(store)?;
    row.map(|row| row.read(org)).transpose()
}
