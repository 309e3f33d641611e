//! Tags.

use std::collections::{BTreeSet, HashMap, HashSet};

use contacts_core::contact::ContactId;
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::tag::{Renamed, Tag, TagId, TagName, TagRepository};
use contacts_core::{Actor, Error, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{is_unique_violation, store, unread, unreadable};
use crate::events::publish;
use crate::statement::{Bind, Statement};

/// A tag and how many carry it. Only the tags that are shown are counted, each by its index.
const SELECT: &str = "SELECT t.id, t.name, (SELECT count(*) FROM contact_tags ct \
     WHERE ct.org_id = $1 AND ct.tag_id = t.id) AS contacts FROM tags t WHERE t.org_id = $1";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    contacts: i64,
}

impl Row {
    fn read(self) -> Result<Tag> {
        Ok(Tag {
            id: TagId(self.id),
            name: tag_name(&self.name)?,
            contacts: self.contacts.cast_unsigned(),
        })
    }
}

#[derive(QueryableByName)]
pub(crate) struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) id: Uuid,
}

#[derive(QueryableByName)]
struct NameRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct NamedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Text)]
    name: String,
}

impl TagRepository for Database {
    fn ensure(&self, org: OrgId, id: TagId, name: &TagName, now: OffsetDateTime) -> Result<Tag> {
        self.write(|db| {
            insert(db, org, &[(id.0, name)], now)?;
            find(db, org, "key", Bind::Text(name.key().to_owned()))?
                .ok_or_else(|| unreadable("tags.key"))
        })
    }

    fn list(&self, org: OrgId, prefix: &str, after: &str, limit: usize) -> Result<Vec<Tag>> {
        self.read(|db| {
            let mut select = Statement::of(org);
            select.push(SELECT).push(" AND t.key > ").bind(Bind::Text(after.to_owned()));
            if !prefix.is_empty() {
                select.push(" AND starts_with(t.key, ").bind(Bind::Text(prefix.to_owned()));
                select.push(") AND t.key >= ").bind(Bind::Text(prefix.to_owned()));
            }
            select.push(" ORDER BY t.key LIMIT ").bind(Bind::Int(limit as i64));
            let rows: Vec<Row> = select.build().load(db).map_err(store)?;
            rows.into_iter().map(Row::read).collect()
        })
    }

    fn get(&self, org: OrgId, tag: TagId) -> Result<Option<Tag>> {
        self.read(|db| find(db, org, "id", Bind::Uuid(tag.0)))
    }

