//! What imports did, by the piece.

use std::collections::HashMap;

use contacts_core::contact::{ContactId, Name, Phone};
use contacts_core::field::{FieldKey, FieldValue};
use contacts_core::import::{Chunk, Deed, FieldEdit, Fingerprint, Import, ImportId, Trace};
use contacts_core::tag::TagId;
use contacts_core::{Error, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, BigInt, Binary, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::database::{store, unread, unreadable};
use crate::json::{value_from_json, value_to_json};

/// The place that is named when a piece cannot be read.
const PLACE: &str = "import_pieces.changes";

/// A piece as it is kept: names of one letter, for there are many of them.
#[derive(Serialize, Deserialize)]
struct StoredPiece {
    /// Tags, which the people name by their places here.
    t: Vec<Uuid>,
    /// People.
    p: Vec<StoredTrace>,
}

#[derive(Serialize, Deserialize)]
struct StoredTrace {
    /// The contact.
    i: Uuid,
    /// The row.
    r: u64,
    /// Whether an earlier piece was about them, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    g: bool,
    /// The fingerprint of a profile that was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    a: Option<u64>,
    /// The name, from what to what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<[Option<String>; 2]>,
    /// The phone number, as typed and in E.164 form, from what to what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    f: Option<[Option<StoredPhone>; 2]>,
    /// Custom fields, from what to what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    c: Vec<(String, Option<Value>, Option<Value>)>,
    /// The tags that were put on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    t: Vec<usize>,
}

pub(super) type StoredPhone = (String, Option<String>);

pub(super) fn write_phone(phone: &Phone) -> StoredPhone {
    (phone.as_str().to_owned(), phone.e164().map(str::to_owned))
}

pub(super) fn read_phone((typed, e164): StoredPhone) -> Phone {
    Phone::stored(typed, e164)
}

fn write(traces: &[Trace]) -> Result<Vec<u8>> {
    let mut tags = Vec::new();
    let mut places: HashMap<Uuid, usize> = HashMap::new();
    let mut people = Vec::with_capacity(traces.len());
    for trace in traces {
        let mut person = StoredTrace {
            i: trace.contact.0,
            r: trace.row,
            g: trace.again,
            a: None,
            n: None,
            f: None,
            c: Vec::new(),
            t: Vec::with_capacity(trace.deed.tags().len()),
        };
        for tag in trace.deed.tags() {
            person.t.push(*places.entry(tag.0).or_insert_with(|| {
                tags.push(tag.0);
                tags.len() - 1
            }));
        }
        match &trace.deed {
            Deed::Added { profile, .. } => person.a = Some(profile.0),
            Deed::Updated { edits, .. } => edits.iter().for_each(|edit| person.note(edit)),
        }
        people.push(person);
    }
    serde_json::to_vec(&StoredPiece { t: tags, p: people }).map_err(Error::store)
}

fn read(bytes: &[u8]) -> Result<Vec<Trace>> {
    let piece: StoredPiece = serde_json::from_slice(bytes).map_err(Error::store)?;
    let StoredPiece { t: tags, p: people } = piece;
    people.into_iter().map(|person| person.read(&tags)).collect()
}

impl StoredTrace {
    fn note(&mut self, edit: &FieldEdit) {
        match edit {
            FieldEdit::Name { from, to } => {
                self.n = Some([from, to].map(|name| name.as_ref().map(ToString::to_string)));
            }
            FieldEdit::Phone { from, to } => {
                self.f = Some([from, to].map(|phone| phone.as_ref().map(write_phone)));
            }
            FieldEdit::Custom { key, from, to } => {
                let [from, to] = [from, to].map(|value| value.as_ref().map(value_to_json));
                self.c.push((key.to_string(), from, to));
            }
        }
    }

    fn read(self, tags: &[Uuid]) -> Result<Trace> {
        let place = || unreadable(PLACE);
        let tag = |at: usize| tags.get(at).map(|tag| TagId(*tag)).ok_or_else(place);
        let tags = self.t.into_iter().map(tag).collect::<Result<Vec<_>>>()?;
        let deed = match self.a {
            Some(profile) => Deed::Added { profile: Fingerprint(profile), tags },
            None => {
                let mut edits = Vec::new();
                if let Some([from, to]) = self.n {
                    edits.push(FieldEdit::Name { from: read_name(from)?, to: read_name(to)? });
                }
                if let Some([from, to]) = self.f {
                    let [from, to] = [from, to].map(|phone| phone.map(read_phone));
                    edits.push(FieldEdit::Phone { from, to });
                }
                for (key, from, to) in self.c {
                    let key = FieldKey::parse(&key).map_err(unread(PLACE))?;
                    let (from, to) = (read_value(from)?, read_value(to)?);
                    edits.push(FieldEdit::Custom { key, from, to });
                }
                Deed::Updated { edits, tags }
            }
        };
        Ok(Trace { contact: ContactId(self.i), row: self.r, again: self.g, deed })
    }
}

fn read_name(name: Option<String>) -> Result<Option<Name>> {
    name.map(|name| Name::parse(&name).map_err(unread(PLACE))).transpose()
}

fn read_value(value: Option<Value>) -> Result<Option<FieldValue>> {
    value.map(|value| value_from_json(value).ok_or_else(|| unreadable(PLACE))).transpose()
}

/// Keeps what a piece did, in the transaction that does it.
pub(super) fn insert(
    db: &mut PgConnection,
    import: &Import,
    chunk: &Chunk,
    traces: &[Trace],
) -> Result<()> {
    let again: Vec<_> = traces.iter().filter(|t| t.again).map(|t| t.contact.0).collect();
    let statement = "INSERT INTO import_pieces (org_id, import_id, piece, rows, again, changes) \
         VALUES ($1, $2, $3, $4, $5, $6)";
    sql_query(statement)
        .bind::<SqlUuid, _>(import.org.0)
        .bind::<SqlUuid, _>(import.id.0)
        .bind::<BigInt, _>(chunk.after.cast_signed())
        .bind::<BigInt, _>(chunk.rows.len() as i64)
        .bind::<Array<SqlUuid>, _>(again)
        .bind::<Binary, _>(write(traces)?)
        .execute(db)
        .map(drop)
        .map_err(store)
}

#[derive(QueryableByName)]
struct PieceRow {
    #[diesel(sql_type = SqlUuid)]
    import_id: Uuid,
    #[diesel(sql_type = BigInt)]
    piece: i64,
    #[diesel(sql_type = Binary)]
    changes: Vec<u8>,
}

/// The last piece of an import, and what it did.
pub(super) fn last(
    db: &mut PgConnection,
    org: OrgId,
    import: ImportId,
) -> Result<Option<(i64, Vec<Trace>)>> {
    let statement = "SELECT import_id, piece, changes FROM import_pieces \
         WHERE org_id = $1 AND import_id = $2 ORDER BY piece DESC LIMIT 1";
    let row: Option<PieceRow> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(import.0)
        .get_result(db)
        .optional()
        .map_err(store)?;
    row.map(|row| Ok((row.piece, read(&row.changes)?))).transpose()
}

/// A piece that was undone: nothing of what it says is true any more.
pub(super) fn delete(
    db: &mut PgConnection,
    org: OrgId,
    import: ImportId,
    piece: i64,
) -> Result<()> {
    sql_query("DELETE FROM import_pieces WHERE org_id = $1 AND import_id = $2 AND piece = $3")
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(import.0)
        .bind::<BigInt, _>(piece)
        .execute(db)
        .map(drop)
        .map_err(store)
}

/// The pieces that are about a contact: the one of the row by which it came, and those that are
/// about it again.
const OF_CONTACT: &str = "SELECT p.import_id, p.piece, p.changes FROM import_pieces p \
     JOIN contact_sources s ON s.org_id = $1 AND s.contact_id = $2 AND s.kind = 'csv_import' \
         AND s.origin_id = p.import_id \
     WHERE p.org_id = $1 AND (p.again @> ARRAY[$2] OR p.piece = ( \
         SELECT max(q.piece) FROM import_pieces q WHERE q.org_id = $1 \
         AND q.import_id = s.origin_id AND q.piece < s.row_number)) \
     ORDER BY p.import_id, p.piece";

/// What imports did to a contact, the first piece first.
pub(crate) fn of_contact(
    db: &mut PgConnection,
    org: OrgId,
    contact: ContactId,
) -> Result<Vec<(ImportId, Trace)>> {
    let mut traces = Vec::new();
    for row in rows_of_contact(db, org, contact)? {
        let piece = read(&row.changes)?;
        let own = piece.into_iter().find(|trace| trace.contact == contact);
        traces.extend(own.map(|trace| (ImportId(row.import_id), trace)));
    }
    Ok(traces)
}

/// Forgets what imports did to a contact, and throws away dry runs that mention it. It must
/// still be there: its sources say which imports met it.
pub(crate) fn forget(db: &mut PgConnection, org: OrgId, contact: ContactId) -> Result<()> {
    let old = "SELECT id FROM merged_contacts WHERE org_id = $1 AND survivor_id = $2";
    let old: Vec<crate::tags::IdRow> = sql_query(old)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(contact.0)
        .load(db)
        .map_err(store)?;
    let mut ids: Vec<_> = old.into_iter().map(|row| ContactId(row.id)).collect();
    ids.push(contact);
    for row in rows_of_contact(db, org, contact)? {
        let mut traces = read(&row.changes)?;
        traces.retain(|trace| !ids.contains(&trace.contact));
        let again: Vec<_> = traces.iter().filter(|t| t.again).map(|t| t.contact.0).collect();
        let statement = "UPDATE import_pieces SET changes = $4, again = $5 \
             WHERE org_id = $1 AND import_id = $2 AND piece = $3";
        sql_query(statement)
            .bind::<SqlUuid, _>(org.0)
            .bind::<SqlUuid, _>(row.import_id)
            .bind::<BigInt, _>(row.piece)
            .bind::<Binary, _>(write(&traces)?)
            .bind::<Array<SqlUuid>, _>(again)
            .execute(db)
            .map_err(store)?;
    }
    super::dry_runs::forget(db, org, contact)
}

fn rows_of_contact(db: &mut PgConnection, org: OrgId, contact: ContactId) -> Result<Vec<PieceRow>> {
    sql_query(OF_CONTACT)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(contact.0)
        .load(db)
        .map_err(store)
}
