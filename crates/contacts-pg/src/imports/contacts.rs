//! The contacts that match the rows of an import or the items of a batch.

use std::collections::{BTreeMap, HashMap};

use contacts_core::contact::{AddressSource, Contact, ContactId};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::import::{
    ChunkPlan, ChunkWrites, ExistingContact, PlannedContact, PlannedRow, RowKeys, RowOrigin,
};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::opt_outs;
use crate::contacts::{
    ContactRow, Custom, FIRST_SOURCE, OWNERS, insert_contacts, joined, rewrite_addresses,
    select_contacts,
};
use crate::database::{PgResult, RunQuery, TimedTx, Tx, run_again};
use crate::fields::searched;
use crate::json::custom_to_json;
use crate::statement::{Bind, IdRow, Statement};

/// Maximum number of plans of a chunk. Each finds the contacts that were changed during the one
/// before locked.
const MAX_PLANS: usize = 3;

#[derive(QueryableByName)]
struct MergedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    survivor_id: Uuid,
}

#[derive(QueryableByName)]
struct VersionRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// Returns the contacts that have one of the keys, and the survivors of those that had one of the
/// ids.
pub(super) fn existing(tx: &mut Tx<'_>, keys: &RowKeys) -> PgResult<Vec<ExistingContact>> {
    let mut found: BTreeMap<ContactId, ExistingContact> = BTreeMap::new();
    let mut add = |contact: Contact| {
        found.entry(contact.id).or_insert_with(|| contact.into());
    };
    with_addresses(tx, keys.emails.iter().cloned().collect())?.into_iter().for_each(&mut add);
    let external_ids = keys.external_ids.iter().map(ToString::to_string).collect();
    with_external_ids(tx, external_ids)?.into_iter().for_each(&mut add);
    with_ids(tx, keys.ids.iter().map(|id| id.0).collect())?.into_iter().for_each(&mut add);
    let missing = keys.ids.iter().filter(|id| !found.contains_key(id)).map(|id| id.0).collect();
    let merged = survivors(tx, missing)?;
    let unread = merged.values().filter(|id| !found.contains_key(id)).map(|id| id.0).collect();
    for survivor in with_ids(tx, unread)? {
        found.insert(survivor.id, survivor.into());
    }
    for (former_id, survivor) in merged {
        if let Some(existing) = found.get_mut(&survivor) {
            existing.former_ids.push(former_id);
        }
    }
    Ok(found.into_values().collect())
}

/// Returns the contacts with these addresses.
fn with_addresses(tx: &mut Tx<'_>, keys: Vec<String>) -> PgResult<Vec<Contact>> {
    load(tx, keys.is_empty(), |select| {
        select.push("c.id = ANY(").push(OWNERS).bind(Bind::Texts(keys)).push(")))");
    })
}

/// Returns the contacts with these external ids.
fn with_external_ids(tx: &mut Tx<'_>, ids: Vec<String>) -> PgResult<Vec<Contact>> {
    load(tx, ids.is_empty(), |select| {
        select.push("c.external_id = ANY(").bind(Bind::Texts(ids)).push(")");
    })
}

/// Returns the contacts with these ids.
pub(super) fn with_ids(tx: &mut Tx<'_>, ids: Vec<Uuid>) -> PgResult<Vec<Contact>> {
    load(tx, ids.is_empty(), |select| {
        select.push("c.id = ANY(").bind(Bind::Uuids(ids)).push(")");
    })
}

fn load(
    tx: &mut Tx<'_>,
    is_empty: bool,
    condition: impl FnOnce(&mut Statement),
) -> PgResult<Vec<Contact>> {
    if is_empty {
        return Ok(Vec::new());
    }
    let org = tx.org;
    let mut select = tx.statement();
    select_contacts(&mut select, Custom::Whole, |select| {
        select.push("contacts c").push(FIRST_SOURCE).push("WHERE c.org_id = $1 AND ");
        condition(select);
    });
    let rows: Vec<ContactRow> = select.load(tx)?;
    rows.into_iter().map(|row| row.read(org)).collect()
}

