//! The port of notes.

use contacts_core::contact::{Activity, ActivityKind, ContactId};
use contacts_core::note::{Editor, Note, NoteChange, NoteId, NoteRepository, NoteText, Notes};
use contacts_core::page::{Page, PageSize, TimeCursor};
use contacts_core::{Actor, Current, OrgId, Result};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::contacts::{lock_contact, record};
use crate::database::{PgResult, RunQuery, Tx, unread, unreadable};
use crate::statement::{Bind, Statement};

const SELECT: &str = "SELECT n.id, n.contact_id, n.author_kind, n.author_id, n.text, \
     n.created_at, n.updated_at, n.version FROM notes n WHERE n.org_id = $1 AND n.contact_id = $2";

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
    #[diesel(sql_type = BigInt)]
    version: i64,
}

impl Row {
    fn read(self, org: OrgId) -> PgResult<Note> {
        let author = Actor::from_parts(&self.author_kind, self.author_id);
        Ok(Note {
            org,
            id: NoteId(self.id),
            contact: ContactId(self.contact_id),
            author: author.ok_or_else(|| unreadable("notes.author_kind"))?,
            text: NoteText::parse(&self.text).map_err(unread("notes.text"))?,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version.cast_unsigned(),
        })
    }
}

impl NoteRepository for Database {
    fn insert(&self, note: &Note) -> Result<bool> {
        let (author_kind, author_id) = note.author.parts();
        let statement = "INSERT INTO notes \
             (org_id, id, contact_id, author_kind, author_id, text, created_at, updated_at, version) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        self.write(note.org, |tx| {
            if !lock_contact(tx, note.contact)? {
                return Ok(false);
            }
            tx.query(statement)
                .bind::<SqlUuid, _>(note.id.0)
                .bind::<SqlUuid, _>(note.contact.0)
                .bind::<Text, _>(author_kind)
                .bind::<Nullable<SqlUuid>, _>(author_id)
                .bind::<Text, _>(note.text.as_str())
                .bind::<Timestamptz, _>(note.created_at)
                .bind::<Timestamptz, _>(note.updated_at)
                .bind::<BigInt, _>(note.version.cast_signed())
                .execute(tx)?;
            self.record_note(tx, note, NoteChange::Added, note.author, note.created_at)?;
            Ok(true)
        })
    }

    fn get(&self, org: OrgId, contact: ContactId, id: NoteId) -> Result<Option<Note>> {
        self.read(org, |tx| find(tx, contact, id, ""))
    }

    fn list(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<TimeCursor>,
        size: PageSize,
    ) -> Result<Notes> {
        let mut select = Statement::of(org).with(Bind::Uuid(contact.0));
        select.push(SELECT);
        if let Some(after) = after {
            select.push(" AND (n.created_at, n.id) < (").bind(Bind::Time(after.at));
            select.push(", ").bind(Bind::Uuid(after.id)).push(")");
        }
        select.push(" ORDER BY n.created_at DESC, n.id DESC LIMIT ");
        select.bind(Bind::Int(size.get() as i64 + 1));
        let rows: Vec<Row> = self.read(org, |tx| select.load(tx))?;
        let notes = rows.into_iter().map(|row| row.read(org)).collect::<PgResult<_>>()?;
        Ok(Page::cut(notes, size, Note::cursor))
    }

    fn update(
        &self,
        org: OrgId,
        contact: ContactId,
        id: NoteId,
        text: &NoteText,
        if_version: Option<u64>,
        editor: Editor,
        now: OffsetDateTime,
    ) -> Result<Option<Note>> {
        self.write_at(org, now, |tx| {
            if !lock_contact(tx, contact)? {
                return Ok(None);
            }
            let Some(mut note) = find(tx, contact, id, " FOR UPDATE")? else {
                return Ok(None);
            };
            note.check_editor(editor)?;
            Current::check(&note, if_version)?;
            if note.text != *text {
                tx.query(
                    "UPDATE notes SET text = $3, updated_at = $4, version = version + 1 \
                     WHERE org_id = $1 AND id = $2",
                )
                .bind::<SqlUuid, _>(id.0)
                .bind::<Text, _>(text.as_str())
                .bind::<Timestamptz, _>(now)
                .execute(tx)?;
                self.record_note(tx, &note, NoteChange::Edited, editor.actor, now)?;
                (note.text, note.updated_at) = (text.clone(), now);
                note.version += 1;
            }
            Ok(Some(note))
        })
    }

    fn delete(
        &self,
        org: OrgId,
        contact: ContactId,
        id: NoteId,
        editor: Editor,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write_at(org, now, |tx| {
            if !lock_contact(tx, contact)? {
                return Ok(false);
            }
            let Some(note) = find(tx, contact, id, " FOR UPDATE")? else { return Ok(false) };
            note.check_editor(editor)?;
            tx.query("DELETE FROM notes WHERE org_id = $1 AND id = $2")
                .bind::<SqlUuid, _>(id.0)
                .execute(tx)?;
            self.record_note(tx, &note, NoteChange::Deleted, editor.actor, now)?;
            Ok(true)
        })
    }
}

impl Database {
    /// Records a change of a note in its contact's activity, without the text.
    fn record_note(
        &self,
        tx: &mut Tx<'_>,
        note: &Note,
        change: NoteChange,
        actor: Actor,
        at: OffsetDateTime,
    ) -> PgResult<()> {
        let what = ActivityKind::Noted { note: note.id, change };
        record(tx, note.contact, &Activity { at, actor, what })
    }
}

fn find(tx: &mut Tx<'_>, contact: ContactId, id: NoteId, lock: &str) -> PgResult<Option<Note>> {
    let org = tx.org;
    let mut select = tx.statement().with(Bind::Uuid(contact.0));
    select.push(SELECT).push(" AND n.id = ").bind(Bind::Uuid(id.0)).push(lock);
    let row: Option<Row> = select.row(tx)?;
    row.map(|row| row.read(org)).transpose()
}
