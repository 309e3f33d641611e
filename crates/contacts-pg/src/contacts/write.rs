//! Changes of contacts.

use std::collections::{BTreeMap, HashMap, HashSet};

use contacts_core::contact::{
    Activity, ActivityKind, Arrival, Contact, ContactId, ContactPatch, Origin, Tagged, Updated,
};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::tag::TagName;
use contacts_core::{Actor, Error, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use super::activity::record;
use super::row::{Custom, find};
use crate::Database;
use crate::campaigns::{follow_address, follow_addresses};
use crate::conversations;
use crate::database::{is, is_unique_violation, store};
use crate::events::publish;
use crate::json::custom_to_json;
use crate::tags::{self, IdRow};

pub(super) fn insert(database: &Database, contact: &Contact, actor: Actor) -> Result<()> {
    let (org, now) = (contact.org, contact.created_at);
    let created = Activity { at: now, actor, what: ActivityKind::Created };
    database.write(|db| {
        if insert_contacts(database, db, org, &[contact])? == 0 {
            return Err(taken(db, org, contact)?);
        }
        let mut sources = Sources::default();
        sources.push(contact.id, &contact.source, true);
        insert_sources(db, org, &sources)?;
        link(database, db, org, contact.id, &contact.tags, now)?;
        if matches!(contact.source.origin, Origin::Manual { .. }) {
            record(db, org, contact.id, database.ids.next(), &created)?;
        }
        let made = ContactEvent::of(contact.id, EventKind::Created, Vec::new(), actor, now);
        publish(database, db, org, &[made])
    })
}

pub(super) fn update(
    database: &Database,
    org: OrgId,
    id: ContactId,
    if_version: Option<u64>,
    patch: &ContactPatch,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<Option<Updated>> {
    let updated = database.write(|db| {
        let Some(mut contact) = held(db, org, id, if_version)? else { return Ok(None) };
        let before = contact.clone();
        let changes = patch.apply(&mut contact, now)?;
        if !changes.is_empty() {
            update_row(database, db, &before, &contact)?;
            let what = ActivityKind::Edited(changes.clone());
            record(db, org, id, database.ids.next(), &Activity { at: now, actor, what })?;
        }
        let contact = find(db, org, id, Custom::Shown, "")?;
        if !changes.is_empty() {
            let fields = changes.iter().map(|change| change.field.clone()).collect();
            let event = ContactEvent::of(id, EventKind::Updated, fields, actor, now);
            publish(database, db, org, &[event])?;
        }
        Ok(contact.map(|contact| Updated { contact, changes }))
    });
    match (updated, &patch.email) {
        // The only unique key of a contact that a patch can change is its address.
        (Err(error), contacts_core::contact::Patch::Set(email))
            if is(&error, is_unique_violation) =>
        {
            let other = database.read(|db| holder(db, org, email.key()))?;
            Err(other.map_or(Error::Busy, Error::EmailTaken))
        }
        (updated, _) => updated,
    }
}

pub(super) fn tag(
    database: &Database,
    org: OrgId,
    id: ContactId,
    add: &[TagName],
    remove: &[TagName],
    actor: Actor,
    now: OffsetDateTime,
) -> Result<Option<Tagged>> {
    database.write(|db| {
        // Held first and read then, so that of two who tag it at once each sees what the other did.
        sql_query("SELECT FROM contacts WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE")
            .bind::<SqlUuid, _>(org.0)
            .bind::<SqlUuid, _>(id.0)
            .execute(db)
            .map_err(store)?;
        let Some(contact) = find(db, org, id, Custom::Shown, "")? else { return Ok(None) };
        let added: Vec<_> = add.iter().filter(|tag| !contact.tags.contains(tag)).collect();
        let removed: Vec<_> =
            contact.tags.iter().filter(|tag| remove.contains(tag)).cloned().collect();
        if added.is_empty() && removed.is_empty() {
            return Ok(Some(Tagged { contact, added: Vec::new(), removed }));
        }
        let added: Vec<TagName> = added.into_iter().cloned().collect();
        link(database, db, org, id, &added, now)?;
        let ids = tags::ids_of(db, org, &removed)?;
        sql_query(
            "DELETE FROM contact_tags WHERE org_id = $1 AND contact_id = $2 AND tag_id = ANY($3)",
        )
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .execute(db)
        .map_err(store)?;
        // Found again, for a tag that was there is shown as it was first written.
        let Some(contact) = find(db, org, id, Custom::Shown, "")? else { return Ok(None) };
        let added: Vec<_> =
            contact.tags.iter().filter(|tag| added.contains(tag)).cloned().collect();
        let names = |tags: &[TagName]| tags.iter().map(ToString::to_string).collect();
        let what = ActivityKind::Tagged { added: names(&added), removed: names(&removed) };
        record(db, org, id, database.ids.next(), &Activity { at: now, actor, what })?;
        let fields = vec!["tags".to_owned()];
        let event = ContactEvent::of(id, EventKind::Updated, fields, actor, now);
        publish(database, db, org, &[event])?;
        Ok(Some(Tagged { contact, added, removed }))
    })
}

pub(super) fn delete(
    database: &Database,
    org: OrgId,
    id: ContactId,
    if_version: Option<u64>,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<bool> {
    database.write(|db| {
        if held(db, org, id, if_version)?.is_none() {
            return Ok(false);
        }
        conversations::release(db, org, &[id.0])?;
        sql_query("DELETE FROM contacts WHERE org_id = $1 AND id = $2")
            .bind::<SqlUuid, _>(org.0)
            .bind::<SqlUuid, _>(id.0)
            .execute(db)
            .map_err(store)?;
        let event = ContactEvent::of(id, EventKind::Deleted, Vec::new(), actor, now);
        publish(database, db, org, &[event])?;
        Ok(true)
    })
}

/// The contact, whole, held until the transaction ends; refused when it has another version than
/// the one given.
fn held(
    db: &mut PgConnection,
    org: OrgId,
    id: ContactId,
    if_version: Option<u64>,
) -> Result<Option<Contact>> {
    let contact = find(db, org, id, Custom::Whole, " FOR UPDATE OF c")?;
    match (contact, if_version) {
        (Some(contact), Some(version)) if contact.version != version => {
            let shown = find(db, org, id, Custom::Shown, "")?;
            Err(Error::Stale(Box::new(shown.unwrap_or(contact))))
        }
        (contact, _) => Ok(contact),
    }
}

/// Adds contacts, without their tags and sources, and says how many: those whose address is
/// known are left out. They must come in the order of their addresses' keys, so that two who
/// add the same people wait for each other in the same order. Whose address was unsubscribed
/// before stays so (R28).
pub(crate) fn insert_contacts(
    database: &Database,
    db: &mut PgConnection,
    org: OrgId,
    contacts: &[&Contact],
) -> Result<usize> {
    let ids: Vec<_> = contacts.iter().map(|c| c.id.0).collect();
    let names: Vec<_> = contacts.iter().map(|c| c.name.as_ref().map(|n| n.as_str())).collect();
    let name_keys: Vec<_> = contacts.iter().map(|c| c.name_key()).collect();
    let emails: Vec<_> = contacts.iter().map(|c| c.email.as_ref().map(|e| e.as_str())).collect();
    let email_keys: Vec<_> = contacts.iter().map(|c| c.email_key()).collect();
    let phones: Vec<_> = contacts.iter().map(|c| c.phone.as_ref().map(|p| p.as_str())).collect();
    let e164s: Vec<_> = contacts.iter().map(|c| c.phone.as_ref().and_then(|p| p.e164())).collect();
    let searches: Vec<_> = contacts.iter().map(|c| c.search_text()).collect();
    let customs: Vec<_> = contacts.iter().map(|c| custom_to_json(&c.custom)).collect();
    let created: Vec<_> = contacts.iter().map(|c| c.created_at).collect();
    let versions: Vec<_> = contacts.iter().map(|c| c.version.cast_signed()).collect();
    let statement = "INSERT INTO contacts (org_id, id, name, name_key, email, email_key, phone, \
             phone_e164, search, custom, created_at, updated_at, version) \
         SELECT $1, c.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12) AS c \
         ON CONFLICT (org_id, email_key) WHERE email_key <> '' DO NOTHING";
    let inserted = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<Nullable<Text>>, _>(&names)
        .bind::<Array<Text>, _>(&name_keys)
        .bind::<Array<Nullable<Text>>, _>(&emails)
        .bind::<Array<Text>, _>(&email_keys)
        .bind::<Array<Nullable<Text>>, _>(&phones)
        .bind::<Array<Nullable<Text>>, _>(&e164s)
        .bind::<Array<Text>, _>(&searches)
        .bind::<Array<Jsonb>, _>(&customs)
        .bind::<Array<Timestamptz>, _>(&created)
        .bind::<Array<BigInt>, _>(&versions)
        .execute(db)
        .map_err(store)?;
    follow_addresses(database, db, org, contacts)?;
    Ok(inserted)
}

/// Ways in which contacts came, column by column.
#[derive(Default)]
pub(crate) struct Sources {
    contacts: Vec<Uuid>,
    kinds: Vec<&'static str>,
    origins: Vec<Uuid>,
    references: Vec<String>,
    visitors: Vec<Option<String>>,
    rows: Vec<Option<i64>>,
    ats: Vec<OffsetDateTime>,
    firsts: Vec<bool>,
}

impl Sources {
    pub(crate) fn push(&mut self, contact: ContactId, arrival: &Arrival, is_first: bool) {
        let origin = &arrival.origin;
        let (visitor, row) = match origin {
            Origin::Chat { visitor, .. } => (Some(visitor.clone()), None),
            Origin::CsvImport { row, .. } => (None, Some(row.cast_signed())),
            Origin::Manual { .. } | Origin::Connected { .. } => (None, None),
        };
        self.contacts.push(contact.0);
        self.kinds.push(origin.kind().as_str());
        self.origins.push(origin.origin_id().unwrap_or_default());
        self.references.push(origin.reference().to_owned());
        self.visitors.push(visitor);
        self.rows.push(row);
        self.ats.push(arrival.at);
        self.firsts.push(is_first);
    }
}

/// Adds ways in which contacts came; those that are known are left alone. Returns whose were new.
pub(crate) fn insert_sources(
    db: &mut PgConnection,
    org: OrgId,
    sources: &Sources,
) -> Result<HashSet<Uuid>> {
    let statement = "INSERT INTO contact_sources (org_id, contact_id, kind, origin_id, reference, \
             visitor, row_number, at, is_first) \
         SELECT $1, s.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9) AS s \
         ON CONFLICT (org_id, contact_id, kind, origin_id, reference) DO NOTHING \
         RETURNING contact_id AS id";
    let rows: Vec<IdRow> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(&sources.contacts)
        .bind::<Array<Text>, _>(&sources.kinds)
        .bind::<Array<SqlUuid>, _>(&sources.origins)
        .bind::<Array<Text>, _>(&sources.references)
        .bind::<Array<Nullable<Text>>, _>(&sources.visitors)
        .bind::<Array<Nullable<BigInt>>, _>(&sources.rows)
        .bind::<Array<Timestamptz>, _>(&sources.ats)
        .bind::<Array<Bool>, _>(&sources.firsts)
        .load(db)
        .map_err(store)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Puts tags on one contact.
fn link(
    database: &Database,
    db: &mut PgConnection,
    org: OrgId,
    id: ContactId,
    tags: &[TagName],
    now: OffsetDateTime,
) -> Result<()> {
    let by_key = tags.iter().map(|tag| (tag.key().to_owned(), tag.clone())).collect();
    let links: Vec<_> = tags.iter().map(|tag| (id, tag)).collect();
    link_tags(database, db, org, &by_key, &links, now).map(drop)
}

/// Puts tags on contacts; one that is there stays. The tags come by their keys, as they are to
/// be written should they be new. Returns their ids by their keys.
pub(crate) fn link_tags(
    database: &Database,
    db: &mut PgConnection,
    org: OrgId,
    tags: &BTreeMap<String, TagName>,
    links: &[(ContactId, &TagName)],
    now: OffsetDateTime,
) -> Result<HashMap<String, Uuid>> {
    if links.is_empty() {
        return Ok(HashMap::new());
    }
    let names: Vec<TagName> = tags.values().cloned().collect();
    let known = tags::ensured(database, db, org, &names, now)?;
    let mut contacts = Vec::with_capacity(links.len());
    let mut ids = Vec::with_capacity(links.len());
    for (contact, tag) in links {
        // A tag that was deleted this moment: the transaction is run again.
        let id = known
            .get(tag.key())
            .ok_or_else(|| store(diesel::result::Error::RollbackTransaction))?;
        contacts.push(contact.0);
        ids.push(*id);
    }
    let statement = "INSERT INTO contact_tags (org_id, contact_id, tag_id) \
         SELECT $1, l.contact_id, l.tag_id FROM unnest($2, $3) AS l (contact_id, tag_id) \
         ON CONFLICT (org_id, contact_id, tag_id) DO NOTHING";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(&contacts)
        .bind::<Array<SqlUuid>, _>(&ids)
        .execute(db)
        .map_err(store)?;
    Ok(known)
}

/// Writes the profile of a contact that is held for update.
pub(crate) fn update_row(
    database: &Database,
    db: &mut PgConnection,
    before: &Contact,
    contact: &Contact,
) -> Result<()> {
    let statement = "UPDATE contacts SET name = $3, name_key = $4, email = $5, email_key = $6, \
             phone = $7, phone_e164 = $8, search = $9, custom = $10, updated_at = $11, version = $12 \
         WHERE org_id = $1 AND id = $2";
    sql_query(statement)
        .bind::<SqlUuid, _>(contact.org.0)
        .bind::<SqlUuid, _>(contact.id.0)
        .bind::<Nullable<Text>, _>(contact.name.as_ref().map(|n| n.as_str()))
        .bind::<Text, _>(contact.name_key())
        .bind::<Nullable<Text>, _>(contact.email.as_ref().map(|e| e.as_str()))
        .bind::<Text, _>(contact.email_key())
        .bind::<Nullable<Text>, _>(contact.phone.as_ref().map(|p| p.as_str()))
        .bind::<Nullable<Text>, _>(contact.phone.as_ref().and_then(|p| p.e164()))
        .bind::<Text, _>(contact.search_text())
        .bind::<Jsonb, _>(custom_to_json(&contact.custom))
        .bind::<Timestamptz, _>(contact.updated_at)
        .bind::<BigInt, _>(contact.version.cast_signed())
        .execute(db)
        .map_err(store)?;
    if before.email_key() == contact.email_key() {
        return Ok(());
    }
    follow_address(database, db, contact)
}

/// What to say when an address is taken.
fn taken(db: &mut PgConnection, org: OrgId, contact: &Contact) -> Result<Error> {
    let holder = holder(db, org, contact.email_key())?;
    // Deleted this moment: run again, the address is free.
    Ok(holder.map_or_else(|| store(diesel::result::Error::RollbackTransaction), Error::EmailTaken))
}

pub(crate) fn holder(
    db: &mut PgConnection,
    org: OrgId,
    email_key: &str,
) -> Result<Option<ContactId>> {
    let row: Option<IdRow> =
        sql_query("SELECT id FROM contacts WHERE org_id = $1 AND email_key = $2")
            .bind::<SqlUuid, _>(org.0)
            .bind::<Text, _>(email_key)
            .get_result(db)
            .optional()
            .map_err(store)?;
    Ok(row.map(|row| ContactId(row.id)))
}
