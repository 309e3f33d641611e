//! Rebuilds stored search texts that are of an older version, or were made before another field
//! became searchable.

use std::collections::BTreeSet;

use contacts_core::contact::{EmailAddress, Name, Phone, SEARCH_VERSION, search_text};
use contacts_core::field::FieldKey;
use contacts_core::job::Job;
use contacts_core::{OrgId, Result};
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel::{ExpressionMethods, QueryDsl, QueryableByName, delete, insert_into, update};
use uuid::Uuid;

use crate::Database;
use crate::database::{PgResult, RunQuery, TimedTx, Tx, unread};
use crate::fields::all_searched;
use crate::jobs::enqueue;
use crate::schema::{contacts, organisations, search_rebuilds};

/// The columns that the search text depends on, and the stored text.
#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    other_emails: Vec<String>,
    #[diesel(sql_type = Nullable<Text>)]
    phone: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    phone_e164: Option<String>,
    #[diesel(sql_type = Text)]
    search: String,
    #[diesel(sql_type = Jsonb)]
    custom: serde_json::Value,
}

impl Row {
    fn rebuilt(&self, searched: &BTreeSet<FieldKey>) -> PgResult<String> {
        let name = self.name.as_deref().map(Name::parse).transpose();
        let emails = self.email.iter().chain(&self.other_emails);
        let emails: Result<Vec<_>, _> = emails.map(|email| EmailAddress::parse(email)).collect();
        let phone = self.phone.clone().map(|typed| Phone::stored(typed, self.phone_e164.clone()));
        Ok(search_text(
            name.map_err(unread("contacts.name"))?.as_ref(),
            &emails.map_err(unread("contacts.email"))?,
            phone.as_ref(),
            searched.iter().filter_map(|key| self.custom.get(key.as_str())?.as_str()),
        ))
    }
}

/// Rebuilds the texts of the next contacts. Returns whether some are left.
///
/// The contacts are read without locks, because the texts of most stay as they are.
pub(super) fn rebuild(database: &Database, org: OrgId, limit: usize) -> Result<bool> {
    database.write(org, |tx| {
        // A field that becomes searchable waits for this transaction, and restarts the rebuild.
        let searched = all_searched(tx)?;
        let after: Option<Uuid> = search_rebuilds::table
            .find(tx.org.0)
            .select(search_rebuilds::last_contact_id)
            .row(tx)?;
        let select = "SELECT id, name, email, other_emails, phone, phone_e164, search, custom \
             FROM contacts WHERE org_id = $1 AND id > $2 ORDER BY id LIMIT $3";
        let rows: Vec<Row> = tx
            .query(select)
            .bind::<SqlUuid, _>(after.unwrap_or_default())
            .bind::<BigInt, _>(limit as i64)
            .load(tx)?;
        let last = rows.last().map(|row| row.id).filter(|_| rows.len() == limit);
        let Some(last) = last else {
            // The organisation is on every node of a cluster, so it is written first.
            update(organisations::table.find(tx.org.0))
                .set(organisations::search_version.eq(SEARCH_VERSION.cast_signed()))
                .execute(tx)?;
            delete(search_rebuilds::table.find(tx.org.0)).execute(tx)?;
            store(tx, &rows, &searched)?;
            return Ok(false);
        };
        set_progress(tx, last)?;
        store(tx, &rows, &searched)?;
        Ok(true)
    })
}

/// Makes the rebuild begin at the first contact, and enqueues its job.
pub(crate) fn restart_rebuild(tx: &mut TimedTx<'_>) -> PgResult<()> {
    set_progress(tx, Uuid::nil())?;
    // A worker that ends the job at the moment may delete it. Then housekeeping enqueues another
    // one, because the progress is there.
    enqueue(tx, Job::RebuildSearch)
}

fn set_progress(tx: &mut Tx<'_>, last: Uuid) -> PgResult<()> {
    insert_into(search_rebuilds::table)
        .values((search_rebuilds::org_id.eq(tx.org.0), search_rebuilds::last_contact_id.eq(last)))
        .on_conflict(search_rebuilds::org_id)
        .do_update()
        .set(search_rebuilds::last_contact_id.eq(last))
        .execute(tx)
        .map(drop)
}

/// Stores the texts that are different. A text that is no longer the one that was read was written
/// by an edit meanwhile, from the edited values, and stays.
fn store(tx: &mut Tx<'_>, rows: &[Row], searched: &BTreeSet<FieldKey>) -> PgResult<()> {
    let (mut ids, mut old, mut new) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let text = row.rebuilt(searched)?;
        if text != row.search {
            ids.push(row.id);
            old.push(row.search.as_str());
            new.push(text);
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    // Contacts are locked in the order of their ids everywhere, so that nobody deadlocks.
    let locked: Vec<Uuid> = contacts::table
        .filter(contacts::org_id.eq(tx.org.0))
        .filter(contacts::id.eq_any(&ids))
        .order(contacts::id)
        .for_no_key_update()
        .select(contacts::id)
        .load(tx)?;
    drop(locked);
    let statement = "UPDATE contacts c SET search = n.text \
         FROM unnest($2, $3, $4) AS n (id, stored, text) \
         WHERE c.org_id = $1 AND c.id = n.id AND c.search = n.stored";
    tx.query(statement)
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<Text>, _>(&old)
        .bind::<Array<Text>, _>(&new)
        .execute(tx)
        .map(drop)
}
