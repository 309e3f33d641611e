//! The port of tags.

use std::collections::{BTreeSet, HashMap, HashSet};

use contacts_core::contact::{ContactId, Term};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::tag::{Renamed, Tag, TagId, TagName, TagRepository};
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Current, OrgId, Result};
use diesel::dsl::{AsSelect, auto_type};
use diesel::pg::Pg;
use diesel::sql_types::{Array, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{
    BoolExpressionMethods, ExpressionMethods, QueryDsl, Queryable, QueryableByName, Selectable,
    SelectableHelper, update,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{PgError, PgResult, RunQuery, TimedTx, Tx, run_again, unread, unreadable};
use crate::events::{publish, publish_timed};
use crate::schema::{contact_tags, tags};
use crate::statement::{anywhere, starts_with};
use crate::trail::record;

#[derive(Queryable, Selectable)]
#[diesel(table_name = tags, check_for_backend(Pg))]
struct Row {
    id: Uuid,
    name: String,
    key: String,
    version: i64,
    renamed_at: Option<OffsetDateTime>,
}

#[derive(QueryableByName)]
struct NamedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
}

/// A tag, and the number of its contacts.
type CountedRow = (Row, Option<i64>);

fn read((row, contacts): CountedRow) -> PgResult<Tag> {
    Ok(Tag {
        id: TagId(row.id),
        name: tag_name(&row.name)?,
        contacts: contacts.unwrap_or_default().cast_unsigned(),
        version: row.version.cast_unsigned(),
    })
}

/// Selects the tags with the number of their contacts. Only the tags that further conditions
/// select are counted, each by an index.
#[auto_type(no_type_alias)]
fn counted(org: Uuid) -> _ {
    let row: AsSelect<Row, Pg> = Row::as_select();
    let contacts = contact_tags::table
        .filter(contact_tags::org_id.eq(org))
        .filter(contact_tags::tag_id.eq(tags::id))
        .count()
        .single_value();
    tags::table.filter(tags::org_id.eq(org)).select((row, contacts))
}

impl TagRepository for Database {
    fn ensure(&self, org: OrgId, id: TagId, name: &TagName, now: OffsetDateTime) -> Result<Tag> {
        self.write_at(org, now, |tx| {
            insert(tx, &[(id.0, name)])?;
            let row: Option<CountedRow> =
                counted(tx.org.0).filter(tags::key.eq(name.key())).row(tx)?;
            row.map(read).transpose()?.ok_or_else(|| unreadable("tags.key"))
        })
    }

    fn list(&self, org: OrgId, prefix: &str, after: &str, limit: usize) -> Result<Vec<Tag>> {
        self.read(org, |tx| {
            let mut page = counted(tx.org.0).filter(tags::key.gt(after)).into_boxed();
            if !prefix.is_empty() {
                page = page.filter(starts_with(tags::key, prefix)).filter(tags::key.ge(prefix));
            }
            let rows: Vec<CountedRow> = page.order(tags::key).limit(limit as i64).load(tx)?;
            rows.into_iter().map(read).collect()
        })
    }

    fn get(&self, org: OrgId, tag: TagId) -> Result<Option<Tag>> {
        self.read(org, |tx| find(tx, tag))
    }

    fn rename(
        &self,
        org: OrgId,
        tag: TagId,
        name: &TagName,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Renamed>> {
        self.write_at(org, now, |tx| {
            // Lock both tags, so that no contact gets the merged one in the meantime.
            let locked: Vec<Row> = tags::table
                .filter(tags::org_id.eq(tx.org.0))
                .filter(tags::id.eq(tag.0).or(tags::key.eq(name.key())))
                .order(tags::key)
                .for_update()
                .select(Row::as_select())
                .load(tx)?;
            let Some(old) = locked.iter().find(|row| row.id == tag.0) else { return Ok(None) };
            if let Some(current) = find(tx, tag)? {
                Current::check(&current, if_version)?;
            }
            let carriers = if old.name == name.as_str() { Vec::new() } else { carriers(tx, tag)? };
            let other = locked.iter().find(|row| row.key == name.key() && row.id != tag.0);
            let survivor = match other {
                Some(other) => {
                    merge(tx, tag, other.id)?;
                    other.id
                }
                None => {
                    let is_other = old.name != name.as_str();
                    let version = old.version + i64::from(is_other);
                    let renamed_at = if is_other { Some(now) } else { old.renamed_at };
                    update(tags::table.find((tx.org.0, tag.0)))
                        .set((
                            tags::name.eq(name.as_str()),
                            tags::key.eq(name.key()),
                            tags::version.eq(version),
                            tags::renamed_at.eq(renamed_at),
                        ))
                        .execute(tx)
                        .map_err(name_taken)?;
                    tag.0
                }
            };
            let renamed = if other.is_some() { Renamed::Merged } else { Renamed::Renamed };
            let renamed = find(tx, TagId(survivor))?.map(renamed);
            let events = tagging(&carriers, actor, now);
            if other.is_some() {
                publish(tx, &events)?;
            } else {
                // The tag itself stores the time, so that its contacts need no write.
                publish_timed(tx, &events)?;
            }
            if old.name != name.as_str() {
                record(tx, &TrailEvent::tag_renamed(tag), actor, now)?;
            }
            Ok(renamed)
        })
    }

    fn delete(&self, org: OrgId, tag: TagId, actor: Actor, now: OffsetDateTime) -> Result<bool> {
        self.write_at(org, now, |tx| {
            // Lock the tag, so that no contact gets it after its contacts were read.
            let locked = tags::table.find((tx.org.0, tag.0)).select(tags::id).for_update();
            locked.execute(tx)?;
            let carriers = carriers(tx, tag)?;
            let deleted = delete(tx, tag)?;
            publish(tx, &tagging(&carriers, actor, now))?;
            if deleted {
                record(tx, &TrailEvent::tag_deleted(tag), actor, now)?;
            }
            Ok(deleted)
        })
    }
}

/// Returns the events of contacts whose tags have changed.
fn tagging(contacts: &[ContactId], actor: Actor, now: OffsetDateTime) -> Vec<ContactEvent> {
    ContactEvent::of_many(contacts, EventKind::Updated, &["tags".to_owned()], actor, now)
}

/// Returns the contacts with a tag, in the order of their ids: 16 bytes for each.
fn carriers(tx: &mut Tx<'_>, tag: TagId) -> PgResult<Vec<ContactId>> {
    let ids: Vec<Uuid> = contact_tags::table
        .filter(contact_tags::org_id.eq(tx.org.0))
        .filter(contact_tags::tag_id.eq(tag.0))
        .order(contact_tags::contact_id)
        .select(contact_tags::contact_id)
        .load(tx)?;
    Ok(ids.into_iter().map(ContactId).collect())
}

/// Returns the existing tags of those given.
fn existing<'a>(
    tx: &mut Tx<'_>,
    tags: impl IntoIterator<Item = &'a TagName>,
) -> PgResult<Vec<Row>> {
    let keys: Vec<_> = tags.into_iter().map(TagName::key).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    tags::table
        .filter(tags::org_id.eq(tx.org.0))
        .filter(tags::key.eq_any(keys))
        .select(Row::as_select())
        .load(tx)
}

/// Returns the ids of the existing tags by their keys.
pub(crate) fn by_key(tx: &mut Tx<'_>, names: &[TagName]) -> PgResult<HashMap<String, Uuid>> {
    Ok(existing(tx, names)?.into_iter().map(|row| (row.key, row.id)).collect())
}

/// Returns the ids of the tags that were renamed at or after a time.
pub(crate) fn renamed_since(tx: &mut Tx<'_>, time: OffsetDateTime) -> PgResult<Vec<Uuid>> {
    tags::table
        .filter(tags::org_id.eq(tx.org.0))
        .filter(tags::renamed_at.ge(time))
        .select(tags::id)
        .load(tx)
}

/// Returns the ids of the existing tags.
pub(crate) fn ids_of(tx: &mut Tx<'_>, names: &[TagName]) -> PgResult<Vec<Uuid>> {
    Ok(by_key(tx, names)?.into_values().collect())
}

/// Returns the tags in whose names one of the terms of a search occurs.
///
/// Postgres compares keys of ASCII letters and digits, which equal the folded names. Names with other
/// signs are found in several spellings; all of them are loaded and compared by the program.
pub(crate) fn matching(tx: &mut Tx<'_>, terms: &[Term]) -> PgResult<Vec<(Uuid, TagName)>> {
    let needles: Vec<_> =
        terms.iter().flat_map(Term::needles).map(|needle| anywhere(needle)).collect();
    let statement = "SELECT id, name FROM tags WHERE org_id = $1 \
         AND (key ~ '[^a-z0-9 ]' OR ' ' || key LIKE ANY($2))";
    let rows: Vec<NamedRow> = tx.query(statement).bind::<Array<Text>, _>(needles).load(tx)?;
    let mut tags = Vec::new();
    for row in rows {
        let name = tag_name(&row.name)?;
        if terms.iter().any(|term| term.matches_tag(&name)) {
            tags.push((row.id, name));
        }
    }
    Ok(tags)
}

/// Returns the existing tags in their original spelling.
pub(crate) fn stored_spelling(tx: &mut Tx<'_>, tags: &BTreeSet<TagName>) -> PgResult<Vec<TagName>> {
    existing(tx, tags)?.into_iter().map(|row| tag_name(&row.name)).collect()
}

/// Adds tags to contacts: pairs of a contact and a tag. Existing ones stay.
pub(crate) fn link(tx: &mut Tx<'_>, links: &[(Uuid, Uuid)]) -> PgResult<()> {
    if links.is_empty() {
        return Ok(());
    }
    let (contacts, tags): (Vec<_>, Vec<_>) = links.iter().copied().unzip();
    let statement = "INSERT INTO contact_tags (org_id, contact_id, tag_id) \
         SELECT $1, l.contact_id, l.tag_id FROM unnest($2, $3) AS l (contact_id, tag_id) \
         ORDER BY l.contact_id, l.tag_id ON CONFLICT (org_id, contact_id, tag_id) DO NOTHING";
    tx.query(statement)
        .bind::<Array<SqlUuid>, _>(contacts)
        .bind::<Array<SqlUuid>, _>(tags)
        .execute(tx)
        .map(drop)
        .map_err(PgError::unless_deleted)
}

/// Removes tags from contacts. Each link is the id of a contact and the id of a tag.
pub(crate) fn unlink(tx: &mut Tx<'_>, links: &[(Uuid, Uuid)]) -> PgResult<()> {
    if links.is_empty() {
        return Ok(());
    }
    let (contacts, tags): (Vec<_>, Vec<_>) = links.iter().copied().unzip();
    let statement = "DELETE FROM contact_tags ct USING unnest($2, $3) AS l (contact_id, tag_id) \
         WHERE ct.org_id = $1 AND ct.contact_id = l.contact_id AND ct.tag_id = l.tag_id";
    tx.query(statement)
        .bind::<Array<SqlUuid>, _>(contacts)
        .bind::<Array<SqlUuid>, _>(tags)
        .execute(tx)
        .map(drop)
}

/// Returns the names of the existing tags.
pub(crate) fn names(tx: &mut Tx<'_>, tags: &HashSet<TagId>) -> PgResult<HashMap<TagId, TagName>> {
    if tags.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<_> = tags.iter().map(|tag| tag.0).collect();
    let rows: Vec<(Uuid, String)> = tags::table
        .filter(tags::org_id.eq(tx.org.0))
        .filter(tags::id.eq_any(ids))
        .select((tags::id, tags::name))
        .load(tx)?;
    rows.into_iter().map(|(id, name)| Ok((TagId(id), tag_name(&name)?))).collect()
}

/// Returns the ids of tags by their keys, and creates the missing tags. The tags must be in the
/// order of their keys. A tag that is deleted at this moment is missing from the result.
pub(crate) fn ensured(tx: &mut TimedTx<'_>, names: &[TagName]) -> PgResult<HashMap<String, Uuid>> {
    let existing = by_key(tx, names)?;
    let missing: Vec<_> = names
        .iter()
        .filter(|tag| !existing.contains_key(tag.key()))
        .map(|tag| (tx.next_id(), tag))
        .collect();
    if missing.is_empty() {
        return Ok(existing);
    }
    insert(tx, &missing)?;
    by_key(tx, names)
}

/// Creates the tags that do not exist. They must be in the order of their keys, so that two
/// transactions that create the same tags cannot deadlock.
pub(crate) fn insert(tx: &mut TimedTx<'_>, tags: &[(Uuid, &TagName)]) -> PgResult<()> {
    let now = tx.now;
    let ids: Vec<_> = tags.iter().map(|(id, _)| *id).collect();
    let names: Vec<_> = tags.iter().map(|(_, name)| name.as_str()).collect();
    let keys: Vec<_> = tags.iter().map(|(_, name)| name.key()).collect();
    let statement = "INSERT INTO tags (org_id, id, name, key, created_at) \
         SELECT $1, t.id, t.name, t.key, $5 FROM unnest($2, $3, $4) AS t (id, name, key) \
         ON CONFLICT (org_id, key) DO NOTHING";
    tx.query(statement)
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<Text>, _>(&names)
        .bind::<Array<Text>, _>(&keys)
        .bind::<Timestamptz, _>(now)
        .execute(tx)
        .map(drop)
}

pub(crate) fn tag_name(stored_spelling: &str) -> PgResult<TagName> {
    TagName::parse(stored_spelling).map_err(unread("tags.name"))
}

fn find(tx: &mut Tx<'_>, tag: TagId) -> PgResult<Option<Tag>> {
    let row: Option<CountedRow> = counted(tx.org.0).filter(tags::id.eq(tag.0)).row(tx)?;
    row.map(read).transpose()
}

/// Another transaction has created a tag with this name in the meantime: the transaction is run
/// again, and finds it.
fn name_taken(error: PgError) -> PgError {
    if error.is_unique_violation() { run_again() } else { error }
}

fn merge(tx: &mut Tx<'_>, from: TagId, into: Uuid) -> PgResult<()> {
    let statement = "INSERT INTO contact_tags (org_id, contact_id, tag_id) \
         SELECT org_id, contact_id, $3 FROM contact_tags WHERE org_id = $1 AND tag_id = $2 \
         ON CONFLICT (org_id, contact_id, tag_id) DO NOTHING";
    tx.query(statement)
        .bind::<SqlUuid, _>(from.0)
        .bind::<SqlUuid, _>(into)
        .execute(tx)
        .map_err(PgError::unless_deleted)?;
    delete(tx, from).map(drop)
}

fn delete(tx: &mut Tx<'_>, tag: TagId) -> PgResult<bool> {
    diesel::delete(tags::table.find((tx.org.0, tag.0))).execute(tx).map(|deleted| deleted == 1)
}
