//! Subscribes contacts to a campaign.

use std::collections::HashSet;

use contacts_core::campaign::{CampaignId, SubscribeOutcome, SubscribeRefusal};
use contacts_core::contact::ContactId;
use contacts_core::{Actor, Error};
use diesel::sql_types::{Array, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{ExpressionMethods, QueryDsl, QueryableByName};
use uuid::Uuid;

use crate::database::{PgError, PgResult, RunQuery, TimedTx, Tx};
use crate::schema::{campaigns, unsubscribes};
use crate::statement::IdRow;

#[derive(QueryableByName)]
struct RequestedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Bool)]
    is_unsubscribed: bool,
    #[diesel(sql_type = Bool)]
    is_reachable: bool,
}

/// Subscribes contacts to a campaign and returns the outcome for each, in the order of their ids
/// (R28). Contacts that do not exist are left out. Single contacts and chunks of a bulk action both
/// use this function.
pub(crate) fn subscribe(
    tx: &mut TimedTx<'_>,
    campaign: CampaignId,
    contacts: &[ContactId],
    actor: Actor,
) -> PgResult<Vec<(ContactId, SubscribeOutcome)>> {
    let locked: Option<Uuid> = campaigns::table
        .find((tx.org.0, campaign.0))
        .select(campaigns::id)
        .for_key_share()
        .row(tx)?;
    locked.ok_or(Error::NotFound("campaign"))?;
    let ids: Vec<_> = contacts.iter().map(|contact| contact.0).collect();
    // Locked in the order of their ids, as in every transaction that locks several contacts. The
    // insert below finds existing subscriptions: with a query here, Postgres may choose the index
    // that begins with the campaign, and scan all of it for each contact.
    let requested = "SELECT c.id, c.email_key <> '' AS is_reachable, \
             EXISTS (SELECT FROM unsubscribes u WHERE u.org_id = $1 AND u.contact_id = c.id) \
                 AS is_unsubscribed \
         FROM contacts c WHERE c.org_id = $1 AND c.id = ANY($2) ORDER BY c.id FOR KEY SHARE OF c";
    let requested: Vec<RequestedRow> =
        tx.query(requested).bind::<Array<SqlUuid>, _>(&ids).load(tx)?;
    let mut outcomes: Vec<_> = requested
        .into_iter()
        .map(|row| {
            let outcome = SubscribeOutcome::decide(row.is_unsubscribed, row.is_reachable, false);
            (ContactId(row.id), outcome)
        })
        .collect();
    let new: Vec<_> = added(&outcomes).map(|(id, _)| id.0).collect();
    if new.is_empty() {
        return Ok(outcomes);
    }
    let inserted = insert(tx, campaign, &new, actor)?;
    if inserted.len() < new.len() {
        // The remaining contacts are already subscribed, or have unsubscribed in the meantime.
        let unsubscribed_contacts = unsubscribed(tx, &new)?;
        for (id, outcome) in
            outcomes.iter_mut().filter(|(_, outcome)| *outcome == SubscribeOutcome::Added)
        {
            if unsubscribed_contacts.contains(&id.0) {
                *outcome = SubscribeOutcome::Skipped(SubscribeRefusal::Unsubscribed);
            } else if !inserted.contains(&id.0) {
                *outcome = SubscribeOutcome::Unchanged;
            }
        }
    }
    Ok(outcomes)
}

fn added(
    outcomes: &[(ContactId, SubscribeOutcome)],
) -> impl Iterator<Item = &(ContactId, SubscribeOutcome)> {
    outcomes.iter().filter(|(_, outcome)| *outcome == SubscribeOutcome::Added)
}

/// Inserts subscriptions, except of contacts that have unsubscribed since they were checked, and
/// returns the contacts that are new in the campaign.
fn insert(
    tx: &mut TimedTx<'_>,
    campaign: CampaignId,
    ids: &[Uuid],
    actor: Actor,
) -> PgResult<HashSet<Uuid>> {
    let now = tx.now;
    let (actor_kind, actor_id) = actor.parts();
    let statement = "INSERT INTO subscriptions \
             (org_id, contact_id, campaign_id, pending_at, actor_kind, actor_id) \
         SELECT $1, n.id, $3, $4, $5, $6 FROM unnest($2) AS n (id) WHERE NOT EXISTS \
             (SELECT FROM unsubscribes u WHERE u.org_id = $1 AND u.contact_id = n.id) \
         ORDER BY n.id \
         ON CONFLICT (org_id, contact_id, campaign_id) DO NOTHING RETURNING contact_id AS id";
    let rows: Vec<IdRow> = tx
        .query(statement)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<SqlUuid, _>(campaign.0)
        .bind::<Timestamptz, _>(now)
        .bind::<Text, _>(actor_kind)
        .bind::<Nullable<SqlUuid>, _>(actor_id)
        .load(tx)
        .map_err(PgError::unless_deleted)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

fn unsubscribed(tx: &mut Tx<'_>, ids: &[Uuid]) -> PgResult<HashSet<Uuid>> {
    let ids: Vec<Uuid> = unsubscribes::table
        .filter(unsubscribes::org_id.eq(tx.org.0))
        .filter(unsubscribes::contact_id.eq_any(ids))
        .select(unsubscribes::contact_id)
        .load(tx)?;
    Ok(ids.into_iter().collect())
}
