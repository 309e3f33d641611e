//! Unsubscribes, and the hashes by which they outlive their contacts (R14, R28, R51).
//!
//! Of several unsubscribes the earliest is stored, as [`contacts_core::consent::Consent::lower`]
//! decides. Rows are written in the order of contacts and of hashes, contacts first, so that two
//! transactions on the same contacts cannot deadlock.

use std::collections::{BTreeMap, HashMap};

use contacts_core::consent::{ConsentNote, Unsubscribe};
use contacts_core::contact::{Contact, ContactId, EmailAddress};
use diesel::dsl::exists;
use diesel::sql_types::{Array, Binary, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{ExpressionMethods, QueryDsl, delete, select};
use uuid::Uuid;

use crate::database::{PgResult, RunQuery, Tx, unread};
use crate::schema::{addresses, suppressions, unsubscribes};
use crate::statement::IdRow;

/// The end of a statement that inserts an unsubscribe, and keeps the existing one `u` when that is
/// earlier. Times decide; reasons and actors break ties, so that the order does not matter.
macro_rules! keep_earliest_unsubscribe {
    () => {
        "ON CONFLICT (org_id, contact_id) DO UPDATE SET at = excluded.at, \
             reason = excluded.reason, actor_kind = excluded.actor_kind, \
             actor_id = excluded.actor_id, note = excluded.note \
         WHERE (excluded.at, excluded.reason, excluded.actor_kind, \
                 coalesce(excluded.actor_id, '00000000-0000-0000-0000-000000000000')) \
             < (u.at, u.reason, u.actor_kind, \
                 coalesce(u.actor_id, '00000000-0000-0000-0000-000000000000'))"
    };
}
pub(crate) use keep_earliest_unsubscribe;

/// Like [`keep_earliest_unsubscribe`], for the hash of an address.
const KEEP_EARLIEST_SUPPRESSION: &str = "ON CONFLICT (org_id, address_hash) DO UPDATE SET \
         created_at = excluded.created_at, reason = excluded.reason, \
         actor_kind = excluded.actor_kind, actor_id = excluded.actor_id \
     WHERE (excluded.created_at, excluded.reason, excluded.actor_kind, \
             coalesce(excluded.actor_id, '00000000-0000-0000-0000-000000000000')) \
         < (p.created_at, p.reason, p.actor_kind, \
             coalesce(p.actor_id, '00000000-0000-0000-0000-000000000000'))";

/// The addresses of contacts as hashes, column by column, in the order of the hashes.
struct Hashes {
    contacts: Vec<Uuid>,
    hashes: Vec<Vec<u8>>,
}

impl Hashes {
    fn of<'a>(
        tx: &Tx<'_>,
        emails: impl IntoIterator<Item = (ContactId, &'a EmailAddress)>,
    ) -> Self {
        let mut pairs: Vec<_> = emails
            .into_iter()
            .map(|(contact, email)| (tx.address_key().hash(tx.org, email), contact.0))
            .collect();
        pairs.sort_unstable();
        let (hashes, contacts) = pairs.into_iter().map(|(hash, id)| (hash.to_vec(), id)).unzip();
        Self { contacts, hashes }
    }

    fn of_contacts(tx: &Tx<'_>, contacts: &[&Contact]) -> Self {
        let emails =
            contacts.iter().map(|contact| contact.emails().map(|email| (contact.id, email)));
        Self::of(tx, emails.flatten())
    }
}

/// Unsubscribes the new contacts of which an address was unsubscribed before, with all their
/// addresses. Returns the contacts whose consent has changed.
///
/// Call it after the contacts are inserted: the insert waits for other transactions with the same
/// address, and one of those may have unsubscribed and deleted the previous contact.
pub(crate) fn follow_addresses(tx: &mut Tx<'_>, contacts: &[&Contact]) -> PgResult<Vec<ContactId>> {
    let suppressed = suppressions::table.filter(suppressions::org_id.eq(tx.org.0));
    let is_any: bool = select(exists(suppressed)).get_result(tx)?;
    if !is_any {
        return Ok(Vec::new());
    }
    let hashes = Hashes::of_contacts(tx, contacts);
    let changed = inherit(tx, &hashes)?;
    if !changed.is_empty() {
        suppress_addresses(tx, &hashes)?;
    }
    Ok(changed)
}

/// Like [`follow_changed_addresses`], for one contact. Returns whether its consent has changed.
pub(crate) fn follow_address(tx: &mut Tx<'_>, contact: &Contact) -> PgResult<bool> {
    Ok(!follow_changed_addresses(tx, &[contact])?.is_empty())
}

/// Unsubscribes contacts of which a new address was unsubscribed before, and suppresses all
/// addresses of contacts that are unsubscribed. Returns the contacts whose consent has changed. The
/// contacts must be locked, so that no other transaction unsubscribes them at the same time.
pub(crate) fn follow_changed_addresses(
    tx: &mut Tx<'_>,
    contacts: &[&Contact],
) -> PgResult<Vec<ContactId>> {
    let hashes = Hashes::of_contacts(tx, contacts);
    let changed = inherit(tx, &hashes)?;
    suppress_addresses(tx, &hashes)?;
    Ok(changed)
}

/// Unsubscribes the contacts of which an address is suppressed. Returns those that have changed.
fn inherit(tx: &mut Tx<'_>, hashes: &Hashes) -> PgResult<Vec<ContactId>> {
    // The join skips contacts that were not inserted because their address was taken.
    let statement = concat!(
        "INSERT INTO unsubscribes AS u (org_id, contact_id, at, reason, actor_kind, actor_id) \
         SELECT DISTINCT ON (n.id) $1, n.id, s.created_at, s.reason, s.actor_kind, s.actor_id \
         FROM unnest($2, $3) AS n (id, address_hash) \
         JOIN suppressions s ON s.org_id = $1 AND s.address_hash = n.address_hash \
         JOIN contacts c ON c.org_id = $1 AND c.id = n.id \
         ORDER BY n.id, s.created_at, s.reason, s.actor_kind, \
             coalesce(s.actor_id, '00000000-0000-0000-0000-000000000000') ",
        keep_earliest_unsubscribe!(),
        " RETURNING contact_id AS id"
    );
    let rows: Vec<IdRow> = tx
        .query(statement)
        .bind::<Array<SqlUuid>, _>(&hashes.contacts)
        .bind::<Array<Binary>, _>(&hashes.hashes)
        .load(tx)?;
    Ok(rows.into_iter().map(|row| ContactId(row.id)).collect())
}

/// Suppresses the addresses of the contacts that are unsubscribed.
fn suppress_addresses(tx: &mut Tx<'_>, hashes: &Hashes) -> PgResult<()> {
    let statement = format!(
        "INSERT INTO suppressions AS p \
             (org_id, address_hash, created_at, reason, actor_kind, actor_id) \
         SELECT $1, n.address_hash, u.at, u.reason, u.actor_kind, u.actor_id \
         FROM unnest($2, $3) AS n (id, address_hash) \
         JOIN unsubscribes u ON u.org_id = $1 AND u.contact_id = n.id \
         ORDER BY n.address_hash {KEEP_EARLIEST_SUPPRESSION}"
    );
    tx.query(statement)
        .bind::<Array<SqlUuid>, _>(&hashes.contacts)
        .bind::<Array<Binary>, _>(&hashes.hashes)
        .execute(tx)
        .map(drop)
}

/// Returns the addresses of contacts, by contact.
pub(crate) fn emails_of(
    tx: &mut Tx<'_>,
    ids: &[Uuid],
) -> PgResult<HashMap<Uuid, Vec<EmailAddress>>> {
    let rows: Vec<(Uuid, String)> = addresses::table
        .filter(addresses::org_id.eq(tx.org.0))
        .filter(addresses::contact_id.eq_any(ids))
        .select((addresses::contact_id, addresses::email))
        .load(tx)?;
    let mut emails: HashMap<_, Vec<_>> = HashMap::new();
    for (id, email) in rows {
        let email = EmailAddress::parse(&email).map_err(unread("addresses.email"))?;
        emails.entry(id).or_default().push(email);
    }
    Ok(emails)
}

/// Suppresses addresses that no contact has.
pub(crate) fn suppress(
    tx: &mut Tx<'_>,
    emails: &[EmailAddress],
    unsubscribe: &Unsubscribe,
) -> PgResult<()> {
    if emails.is_empty() {
        return Ok(());
    }
    let mut hashes: Vec<_> =
        emails.iter().map(|email| tx.address_key().hash(tx.org, email).to_vec()).collect();
    hashes.sort_unstable();
    let (actor_kind, actor_id) = unsubscribe.actor.parts();
    let statement = format!(
        "INSERT INTO suppressions AS p \
             (org_id, address_hash, created_at, reason, actor_kind, actor_id) \
         SELECT $1, n.address_hash, $3, $4, $5, $6 FROM unnest($2) AS n (address_hash) \
         ORDER BY n.address_hash {KEEP_EARLIEST_SUPPRESSION}"
    );
    tx.query(statement)
        .bind::<Array<Binary>, _>(&hashes)
        .bind::<Timestamptz, _>(unsubscribe.at)
        .bind::<Text, _>(unsubscribe.reason.as_str())
        .bind::<Text, _>(actor_kind)
        .bind::<Nullable<SqlUuid>, _>(actor_id)
        .execute(tx)
        .map(drop)
}

/// Unsubscribes contacts, and suppresses the hashes of their addresses. Returns the contacts whose
/// consent has changed, in the order of their ids. The contacts must be locked.
pub(crate) fn unsubscribe(
    tx: &mut Tx<'_>,
    contacts: &BTreeMap<Uuid, Unsubscribe>,
) -> PgResult<Vec<ContactId>> {
    if contacts.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = contacts.keys().copied().collect();
    let ats: Vec<_> = contacts.values().map(|unsubscribe| unsubscribe.at).collect();
    let reasons: Vec<_> = contacts.values().map(|u| u.reason.as_str()).collect();
    let (actor_kinds, actor_ids): (Vec<_>, Vec<_>) =
        contacts.values().map(|unsubscribe| unsubscribe.actor.parts()).unzip();
    let notes: Vec<_> =
        contacts.values().map(|u| u.note.as_ref().map(ConsentNote::as_str)).collect();
    let statement = concat!(
        "INSERT INTO unsubscribes AS u \
             (org_id, contact_id, at, reason, actor_kind, actor_id, note) \
         SELECT $1, n.* FROM unnest($2, $3, $4, $5, $6, $7) AS n ",
        keep_earliest_unsubscribe!(),
        " RETURNING contact_id AS id"
    );
    let changed: Vec<IdRow> = tx
        .query(statement)
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<Timestamptz>, _>(&ats)
        .bind::<Array<Text>, _>(&reasons)
        .bind::<Array<Text>, _>(&actor_kinds)
        .bind::<Array<Nullable<SqlUuid>>, _>(&actor_ids)
        .bind::<Array<Nullable<Text>>, _>(&notes)
        .load(tx)?;
    let mut changed: Vec<_> = changed.into_iter().map(|row| ContactId(row.id)).collect();
    changed.sort_unstable();
    let emails = emails_of(tx, &ids)?;
    let emails =
        emails.iter().flat_map(|(id, emails)| emails.iter().map(|email| (ContactId(*id), email)));
    let hashes = Hashes::of(tx, emails);
    suppress_addresses(tx, &hashes)?;
    Ok(changed)
}

/// Deletes the unsubscribe of a locked contact and of all its addresses.
pub(crate) fn resubscribe(tx: &mut Tx<'_>, contact: &Contact) -> PgResult<()> {
    delete(unsubscribes::table.find((tx.org.0, contact.id.0))).execute(tx)?;
    let hashes = Hashes::of_contacts(tx, &[contact]);
    delete(suppressions::table)
        .filter(suppressions::org_id.eq(tx.org.0))
        .filter(suppressions::address_hash.eq_any(hashes.hashes))
        .execute(tx)
        .map(drop)
}