/// Returns the survivors of merged contacts, by their former ids.
fn survivors(tx: &mut Tx<'_>, ids: Vec<Uuid>) -> PgResult<BTreeMap<ContactId, ContactId>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let statement =
        "SELECT id, survivor_id FROM merged_contacts WHERE org_id = $1 AND id = ANY($2)";
    let rows: Vec<MergedRow> = tx.query(statement).bind::<Array<SqlUuid>, _>(ids).load(tx)?;
    Ok(rows.into_iter().map(|row| (ContactId(row.id), ContactId(row.survivor_id))).collect())
}

/// Plans the rows of a chunk or of a batch and writes their contacts, without tags and sources.
///
/// The contacts whose profiles change are locked before anything is written. When one of them was
/// changed since it was read, the chunk is planned again with the contacts as they are now: the keys
/// of a contact decide what other rows are about. So a chunk is never lost to edits, however often
/// its contacts are edited.
pub(crate) fn apply(
    tx: &mut TimedTx<'_>,
    origin: &dyn RowOrigin,
    rows: &[PlannedRow],
) -> PgResult<ChunkWrites> {
    let keys = RowKeys::of(rows);
    for _ in 0..MAX_PLANS {
        let plan = ChunkPlan::new(origin, rows, existing(tx, &keys)?, tx.now);
        if lock(tx, plan.changed_contacts())? {
            let mut writes = plan.finish();
            let source = origin.source(0, tx.now).detail.kind().into();
            opt_outs::suppress_unknown(tx, origin.actor(), &writes)?;
            let mut lowered = write(tx, &writes.contacts, source)?;
            opt_outs::unsubscribe_known(tx, origin.actor(), &writes)?;
            // The plan reports the contacts that rows unsubscribe.
            lowered.retain(|id| !writes.unsubscribes(*id));
            let (kind, fields) = (EventKind::Updated, ["consent".to_owned()]);
            let events = ContactEvent::of_many(&lowered, kind, &fields, origin.actor(), tx.now);
            writes.events.extend(events);
            return Ok(writes);
        }
    }
    Err(run_again())
}

/// Locks contacts until the transaction ends, in the same order as merges and bulk actions. Returns
/// whether all of them still have the given versions.
fn lock(tx: &mut Tx<'_>, contacts: Vec<(ContactId, u64)>) -> PgResult<bool> {
    if contacts.is_empty() {
        return Ok(true);
    }
    let ids: Vec<_> = contacts.iter().map(|(id, _)| id.0).collect();
    let statement = "SELECT id, version FROM contacts WHERE org_id = $1 AND id = ANY($2) \
         ORDER BY id FOR NO KEY UPDATE";
    let locked: Vec<VersionRow> = tx.query(statement).bind::<Array<SqlUuid>, _>(ids).load(tx)?;
    let versions: HashMap<_, _> = locked.into_iter().map(|row| (row.id, row.version)).collect();
    Ok(contacts.iter().all(|(id, version)| versions.get(&id.0) == Some(&version.cast_signed())))
}

/// Writes the contacts of a plan. Those that exist and change must be locked. Their new addresses
/// get the given source. Returns those whose consent a new address has changed.
fn write(
    tx: &mut Tx<'_>,
    planned: &[PlannedContact],
    source: AddressSource,
) -> PgResult<Vec<ContactId>> {
    let changed: Vec<_> =
        planned.iter().filter(|planned| planned.is_profile_changed && !planned.is_new()).collect();
    let states = changed.iter().filter_map(|p| Some((p.before.as_ref()?, &p.contact)));
    let states: Vec<_> = states.collect();
    release_external_ids(tx, &states)?;
    let versions = changed.iter().filter_map(|p| Some((&p.contact, p.stored_version?)));
    let updated = update_contacts(tx, &versions.collect::<Vec<_>>()).map_err(|error| {
        // Another transaction took an external id: run this one again.
        if error.is_unique_violation() { run_again() } else { error }
    })?;
    let new: Vec<_> =
        planned.iter().filter(|planned| planned.is_new()).map(|planned| &planned.contact).collect();
    // Another transaction may have added one of the contacts, or taken an address, since they were
    // read: then this one is run again.
    let lowered = rewrite_addresses(tx, &states, source)?;
    if updated.len() < changed.len() || (!new.is_empty() && !insert_contacts(tx, &new)?) {
        return Err(run_again());
    }
    lowered.ok_or_else(run_again)
}

