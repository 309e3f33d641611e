//! The rows of the addresses of contacts (R48).
//!
//! The primary key of `addresses` is what makes an address belong to one contact only, so every
//! look-up by address reads this table. `contacts.email` and `contacts.other_emails` repeat it, so
//! that reading a contact needs no join.

use contacts_core::Error;
use contacts_core::contact::{AddressSource, Contact, ContactAddress, ContactId, EmailAddress};
use diesel::sql_types::{Array, Bool, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{ExpressionMethods, QueryDsl, delete, update};
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::{ContactRow, Custom, FIRST_SOURCE, select_contacts};
use crate::campaigns::follow_changed_addresses;
use crate::database::{
    OrgQuery, PgError, PgResult, RunQuery, TimedTx, Tx, run_again, unread, unreadable,
};
use crate::schema::addresses;
use crate::statement::{Bind, IdRow};

/// The ids of the contacts that have the addresses of a bind, as an array: push it, bind the keys,
/// and push `))`. An array and no join, because one contact may have several of the addresses, and
/// so that Postgres looks up few contacts by their ids whatever its statistics are.
pub(crate) const OWNERS: &str =
    "ARRAY(SELECT a.contact_id FROM addresses a WHERE a.org_id = $1 AND a.email_key = ANY(";

/// Rows of addresses, column by column. They are in the order of their keys, so that two transactions
/// with the same addresses cannot deadlock.
struct Columns<'a> {
    keys: Vec<&'a str>,
    owners: Vec<Uuid>,
    emails: Vec<&'a str>,
    primary: Vec<bool>,
    added: Vec<OffsetDateTime>,
    sources: Vec<&'static str>,
}