    fn rename(
        &self,
        org: OrgId,
        tag: TagId,
        name: &TagName,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Renamed>> {
        self.write(|db| {
            // Both tags are held, so that nobody is tagged with the one that goes meanwhile.
            let lock = "SELECT id, key, name FROM tags WHERE org_id = $1 AND (id = $2 OR key = $3) \
                 ORDER BY key FOR UPDATE";
            let held: Vec<NamedRow> = sql_query(lock)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(tag.0)
                .bind::<Text, _>(name.key())
                .load(db)
                .map_err(store)?;
            let Some(old) = held.iter().find(|row| row.id == tag.0) else { return Ok(None) };
            let carriers =
                if old.name == name.as_str() { Vec::new() } else { carriers(db, org, tag)? };
            let other = held.iter().find(|row| row.key == name.key() && row.id != tag.0);
            let kept = match other {
                Some(other) => {
                    merge(db, org, tag, other.id)?;
                    other.id
                }
                None => {
                    sql_query("UPDATE tags SET name = $3, key = $4 WHERE org_id = $1 AND id = $2")
                        .bind::<SqlUuid, _>(org.0)
                        .bind::<SqlUuid, _>(tag.0)
                        .bind::<Text, _>(name.as_str())
                        .bind::<Text, _>(name.key())
                        .execute(db)
                        .map_err(name_taken)?;
                    tag.0
                }
            };
            let renamed = if other.is_some() { Renamed::Merged } else { Renamed::Renamed };
            let renamed = find(db, org, "id", Bind::Uuid(kept))?.map(renamed);
            self.publish_tagging(db, org, &carriers, actor, now)?;
            Ok(renamed)
        })
    }

    fn delete(&self, org: OrgId, tag: TagId, actor: Actor, now: OffsetDateTime) -> Result<bool> {
        self.write(|db| {
            // Held, so that nobody is tagged with it after its carriers were read.
            sql_query("SELECT FROM tags WHERE org_id = $1 AND id = $2 FOR UPDATE")
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(tag.0)
                .execute(db)
                .map_err(store)?;
            let carriers = carriers(db, org, tag)?;
            let deleted = delete(db, org, tag)?;
            self.publish_tagging(db, org, &carriers, actor, now)?;
            Ok(deleted)
        })
    }
}

impl Database {
    /// Tells that the tags of contacts have changed.
    fn publish_tagging(
        &self,
        db: &mut PgConnection,
        org: OrgId,
        contacts: &[ContactId],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<()> {
        let fields = ["tags".to_owned()];
        let events = ContactEvent::of_many(contacts, EventKind::Updated, &fields, actor, now);
        publish(self, db, org, &events)
    }
}

/// Who carries a tag, in the order of their ids: 16 bytes for each.
fn carriers(db: &mut PgConnection, org: OrgId, tag: TagId) -> Result<Vec<ContactId>> {
    let statement = "SELECT contact_id AS id FROM contact_tags \
         WHERE org_id = $1 AND tag_id = $2 ORDER BY contact_id";
    let rows: Vec<IdRow> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(tag.0)
        .load(db)
        .map_err(store)?;
    Ok(rows.into_iter().map(|row| ContactId(row.id)).collect())
}

/// Those tags that are there.
fn there<'a>(
    db: &mut PgConnection,
    org: OrgId,
    tags: impl IntoIterator<Item = &'a TagName>,
) -> Result<Vec<NamedRow>> {
    let keys: Vec<_> = tags.into_iter().map(TagName::key).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    sql_query("SELECT id, key, name FROM tags WHERE org_id = $1 AND key = ANY($2)")
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<Text>, _>(&keys)
        .load(db)
        .map_err(store)
}

/// The ids of those tags that are there, by their keys.
pub(crate) fn by_key(
    db: &mut PgConnection,
    org: OrgId,
    names: &[TagName],
) -> Result<HashMap<String, Uuid>> {
    Ok(there(db, org, names)?.into_iter().map(|row| (row.key, row.id)).collect())
}

/// The ids of those tags that are there.
pub(crate) fn ids_of(db: &mut PgConnection, org: OrgId, names: &[TagName]) -> Result<Vec<Uuid>> {
    Ok(by_key(db, org, names)?.into_values().collect())
}

/// Those tags that are there, as they were first written.
pub(crate) fn written(
    db: &mut PgConnection,
    org: OrgId,
    tags: &BTreeSet<TagName>,
) -> Result<Vec<TagName>> {
    there(db, org, tags)?.into_iter().map(|row| tag_name(&row.name)).collect()
}

/// The names of those tags that are there.
pub(crate) fn names(
    db: &mut PgConnection,
    org: OrgId,
    tags: &HashSet<TagId>,
) -> Result<HashMap<TagId, TagName>> {
    if tags.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<_> = tags.iter().map(|tag| tag.0).collect();
    let rows: Vec<NameRow> =
        sql_query("SELECT id, name FROM tags WHERE org_id = $1 AND id = ANY($2)")
            .bind::<SqlUuid, _>(org.0)
            .bind::<Array<SqlUuid>, _>(&ids)
            .load(db)
            .map_err(store)?;
    rows.into_iter().map(|row| Ok((TagId(row.id), tag_name(&row.name)?))).collect()
}

/// The ids of tags by their keys; those that are not there are made. They must come in the order
/// of their keys. One that is deleted this moment is not among them.
pub(crate) fn ensured(
    database: &Database,
    db: &mut PgConnection,
    org: OrgId,
    names: &[TagName],
    now: OffsetDateTime,
) -> Result<HashMap<String, Uuid>> {
    let known = by_key(db, org, names)?;
    let missing: Vec<_> = names
        .iter()
        .filter(|tag| !known.contains_key(tag.key()))
        .map(|tag| (database.ids.next(), tag))
        .collect();
    if missing.is_empty() {
        return Ok(known);
    }
    insert(db, org, &missing, now)?;
    by_key(db, org, names)
}

/// Makes the tags that are not there. They must come in the order of their keys, so that two
/// who make the same ones wait for each other in the same order.
pub(crate) fn insert(
    db: &mut PgConnection,
    org: OrgId,
    tags: &[(Uuid, &TagName)],
    now: OffsetDateTime,
) -> Result<()> {
    let ids: Vec<_> = tags.iter().map(|(id, _)| *id).collect();
    let names: Vec<_> = tags.iter().map(|(_, name)| name.as_str()).collect();
    let keys: Vec<_> = tags.iter().map(|(_, name)| name.key()).collect();
    let statement = "INSERT INTO tags (org_id, id, name, key, created_at) \
         SELECT $1, t.id, t.name, t.key, $5 FROM unnest($2, $3, $4) AS t (id, name, key) \
         ON CONFLICT (org_id, key) DO NOTHING";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<Text>, _>(&names)
        .bind::<Array<Text>, _>(&keys)
        .bind::<Timestamptz, _>(now)
        .execute(db)
        .map(drop)
        .map_err(store)
}

pub(crate) fn tag_name(written: &str) -> Result<TagName> {
    TagName::parse(written).map_err(unread("tags.name"))
}

fn find(db: &mut PgConnection, org: OrgId, column: &str, value: Bind) -> Result<Option<Tag>> {
    let mut select = Statement::of(org);
    select.push(SELECT).push(" AND t.").push(column).push(" = ").bind(value);
    let row: Option<Row> = select.build().get_result(db).optional().map_err(store)?;
    row.map(Row::read).transpose()
}

/// Somebody has made a tag of that name since it was looked for: the transaction is run again,
/// and finds it.
fn name_taken(error: DieselError) -> Error {
    store(if is_unique_violation(&error) { DieselError::RollbackTransaction } else { error })
}

fn merge(db: &mut PgConnection, org: OrgId, from: TagId, into: Uuid) -> Result<()> {
    let statement = "INSERT INTO contact_tags (org_id, contact_id, tag_id) \
         SELECT org_id, contact_id, $3 FROM contact_tags WHERE org_id = $1 AND tag_id = $2 \
         ON CONFLICT (org_id, contact_id, tag_id) DO NOTHING";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(from.0)
        .bind::<SqlUuid, _>(into)
        .execute(db)
        .map_err(store)?;
    delete(db, org, from).map(drop)
}

fn delete(db: &mut PgConnection, org: OrgId, tag: TagId) -> Result<bool> {
    sql_query("DELETE FROM tags WHERE org_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(tag.0)
        .execute(db)
        .map(|deleted| deleted == 1)
        .map_err(store)
}
