//! Changes to contacts.

use std::collections::{BTreeMap, HashMap, HashSet};

use contacts_core::contact::{
    Activity, ActivityKind, AddressSource, Contact, ContactId, ContactPatch, ExternalId, Patch,
    Source, SourceDetail, Tagged, Updated,
};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::tag::TagName;
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Error, OrgId, Result};
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{AsChangeset, ExpressionMethods, QueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::activity::record;
use super::addresses;
use super::row::{Custom, find};
use crate::Database;
use crate::campaigns::follow_addresses;
use crate::conversations;
use crate::database::{PgError, PgResult, RunQuery, TimedTx, Tx, run_again};
use crate::events::publish;
use crate::fields::{check_types, searched};
use crate::json::custom_to_json;
use crate::schema::{contact_tags, contacts};
use crate::statement::IdRow;
use crate::tags;
use crate::trail;

pub(super) fn insert(database: &Database, contact: &Contact, actor: Actor) -> Result<()> {
    let (org, now) = (contact.org, contact.created_at);
    let created = Activity { at: now, actor, what: ActivityKind::Created };
    database.write_at(org, now, |tx| {
        check_types(tx, &contact.custom)?;
        if !insert_contacts(tx, &[contact])? {
            return Err(taken_error(tx, contact)?);
        }
        let mut sources = Sources::default();
        sources.push(contact.id, &contact.source, true);
        insert_sources(tx, &sources)?;
        link(tx, contact.id, &contact.tags)?;
        if matches!(contact.source.detail, SourceDetail::Manual { .. }) {
            record(tx, contact.id, &created)?;
        }
        let event = ContactEvent::of(contact.id, EventKind::Created, Vec::new(), actor, now);
        publish(tx, &[event])
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
    let updated = database.try_write_at(org, now, |tx| {
        let Some(mut contact) = find_locked(tx, id, if_version)? else { return Ok(None) };
        check_types(tx, patch.custom_values())?;
        let before = contact.clone();
        let changes = patch.apply(&mut contact, now)?;
        let mut fields: Vec<_> = changes.iter().map(|change| change.field.clone()).collect();
        if !changes.is_empty() {
            let is_consent_changed = update_row(tx, &before, &contact, AddressSource::Manual)?;
            fields.extend(is_consent_changed.then(|| "consent".to_owned()));
            let what = ActivityKind::Edited(changes.clone());
            record(tx, id, &Activity { at: now, actor, what })?;
        }
        // Read after the contact was locked, so that tags of a concurrent transaction are seen.
        let Some(mut contact) = find(tx, id, Custom::Shown, "")? else { return Ok(None) };
        let (added, removed) = patch.tagging(&contact.tags);
        if !added.is_empty() || !removed.is_empty() {
            fields.push("tags".to_owned());
            let tagged = change_tags(tx, id, &added, removed, actor)?;
            contact = tagged.map_or(contact, |tagged| tagged.contact);
        }
        if !fields.is_empty() {
            let event = ContactEvent::of(id, EventKind::Updated, fields, actor, now);
            publish(tx, &[event])?;
        }
        Ok(Some(Updated { contact, changes }))
    });
    match (updated, &patch.external_id) {
        // Addresses are checked by their own table, so the taken key is the external id.
        (Err(error), Patch::Set(external_id)) if error.is_unique_violation() => {
            let owner = database.read(org, |tx| owner_of_external_id(tx, external_id))?;
            // The other contact has released the id: the request succeeds when it is repeated.
            Err(owner.map_or(Error::Busy, Error::ExternalIdTaken))
        }
        (updated, _) => Ok(updated?),
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
    database.write_at(org, now, |tx| {
        // Locked before it is read, so that two transactions that tag the contact see each other's
        // tags.
        let locked = contacts::table.find((tx.org.0, id.0)).select(contacts::id);
        locked.for_no_key_update().execute(tx)?;
        let Some(contact) = find(tx, id, Custom::Shown, "")? else { return Ok(None) };
        let added: Vec<_> = add.iter().filter(|tag| !contact.tags.contains(tag)).cloned().collect();
        let removed: Vec<_> =
            contact.tags.iter().filter(|tag| remove.contains(tag)).cloned().collect();
        if added.is_empty() && removed.is_empty() {
            return Ok(Some(Tagged { contact, added, removed }));
        }
        let tagged = change_tags(tx, id, &added, removed, actor)?;
        let fields = vec!["tags".to_owned()];
        let event = ContactEvent::of(id, EventKind::Updated, fields, actor, now);
        publish(tx, &[event])?;
        Ok(tagged)
    })
}

/// Adds tags that a locked contact lacks, removes tags that it has, and records the activity.
fn change_tags(
    tx: &mut TimedTx<'_>,
    id: ContactId,
    added: &[TagName],
    removed: Vec<TagName>,
    actor: Actor,
) -> PgResult<Option<Tagged>> {
    link(tx, id, added)?;
    let ids = tags::ids_of(tx, &removed)?;
    diesel::delete(contact_tags::table)
        .filter(contact_tags::org_id.eq(tx.org.0))
        .filter(contact_tags::contact_id.eq(id.0))
        .filter(contact_tags::tag_id.eq_any(ids))
        .execute(tx)?;
    // Read again, because an existing tag is shown in its original spelling.
    let Some(contact) = find(tx, id, Custom::Shown, "")? else { return Ok(None) };
    let added: Vec<_> = contact.tags.iter().filter(|tag| added.contains(tag)).cloned().collect();
    let names = |tags: &[TagName]| tags.iter().map(ToString::to_string).collect();
    let what = ActivityKind::Tagged { added: names(&added), removed: names(&removed) };
    let at = tx.now;
    record(tx, id, &Activity { at, actor, what })?;
    Ok(Some(Tagged { contact, added, removed }))
}

pub(super) fn delete(
    database: &Database,
    org: OrgId,
    id: ContactId,
    if_version: Option<u64>,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<bool> {
    database.write_at(org, now, |tx| {
        if find_locked(tx, id, if_version)?.is_none() {
            return Ok(false);
        }
        conversations::release(tx, &[id.0])?;
        diesel::delete(contacts::table.find((tx.org.0, id.0))).execute(tx)?;
        let event = ContactEvent::of(id, EventKind::Deleted, Vec::new(), actor, now);
        publish(tx, &[event])?;
        trail::record(tx, &TrailEvent::contact_deleted(id), actor, now)?;
        Ok(true)
    })
}

/// Returns a contact with its archived values, locked until the transaction ends. Fails when the
/// contact has another version than `if_version`.
fn find_locked(
    tx: &mut Tx<'_>,
    id: ContactId,
    if_version: Option<u64>,
) -> PgResult<Option<Contact>> {
    let contact = find(tx, id, Custom::Whole, " FOR UPDATE OF c")?;
    match (contact, if_version) {
        (Some(contact), Some(version)) if contact.version != version => {
            let visible = find(tx, id, Custom::Shown, "")?;
            Err(Error::Stale(Box::new(visible.unwrap_or(contact).into())).into())
        }
        (contact, _) => Ok(contact),
    }
}

/// Inserts contacts without their tags and sources. Returns whether no other contact has one of
/// their addresses or external ids; otherwise the transaction must be rolled back. A contact with
/// an address that was unsubscribed before is unsubscribed (R28).
pub(crate) fn insert_contacts(tx: &mut Tx<'_>, contacts: &[&Contact]) -> PgResult<bool> {
    let ids: Vec<_> = contacts.iter().map(|c| c.id.0).collect();
    let external_ids = contacts.iter().map(|c| c.external_id.as_ref().map(|id| id.as_str()));
    let external_ids: Vec<_> = external_ids.collect();
    let names: Vec<_> = contacts.iter().map(|c| c.name.as_ref().map(|n| n.as_str())).collect();
    let name_keys: Vec<_> = contacts.iter().map(|c| c.name_key()).collect();
    let emails: Vec<_> = contacts.iter().map(|c| c.email.as_ref().map(|e| e.as_str())).collect();
    let email_keys: Vec<_> = contacts.iter().map(|c| c.email_key()).collect();
    let phones: Vec<_> = contacts.iter().map(|c| c.phone.as_ref().map(|p| p.as_str())).collect();
    let e164s: Vec<_> = contacts.iter().map(|c| c.phone.as_ref().and_then(|p| p.e164())).collect();
    let searched = searched(tx, contacts.iter().copied())?;
    let searches: Vec<_> = contacts.iter().map(|c| c.search_text(&searched)).collect();
    let customs: Vec<_> = contacts.iter().map(|c| custom_to_json(&c.custom)).collect();
    let created: Vec<_> = contacts.iter().map(|c| c.created_at).collect();
    let versions: Vec<_> = contacts.iter().map(|c| c.version.cast_signed()).collect();
    let others: Vec<_> = contacts.iter().map(|contact| addresses::joined(contact)).collect();
    let statement = "INSERT INTO contacts (org_id, id, name, name_key, email, email_key, phone, \
             phone_e164, search, custom, created_at, updated_at, version, other_emails, external_id) \
         SELECT $1, c.id, c.name, c.name_key, c.email, c.email_key, c.phone, c.phone_e164, \
             c.search, c.custom, c.created_at, c.created_at, c.version, \
             string_to_array(c.others, E'\\n'), c.external_id \
         FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) AS c (id, name, \
             name_key, email, email_key, phone, phone_e164, search, custom, created_at, version, \
             others, external_id) \
         ON CONFLICT (org_id, external_id) WHERE external_id IS NOT NULL DO NOTHING \
         RETURNING id";
    let inserted: Vec<IdRow> = tx
        .query(statement)
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
        .bind::<Array<Text>, _>(&others)
        .bind::<Array<Nullable<Text>>, _>(&external_ids)
        .load(tx)?;
    if inserted.len() < contacts.len() {
        return Ok(false);
    }
    let with_source = |contact: &&'_ Contact| contact.source.detail.kind().into();
    let sources: Vec<AddressSource> = contacts.iter().map(with_source).collect();
    let added: Vec<_> = contacts.iter().copied().zip(sources).collect();
    if !addresses::insert(tx, &added)? {
        return Ok(false);
    }
    follow_addresses(tx, contacts)?;
    Ok(true)
}

/// Sources of contacts, column by column.
#[derive(Default)]
pub(crate) struct Sources {
    contacts: Vec<Uuid>,
    kinds: Vec<&'static str>,
    details: Vec<Uuid>,
    references: Vec<String>,
    visitors: Vec<Option<String>>,
    rows: Vec<Option<i64>>,
    ats: Vec<OffsetDateTime>,
    firsts: Vec<bool>,
}

impl Sources {
    pub(crate) fn push(&mut self, contact: ContactId, source: &Source, is_first: bool) {
        let detail = &source.detail;
        let (visitor, row) = match detail {
            SourceDetail::Chat { visitor, .. } => (Some(visitor.clone()), None),
            SourceDetail::CsvImport { row, .. } => (None, Some(row.cast_signed())),
            SourceDetail::Manual { .. } | SourceDetail::Connected { .. } => (None, None),
        };
        self.contacts.push(contact.0);
        self.kinds.push(detail.kind().as_str());
        self.details.push(detail.detail_id().unwrap_or_default());
        self.references.push(detail.reference().to_owned());
        self.visitors.push(visitor);
        self.rows.push(row);
        self.ats.push(source.at);
        self.firsts.push(is_first);
    }
}

/// Inserts sources and leaves existing ones unchanged. Returns the contacts that got a new source.
pub(crate) fn insert_sources(tx: &mut Tx<'_>, sources: &Sources) -> PgResult<HashSet<Uuid>> {
    if sources.contacts.is_empty() {
        return Ok(HashSet::new());
    }
    let statement = "INSERT INTO contact_sources (org_id, contact_id, kind, detail_id, reference, \
             visitor, row_number, at, is_first) \
         SELECT $1, s.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9) AS s \
         ON CONFLICT (org_id, contact_id, kind, detail_id, reference) DO NOTHING \
         RETURNING contact_id AS id";
    let rows: Vec<IdRow> = tx
        .query(statement)
        .bind::<Array<SqlUuid>, _>(&sources.contacts)
        .bind::<Array<Text>, _>(&sources.kinds)
        .bind::<Array<SqlUuid>, _>(&sources.details)
        .bind::<Array<Text>, _>(&sources.references)
        .bind::<Array<Nullable<Text>>, _>(&sources.visitors)
        .bind::<Array<Nullable<BigInt>>, _>(&sources.rows)
        .bind::<Array<Timestamptz>, _>(&sources.ats)
        .bind::<Array<Bool>, _>(&sources.firsts)
        .load(tx)
        .map_err(PgError::unless_deleted)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Adds tags to one contact.
fn link(tx: &mut TimedTx<'_>, id: ContactId, tags: &[TagName]) -> PgResult<()> {
    let by_key = tags.iter().map(|tag| (tag.key().to_owned(), tag.clone())).collect();
    let links: Vec<_> = tags.iter().map(|tag| (id, tag)).collect();
    link_tags(tx, &by_key, &links).map(drop)
}

/// Adds tags to contacts, and leaves existing ones unchanged. The tags are in the order of their
/// keys, in the spelling that a new tag gets. Returns the ids of the tags by their keys.
pub(crate) fn link_tags(
    tx: &mut TimedTx<'_>,
    tags: &BTreeMap<String, TagName>,
    links: &[(ContactId, &TagName)],
) -> PgResult<HashMap<String, Uuid>> {
    if links.is_empty() {
        return Ok(HashMap::new());
    }
    let names: Vec<TagName> = tags.values().cloned().collect();
    let tag_ids = tags::ensured(tx, &names)?;
    let mut contacts = Vec::with_capacity(links.len());
    let mut ids = Vec::with_capacity(links.len());
    for (contact, tag) in links {
        // The tag was deleted at this moment: run the transaction again.
        let id = tag_ids.get(tag.key()).ok_or_else(run_again)?;
        contacts.push(contact.0);
        ids.push(*id);
    }
    let statement = "INSERT INTO contact_tags (org_id, contact_id, tag_id) \
         SELECT $1, l.contact_id, l.tag_id FROM unnest($2, $3) AS l (contact_id, tag_id) \
         ON CONFLICT (org_id, contact_id, tag_id) DO NOTHING";
    tx.query(statement)
        .bind::<Array<SqlUuid>, _>(&contacts)
        .bind::<Array<SqlUuid>, _>(&ids)
        .execute(tx)
        .map_err(PgError::unless_deleted)?;
    Ok(tag_ids)
}

/// The columns of a contact that can change.
#[derive(AsChangeset)]
#[diesel(table_name = contacts, treat_none_as_null = true)]
struct Columns<'a> {
    external_id: Option<&'a str>,
    name: Option<&'a str>,
    name_key: String,
    email: Option<&'a str>,
    email_key: &'a str,
    phone: Option<&'a str>,
    phone_e164: Option<&'a str>,
    search: String,
    other_emails: Vec<Option<&'a str>>,
    custom: serde_json::Value,
    updated_at: OffsetDateTime,
    version: i64,
}

/// Updates the row of a locked contact, and its addresses. New addresses get the given source.
/// Returns whether a new address has changed the consent.
///
/// # Errors
///
/// [`contacts_core::Error::EmailTaken`] when another contact has one of its addresses.
pub(crate) fn update_row(
    tx: &mut Tx<'_>,
    before: &Contact,
    contact: &Contact,
    source: AddressSource,
) -> PgResult<bool> {
    let columns = Columns {
        external_id: contact.external_id.as_ref().map(|id| id.as_str()),
        name: contact.name.as_ref().map(|name| name.as_str()),
        name_key: contact.name_key(),
        email: contact.email.as_ref().map(|email| email.as_str()),
        email_key: contact.email_key(),
        phone: contact.phone.as_ref().map(|phone| phone.as_str()),
        phone_e164: contact.phone.as_ref().and_then(|phone| phone.e164()),
        search: contact.search_text(&searched(tx, [contact])?),
        other_emails: contact.other_emails.iter().map(|email| Some(email.as_str())).collect(),
        custom: custom_to_json(&contact.custom),
        updated_at: contact.updated_at,
        version: contact.version.cast_signed(),
    };
    diesel::update(contacts::table.find((tx.org.0, contact.id.0))).set(columns).execute(tx)?;
    match addresses::rewrite_addresses(tx, &[(before, contact)], source)? {
        Some(lowered) => Ok(!lowered.is_empty()),
        None => Err(addresses::taken_error(tx, contact)?),
    }
}

/// Returns the error for an address or an external id of a new contact that another contact has.
fn taken_error(tx: &mut Tx<'_>, contact: &Contact) -> PgResult<PgError> {
    if let Some(external_id) = &contact.external_id
        && let Some(owner) = owner_of_external_id(tx, external_id)?.filter(|id| *id != contact.id)
    {
        return Ok(Error::ExternalIdTaken(owner).into());
    }
    addresses::taken_error(tx, contact)
}

/// Returns the contact that has an external id.
pub(super) fn owner_of_external_id(
    tx: &mut Tx<'_>,
    external_id: &ExternalId,
) -> PgResult<Option<ContactId>> {
    let id: Option<Uuid> = contacts::table
        .filter(contacts::org_id.eq(tx.org.0))
        .filter(contacts::external_id.eq(external_id.as_str()))
        .select(contacts::id)
        .row(tx)?;
    Ok(id.map(ContactId))
}
