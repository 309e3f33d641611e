//! Contacts that may be one person (R17, R20).

use std::collections::BTreeMap;

use contacts_core::contact::{Contact, ContactId, Duplicate, DuplicateReason, DuplicateRepository};
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{BigInt, Bool, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::contacts::{ContactRow, Custom, FIRST_SOURCE, find, hold, select_contacts};
use crate::database::store;
use crate::statement::{Bind, Statement};

/// The others of a contact, $2, by each reason; those that were said to be others too.
const REASONS: &str = "SELECT o.id, 'phone' AS reason FROM contacts c \
         JOIN contacts o ON o.phone_e164 = c.phone_e164 \
         WHERE c.org_id = $1 AND o.org_id = $1 AND c.id = $2 AND o.id <> $2 \
     UNION ALL SELECT o.id, 'name' FROM contacts c JOIN contacts o ON o.name_key = c.name_key \
         WHERE c.org_id = $1 AND o.org_id = $1 AND c.id = $2 AND o.id <> $2 \
         AND c.name_key <> '' AND (c.email_key = '' OR o.email_key = '') \
     UNION ALL SELECT p.other_id, CASE WHEN p.dismissed THEN 'dismissed' ELSE 'captured' END \
         FROM possible_duplicates p WHERE p.org_id = $1 AND p.contact_id = $2 \
     UNION ALL SELECT p.contact_id, CASE WHEN p.dismissed THEN 'dismissed' ELSE 'captured' END \
         FROM possible_duplicates p WHERE p.org_id = $1 AND p.other_id = $2";

#[derive(QueryableByName)]
struct ReasonsRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    reasons: String,
}

impl DuplicateRepository for Database {
    fn duplicates(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<Duplicate>> {
        self.read(|db| {
            let mut found = reasons(db, org, contact, after, limit)?;
            let mut select = Statement::of(org);
            select_contacts(&mut select, Custom::Shown, |select| {
                select.push("contacts c").push(FIRST_SOURCE);
                select.push("WHERE c.org_id = $1 AND c.id = ANY(");
                select.bind(Bind::Uuids(found.keys().copied().collect()));
                select.push(") ORDER BY c.id");
            });
            let rows: Vec<ContactRow> = select.build().load(db).map_err(store)?;
            let contacts = rows.into_iter().map(|row| row.read(org));
            let contacts = contacts.collect::<Result<Vec<Contact>>>()?.into_iter();
            Ok(contacts
                .map(|contact| {
                    let reasons = found.remove(&contact.id.0).unwrap_or_default();
                    Duplicate { contact, reasons }
                })
                .collect())
        })
    }

    fn dismiss(
        &self,
        org: OrgId,
        contact: ContactId,
        other: ContactId,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write(|db| {
            hold(db, org, &[contact, other])?;
            for id in [contact, other] {
                if find(db, org, id, Custom::Shown, "")?.is_none() {
                    return Ok(false);
                }
            }
            let again = "DO UPDATE SET dismissed = excluded.dismissed";
            keep(db, org, (contact, other), true, again, now)?;
            Ok(true)
        })
    }
}

/// Who may be the contact, and why: so many at most, in the order of their ids.
fn reasons(
    db: &mut PgConnection,
    org: OrgId,
    contact: ContactId,
    after: Option<ContactId>,
    limit: usize,
) -> Result<BTreeMap<Uuid, Vec<DuplicateReason>>> {
    let statement = format!(
        "SELECT r.id, string_agg(r.reason, ',') AS reasons FROM ({REASONS}) r WHERE r.id > $3 \
         GROUP BY r.id HAVING NOT bool_or(r.reason = 'dismissed') ORDER BY r.id LIMIT $4"
    );
    let rows: Vec<ReasonsRow> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(contact.0)
        .bind::<SqlUuid, _>(after.map(|after| after.0).unwrap_or_default())
        .bind::<BigInt, _>(limit as i64)
        .load(db)
        .map_err(store)?;
    Ok(rows.into_iter().map(ReasonsRow::read).collect())
}

/// Records that two contacts, which are held, may be one person, unless it is recorded that they
/// are not.
pub(crate) fn pair(
    db: &mut PgConnection,
    org: OrgId,
    one: ContactId,
    other: ContactId,
    now: OffsetDateTime,
) -> Result<()> {
    keep(db, org, (one, other), false, "DO NOTHING", now)
}

fn keep(
    db: &mut PgConnection,
    org: OrgId,
    (one, other): (ContactId, ContactId),
    dismissed: bool,
    or: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let statement = "INSERT INTO possible_duplicates (org_id, contact_id, other_id, at, dismissed) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (org_id, contact_id, other_id) ";
    sql_query(format!("{statement}{or}"))
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(one.min(other).0)
        .bind::<SqlUuid, _>(one.max(other).0)
        .bind::<Timestamptz, _>(now)
        .bind::<Bool, _>(dismissed)
        .execute(db)
        .map(drop)
        .map_err(store)
}

impl ReasonsRow {
    fn read(self) -> (Uuid, Vec<DuplicateReason>) {
        let told: Vec<_> = self.reasons.split(',').collect();
        let reasons = DuplicateReason::ALL.into_iter();
        (self.id, reasons.filter(|reason| told.contains(&reason.as_str())).collect())
    }
}
