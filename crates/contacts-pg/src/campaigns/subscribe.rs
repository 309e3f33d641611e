//! Putting contacts into a campaign.

use std::collections::HashSet;

use contacts_core::campaign::{CampaignId, Joining, Refusal};
use contacts_core::contact::ContactId;
use contacts_core::{Actor, Error, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use super::find;
use crate::database::store;
use crate::tags::IdRow;

#[derive(QueryableByName)]
struct AskedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Bool)]
    is_unsubscribed: bool,
    #[diesel(sql_type = Bool)]
    is_reachable: bool,
}

/// Puts contacts into a campaign, and says of each what became of it, in the order of their ids
/// (R28). Those that are not there are left out. Whoever puts people into campaigns does it here:
/// one person as well as a piece of a bulk action.
pub(crate) fn subscribe(
    db: &mut PgConnection,
    org: OrgId,
    campaign: CampaignId,
    contacts: &[ContactId],
    actor: Actor,
    now: OffsetDateTime,
) -> Result<Vec<(ContactId, Joining)>> {
    find(db, org, campaign, " FOR KEY SHARE")?.ok_or(Error::NotFound("campaign"))?;
    let ids: Vec<_> = contacts.iter().map(|contact| contact.0).collect();
    // Held in the order of their ids, as whoever holds several does. Who is in it already is told
    // when they are put in: asked for here, Postgres may take the index that begins with the
    // campaign, and walk through all of it for each of them.
    let asked = "SELECT c.id, c.email_key <> '' AS is_reachable, \
             EXISTS (SELECT FROM unsubscribes u WHERE u.org_id = $1 AND u.contact_id = c.id) \
                 AS is_unsubscribed \
         FROM contacts c WHERE c.org_id = $1 AND c.id = ANY($2) ORDER BY c.id FOR KEY SHARE OF c";
    let asked: Vec<AskedRow> = sql_query(asked)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .load(db)
        .map_err(store)?;
    let mut joined: Vec<_> = asked
        .into_iter()
        .map(|row| {
            let joining = Joining::decide(row.is_unsubscribed, row.is_reachable, false);
            (ContactId(row.id), joining)
        })
        .collect();
    let new: Vec<_> = added(&joined).map(|(id, _)| id.0).collect();
    if new.is_empty() {
        return Ok(joined);
    }
    let inserted = insert(db, org, campaign, &new, actor, now)?;
    if inserted.len() < new.len() {
        // They are in it already, or have unsubscribed meanwhile.
        let gone = unsubscribed(db, org, &new)?;
        for (id, joining) in joined.iter_mut().filter(|(_, joining)| *joining == Joining::Added) {
            if gone.contains(&id.0) {
                *joining = Joining::Skipped(Refusal::Unsubscribed);
            } else if !inserted.contains(&id.0) {
                *joining = Joining::Unchanged;
            }
        }
    }
    Ok(joined)
}

fn added(joined: &[(ContactId, Joining)]) -> impl Iterator<Item = &(ContactId, Joining)> {
    joined.iter().filter(|(_, joining)| *joining == Joining::Added)
}

/// Looks once more for an unsubscribe, which may have come since.
fn insert(
    db: &mut PgConnection,
    org: OrgId,
    campaign: CampaignId,
    ids: &[Uuid],
    actor: Actor,
    now: OffsetDateTime,
) -> Result<HashSet<Uuid>> {
    let (actor_kind, actor_id) = actor.parts();
    let statement = "INSERT INTO subscriptions \
             (org_id, contact_id, campaign_id, pending_at, actor_kind, actor_id) \
         SELECT $1, n.id, $3, $4, $5, $6 FROM unnest($2) AS n (id) WHERE NOT EXISTS \
             (SELECT FROM unsubscribes u WHERE u.org_id = $1 AND u.contact_id = n.id) \
         ORDER BY n.id \
         ON CONFLICT (org_id, contact_id, campaign_id) DO NOTHING RETURNING contact_id AS id";
    let rows: Vec<IdRow> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<SqlUuid, _>(campaign.0)
        .bind::<Timestamptz, _>(now)
        .bind::<Text, _>(actor_kind)
        .bind::<Nullable<SqlUuid>, _>(actor_id)
        .load(db)
        .map_err(store)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

fn unsubscribed(db: &mut PgConnection, org: OrgId, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
    let statement = "SELECT contact_id AS id FROM unsubscribes \
         WHERE org_id = $1 AND contact_id = ANY($2)";
    let rows: Vec<IdRow> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(db)
        .map_err(store)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
