//! Unsubscribes, and the hashes by which they outlive their contacts (R14, R28).

use std::collections::BTreeMap;

use contacts_core::contact::Contact;
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, Binary, Bool, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::store;

#[derive(QueryableByName)]
struct AnyRow {
    #[diesel(sql_type = Bool)]
    is_any: bool,
}

/// Unsubscribes those of new contacts whose addresses were unsubscribed before.
///
/// To be called when the contacts are in the table, for inserting one waits until nobody else
/// can have its address: who had it may have been unsubscribed and deleted until then.
pub(crate) fn follow_addresses(
    database: &Database,
    db: &mut PgConnection,
    org: OrgId,
    contacts: &[&Contact],
) -> Result<()> {
    let any = "SELECT EXISTS (SELECT FROM suppressions WHERE org_id = $1) AS is_any";
    let any: AnyRow = sql_query(any).bind::<SqlUuid, _>(org.0).get_result(db).map_err(store)?;
    if !any.is_any {
        return Ok(());
    }
    let mut ids = Vec::with_capacity(contacts.len());
    let mut hashes = Vec::with_capacity(contacts.len());
    for contact in contacts {
        if let Some(email) = &contact.email {
            ids.push(contact.id.0);
            hashes.push(database.addresses.hash(org, email).to_vec());
        }
    }
    // Not all were added: the address of some was taken.
    let statement = "INSERT INTO unsubscribes (org_id, contact_id, at) \
         SELECT $1, n.id, s.created_at FROM unnest($2, $3) AS n (id, address_hash) \
         JOIN suppressions s ON s.org_id = $1 AND s.address_hash = n.address_hash \
         JOIN contacts c ON c.org_id = $1 AND c.id = n.id \
         ON CONFLICT (org_id, contact_id) \
             DO UPDATE SET at = LEAST(unsubscribes.at, excluded.at)";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<Binary>, _>(&hashes)
        .execute(db)
        .map(drop)
        .map_err(store)
}

/// Unsubscribes a contact whose new address was unsubscribed before, and the new address of a
/// contact that is. The contact must be held, so that no unsubscribe of it is under way.
pub(crate) fn follow_address(
    database: &Database,
    db: &mut PgConnection,
    contact: &Contact,
) -> Result<()> {
    let Some(email) = &contact.email else { return Ok(()) };
    follow_addresses(database, db, contact.org, &[contact])?;
    let statement = "INSERT INTO suppressions (org_id, address_hash, created_at) \
         SELECT $1, $3, u.at FROM unsubscribes u WHERE u.org_id = $1 AND u.contact_id = $2 \
         ON CONFLICT (org_id, address_hash) \
             DO UPDATE SET created_at = LEAST(suppressions.created_at, excluded.created_at)";
    sql_query(statement)
        .bind::<SqlUuid, _>(contact.org.0)
        .bind::<SqlUuid, _>(contact.id.0)
        .bind::<Binary, _>(database.addresses.hash(contact.org, email).to_vec())
        .execute(db)
        .map(drop)
        .map_err(store)
}

/// Unsubscribes contacts, and the hashes of their addresses, each since a moment. The contacts
/// must be held.
pub(super) fn unsubscribe(
    db: &mut PgConnection,
    org: OrgId,
    contacts: &BTreeMap<Uuid, OffsetDateTime>,
    addresses: &BTreeMap<[u8; 32], OffsetDateTime>,
) -> Result<()> {
    let ids: Vec<_> = contacts.keys().collect();
    let since: Vec<_> = contacts.values().collect();
    let statement = "INSERT INTO unsubscribes (org_id, contact_id, at) \
         SELECT $1, u.* FROM unnest($2, $3) AS u \
         ON CONFLICT (org_id, contact_id) \
             DO UPDATE SET at = LEAST(unsubscribes.at, excluded.at)";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<Timestamptz>, _>(&since)
        .execute(db)
        .map_err(store)?;
    let hashes: Vec<_> = addresses.keys().map(|hash| hash.to_vec()).collect();
    let since: Vec<_> = addresses.values().collect();
    let statement = "INSERT INTO suppressions (org_id, address_hash, created_at) \
         SELECT $1, s.* FROM unnest($2, $3) AS s \
         ON CONFLICT (org_id, address_hash) \
             DO UPDATE SET created_at = LEAST(suppressions.created_at, excluded.created_at)";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<Binary>, _>(&hashes)
        .bind::<Array<Timestamptz>, _>(&since)
        .execute(db)
        .map(drop)
        .map_err(store)
}
