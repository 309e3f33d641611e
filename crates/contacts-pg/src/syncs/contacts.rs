//! The contacts that match the records of a source.

use std::collections::HashMap;

use contacts_core::contact::{AddressSource, Contact, ContactId};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::sync::{
    ConnectedSource, Existing, Link, PlannedContact, ReadPlan, RecordWrites, SyncRun,
};
use contacts_core::tag::TagName;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use uuid::Uuid;

use super::links;
use crate::contacts::{
    ContactRow, Custom, FIRST_SOURCE, OWNERS, Sources, add_addresses, insert_contacts,
    insert_sources, link_tags, record_all, select_contacts,
};
use crate::database::{PgResult, RunQuery, TimedTx, Tx, run_again};
use crate::events::publish;
use crate::imports::update_contacts;
use crate::statement::Bind;
use crate::tags;

/// Reads the contacts and tags that a plan needs, besides the links. `lock` is for the second
/// attempt, after the first one found that a contact had changed: it locks the contacts until the
/// transaction ends.
pub(super) fn existing(
    tx: &mut Tx<'_>,
    needed: &ReadPlan,
    links: HashMap<String, Link>,
    lock: bool,
) -> PgResult<Existing> {
    let org = tx.org;
    let tags = tags::stored_spelling(tx, &needed.tags)?;
    let ids: Vec<Uuid> = needed.contacts.iter().map(|id| id.0).collect();
    let keys: Vec<String> = needed.addresses.iter().cloned().collect();
    if lock {
        self::lock(tx, &ids, &keys)?;
    }
    let mut contacts: HashMap<ContactId, Contact> = HashMap::new();
    // Two statements, so that Postgres uses the right index for each.
    for bind in [Bind::Uuids(ids), Bind::Texts(keys)] {
        let (owners, end) = match &bind {
            Bind::Uuids(ids) if ids.is_empty() => continue,
            Bind::Texts(keys) if keys.is_empty() => continue,
            Bind::Uuids(_) => ("", ")"),
            _ => (OWNERS, ")))"),
        };
        let mut select = tx.statement();
        select_contacts(&mut select, Custom::Whole, |select| {
            select.push("contacts c").push(FIRST_SOURCE);
            select.push("WHERE c.org_id = $1 AND c.id = ANY(").push(owners);
            select.bind(bind.clone()).push(end);
        });
        let rows: Vec<ContactRow> = select.load(tx)?;
        for row in rows {
            let contact = row.read(org)?;
            contacts.insert(contact.id, contact);
        }
    }
    Ok(Existing { links, contacts: contacts.into_values().collect(), tags })
}

/// Locks contacts in the same order as merges and bulk actions.
fn lock(tx: &mut Tx<'_>, ids: &[Uuid], keys: &[String]) -> PgResult<()> {
    tx.query(
        "SELECT FROM contacts WHERE org_id = $1 AND id IN ( \
             SELECT id FROM contacts WHERE org_id = $1 AND id = ANY($2) \
             UNION SELECT contact_id FROM addresses \
             WHERE org_id = $1 AND email_key = ANY($3)) \
         ORDER BY id FOR UPDATE",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Text>, _>(keys)
    .execute(tx)
    .map(drop)
}

/// Writes the planned changes of a run.
pub(super) fn write(
    tx: &mut TimedTx<'_>,
    source: &ConnectedSource,
    run: &SyncRun,
    writes: &RecordWrites,
) -> PgResult<()> {
    links::forget(tx, source, &writes.unlinked)?;
    let lowered = update(tx, &writes.contacts)?;
    let is_new = |planned: &&PlannedContact| planned.stored.is_none();
    let new: Vec<_> = writes.contacts.iter().filter(is_new).map(|new| &new.contact).collect();
    if !new.is_empty() && !insert_contacts(tx, &new)? {
        // Another transaction has added one of the contacts since they were read: run this one
        // again.
        return Err(run_again());
    }
    let mut sources = Sources::default();
    let mut tags: Vec<(ContactId, &TagName)> = Vec::new();
    for planned in &writes.contacts {
        let id = planned.contact.id;
        for (at, source) in planned.sources.iter().enumerate() {
            sources.push(id, source, at == 0 && is_new(&planned));
        }
        tags.extend(planned.tags.iter().map(|tag| (id, tag)));
    }
    insert_sources(tx, &sources)?;
    link_tags(tx, &writes.tags, &tags)?;
    let activity = writes.activity.iter().map(|(id, what)| (*id, what));
    record_all(tx, &activity.collect::<Vec<_>>())?;
    publish(tx, &writes.events)?;
    let (kind, fields, now) = (EventKind::Updated, ["consent".to_owned()], tx.now);
    publish(tx, &ContactEvent::of_many(&lowered, kind, &fields, source.actor(), now))?;
    let links = writes.links.iter().map(|(id, link)| (id.as_str(), link));
    links::keep(tx, source, run, &links.collect::<Vec<_>>())
}

/// Updates existing contacts. Returns those whose consent a new address has changed.
fn update(tx: &mut Tx<'_>, planned: &[PlannedContact]) -> PgResult<Vec<ContactId>> {
    let changed = planned.iter().filter(|planned| planned.is_profile_changed);
    let changed: Vec<_> =
        changed.filter_map(|p| Some((&p.contact, p.stored.as_ref()?.version))).collect();
    if update_contacts(tx, &changed)?.len() != changed.len() {
        return Err(run_again());
    }
    let moved = planned.iter().filter(|planned| planned.changes_addresses());
    let moved: Vec<_> = moved.map(|planned| &planned.contact).collect();
    // Another transaction may have taken an address: then this one is run again.
    add_addresses(tx, &moved, AddressSource::Connected)?.ok_or_else(run_again)
}