/// Clears the external ids of contacts whose external ids change, before the new ones are written:
/// one of the contacts may get what another one has. Each contact is given before and after.
pub(super) fn release_external_ids(
    tx: &mut Tx<'_>,
    states: &[(&Contact, &Contact)],
) -> PgResult<()> {
    let released = states.iter().filter(|(before, after)| {
        before.external_id.is_some() && before.external_id != after.external_id
    });
    let ids: Vec<_> = released.map(|(before, _)| before.id.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    tx.query("UPDATE contacts SET external_id = NULL WHERE org_id = $1 AND id = ANY($2)")
        .bind::<Array<SqlUuid>, _>(ids)
        .execute(tx)
        .map(drop)
}

/// Updates the contacts that still have the given version. Returns their ids.
pub(crate) fn update_contacts(tx: &mut Tx<'_>, changed: &[(&Contact, u64)]) -> PgResult<Vec<Uuid>> {
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    let contacts = || changed.iter().map(|(contact, _)| *contact);
    let ids: Vec<_> = contacts().map(|c| c.id.0).collect();
    let stored: Vec<_> = changed.iter().map(|(_, version)| version.cast_signed()).collect();
    let external_ids = contacts().map(|c| c.external_id.as_ref().map(|id| id.as_str()));
    let external_ids: Vec<_> = external_ids.collect();
    let names: Vec<_> = contacts().map(|c| c.name.as_ref().map(|n| n.as_str())).collect();
    let name_keys: Vec<_> = contacts().map(Contact::name_key).collect();
    let emails: Vec<_> = contacts().map(|c| c.email.as_ref().map(|e| e.as_str())).collect();
    let email_keys: Vec<_> = contacts().map(Contact::email_key).collect();
    let phones: Vec<_> = contacts().map(|c| c.phone.as_ref().map(|p| p.as_str())).collect();
    let e164s: Vec<_> = contacts().map(|c| c.phone.as_ref().and_then(|p| p.e164())).collect();
    let searched = searched(tx, contacts())?;
    let searches: Vec<_> = contacts().map(|c| c.search_text(&searched)).collect();
    let customs: Vec<_> = contacts().map(|c| custom_to_json(&c.custom)).collect();
    let others: Vec<_> = contacts().map(joined).collect();
    let updated: Vec<_> = contacts().map(|c| c.updated_at).collect();
    let versions: Vec<_> = contacts().map(|c| c.version.cast_signed()).collect();
    let statement = "UPDATE contacts c SET name = n.name, name_key = n.name_key, \
             email = n.email, email_key = n.email_key, phone = n.phone, \
             phone_e164 = n.phone_e164, search = n.search, custom = n.custom, \
             updated_at = n.updated_at, version = n.version, external_id = n.external_id, \
             other_emails = string_to_array(n.others, E'\\n') \
         FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) AS n (id, \
             stored, name, name_key, phone, phone_e164, search, custom, updated_at, version, email, \
             email_key, external_id, others) \
         WHERE c.org_id = $1 AND c.id = n.id AND c.version = n.stored \
         RETURNING c.id";
    let updated: Vec<IdRow> = tx
        .query(statement)
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<BigInt>, _>(&stored)
        .bind::<Array<Nullable<Text>>, _>(&names)
        .bind::<Array<Text>, _>(&name_keys)
        .bind::<Array<Nullable<Text>>, _>(&phones)
        .bind::<Array<Nullable<Text>>, _>(&e164s)
        .bind::<Array<Text>, _>(&searches)
        .bind::<Array<Jsonb>, _>(&customs)
        .bind::<Array<Timestamptz>, _>(&updated)
        .bind::<Array<BigInt>, _>(&versions)
        .bind::<Array<Nullable<Text>>, _>(&emails)
        .bind::<Array<Text>, _>(&email_keys)
        .bind::<Array<Nullable<Text>>, _>(&external_ids)
        .bind::<Array<Text>, _>(&others)
        .load(tx)?;
    Ok(updated.into_iter().map(|row| row.id).collect())
}