impl<'a> Columns<'a> {
    fn of(contacts: &[(&'a Contact, AddressSource)]) -> Self {
        let rows = contacts.iter().flat_map(|(contact, source)| {
            contact.emails().map(move |email| (email.key(), email.as_str(), *contact, *source))
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort_unstable_by_key(|(key, ..)| *key);
        Self {
            keys: rows.iter().map(|(key, ..)| *key).collect(),
            owners: rows.iter().map(|(.., contact, _)| contact.id.0).collect(),
            emails: rows.iter().map(|(_, email, ..)| *email).collect(),
            primary: rows.iter().map(|(key, _, one, _)| *key == one.email_key()).collect(),
            added: rows.iter().map(|(.., contact, _)| contact.updated_at).collect(),
            sources: rows.iter().map(|(.., source)| source.as_str()).collect(),
        }
    }

    /// Returns the statement that inserts the rows, with its end.
    fn insert(&self, tx: &Tx<'_>, end: &str) -> OrgQuery<'_> {
        let insert = "INSERT INTO addresses AS a \
                 (org_id, email_key, contact_id, email, is_primary, added_at, source) \
             SELECT $1, n.* FROM unnest($2, $3, $4, $5, $6, $7) AS n";
        tx.query(format!("{insert} {end}"))
            .bind::<Array<Text>, _>(&self.keys)
            .bind::<Array<SqlUuid>, _>(&self.owners)
            .bind::<Array<Text>, _>(&self.emails)
            .bind::<Array<Bool>, _>(&self.primary)
            .bind::<Array<Timestamptz>, _>(&self.added)
            .bind::<Array<Text>, _>(&self.sources)
    }
}

/// Inserts the addresses of new contacts. Returns whether no other contact has one of them; otherwise
/// the transaction must be rolled back.
pub(super) fn insert(tx: &mut Tx<'_>, contacts: &[(&Contact, AddressSource)]) -> PgResult<bool> {
    // The address of one contact is often taken, and the transaction goes on, to tell by whom. Of
    // many new contacts hardly any has: then `ON CONFLICT`, which looks each address up before it
    // is inserted, would make the statement a tenth dearer.
    if contacts.len() == 1 {
        return write(tx, contacts);
    }
    match Columns::of(contacts).insert(tx, "").execute(tx) {
        Ok(_rows) => Ok(true),
        Err(error) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes the addresses of contacts that are stored already, and adds those that are new with their
/// source. Returns whether no other contact has one of them; otherwise the transaction must be
/// rolled back.
fn write(tx: &mut Tx<'_>, contacts: &[(&Contact, AddressSource)]) -> PgResult<bool> {
    let rows = Columns::of(contacts);
    if rows.keys.is_empty() {
        return Ok(true);
    }
    let upsert = "ON CONFLICT (org_id, email_key) \
             DO UPDATE SET email = excluded.email, is_primary = excluded.is_primary \
             WHERE a.contact_id = excluded.contact_id \
         RETURNING a.contact_id AS id";
    let written: Vec<IdRow> = rows.insert(tx, upsert).load(tx)?;
    Ok(written.len() == rows.keys.len())
}

/// Writes the addresses of stored, locked contacts that have changed. Each contact is given before
/// and after. Returns the contacts whose consent a new address has changed, or `None` when another
/// contact has one of the addresses; then the transaction must be rolled back.
pub(crate) fn rewrite_addresses(
    tx: &mut Tx<'_>,
    states: &[(&Contact, &Contact)],
    source: AddressSource,
) -> PgResult<Option<Vec<ContactId>>> {
    let changed = states.iter().filter(|(before, after)| !before.has_same_emails(after));
    let changed: Vec<_> = changed.copied().collect();
    if changed.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let removed = changed.iter().flat_map(|(before, after)| {
        before.emails().map(EmailAddress::key).filter(|key| !after.has_email(key))
    });
    let removed: Vec<_> = removed.collect();
    if !removed.is_empty() {
        delete(addresses::table)
            .filter(addresses::org_id.eq(tx.org.0))
            .filter(addresses::email_key.eq_any(removed))
            .filter(addresses::contact_id.eq_any(changed.iter().map(|(before, _)| before.id.0)))
            .execute(tx)?;
    }
    let contacts: Vec<_> = changed.iter().map(|(_, after)| *after).collect();
    add_addresses(tx, &contacts, source)
}

/// Writes the addresses of stored, locked contacts that have gained some, and none less than before.
/// Returns the contacts whose consent a new address has changed, or `None` when another contact has
/// one of the addresses; then the transaction must be rolled back.
pub(crate) fn add_addresses(
    tx: &mut Tx<'_>,
    contacts: &[&Contact],
    source: AddressSource,
) -> PgResult<Option<Vec<ContactId>>> {
    let added: Vec<_> = contacts.iter().map(|contact| (*contact, source)).collect();
    if !write(tx, &added)? {
        return Ok(None);
    }
    follow_changed_addresses(tx, contacts).map(Some)
}

/// Gives the addresses of a contact to another one, which has its own primary address or gets one
/// when it is written.
pub(super) fn move_all(tx: &mut TimedTx<'_>, from: ContactId, to: ContactId) -> PgResult<()> {
    let now = tx.now;
    update(addresses::table)
        .filter(addresses::org_id.eq(tx.org.0))
        .filter(addresses::contact_id.eq(from.0))
        .set((
            addresses::contact_id.eq(to.0),
            addresses::is_primary.eq(false),
            addresses::added_at.eq(now),
            addresses::source.eq(AddressSource::Merge.as_str()),
        ))
        .execute(tx)
        .map(drop)
}

/// Returns the error for a contact with an address that another contact has.
pub(super) fn taken_error(tx: &mut Tx<'_>, contact: &Contact) -> PgResult<PgError> {
    let owner: Option<Uuid> = addresses::table
        .filter(addresses::org_id.eq(tx.org.0))
        .filter(addresses::email_key.eq_any(contact.emails().map(EmailAddress::key)))
        .filter(addresses::contact_id.ne(contact.id.0))
        .order(addresses::email_key.asc())
        .limit(1)
        .select(addresses::contact_id)
        .row(tx)?;
    // The other contact was just deleted and the address is free: run the transaction again.
    Ok(owner.map_or_else(run_again, |id| Error::EmailTaken(ContactId(id)).into()))
}

/// Returns the contact that has an address.
pub(super) fn find(tx: &mut Tx<'_>, email: &EmailAddress) -> PgResult<Option<Contact>> {
    let org = tx.org;
    let mut select = tx.statement();
    select_contacts(&mut select, Custom::Shown, |select| {
        select.push("addresses a JOIN contacts c ON c.org_id = $1 AND c.id = a.contact_id ");
        select.push(FIRST_SOURCE).push("WHERE a.org_id = $1 AND a.email_key = ");
        select.bind(Bind::Text(email.key().to_owned()));
    });
    let row: Option<ContactRow> = select.row(tx)?;
    row.map(|row| row.read(org)).transpose()
}

/// Returns the addresses of a contact: the primary one first, then the others by their keys.
pub(super) fn list(tx: &mut Tx<'_>, id: ContactId) -> PgResult<Vec<ContactAddress>> {
    let rows: Vec<(String, bool, OffsetDateTime, String)> = addresses::table
        .filter(addresses::org_id.eq(tx.org.0))
        .filter(addresses::contact_id.eq(id.0))
        .order((addresses::is_primary.desc(), addresses::email_key.asc()))
        .select((addresses::email, addresses::is_primary, addresses::added_at, addresses::source))
        .load(tx)?;
    let read = |(email, is_primary, added_at, source): (String, bool, OffsetDateTime, String)| {
        let email = EmailAddress::parse(&email).map_err(unread("addresses.email"))?;
        let source = AddressSource::parse(&source).ok_or_else(|| unreadable("addresses.source"))?;
        Ok(ContactAddress { email, is_primary, added_at, source })
    };
    rows.into_iter().map(read).collect()
}

/// Writes further addresses as one text, because Postgres unnests an array of arrays into its
/// elements. No address contains a line break.
pub(crate) fn joined(contact: &Contact) -> String {
    let emails: Vec<_> = contact.other_emails.iter().map(EmailAddress::as_str).collect();
    emails.join("\n")
}
