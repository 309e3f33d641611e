//! The links between external ids of sources and contacts.

use std::collections::{BTreeSet, HashMap};

use contacts_core::contact::ContactId;
use contacts_core::sync::{ConnectedSource, Link, SyncRun, ValueFingerprints};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Text, Uuid as SqlUuid};
use uuid::Uuid;

use crate::database::{PgError, PgResult, RunQuery, Tx, unreadable};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    external_id: String,
    #[diesel(sql_type = SqlUuid)]
    contact_id: Uuid,
    #[diesel(sql_type = Binary)]
    said: Vec<u8>,
    #[diesel(sql_type = Bool)]
    vanished: bool,
}

impl Row {
    fn read(self) -> PgResult<(String, Link)> {
        let said = ValueFingerprints::from_bytes(&self.said)
            .ok_or_else(|| unreadable("source_links.said"))?;
        let contact = ContactId(self.contact_id);
        Ok((self.external_id, Link { contact, fingerprints: said, vanished: self.vanished }))
    }
}

/// Returns the links of some external ids.
pub(super) fn known(
    tx: &mut Tx<'_>,
    source: &ConnectedSource,
    ids: &[&str],
) -> PgResult<HashMap<String, Link>> {
    // One look-up for each id: where the statistics do not know the source, Postgres would scan all
    // of its links.
    let statement = "SELECT l.* FROM unnest($3) AS k (external_id) CROSS JOIN LATERAL ( \
             SELECT external_id, contact_id, said, vanished FROM source_links \
             WHERE org_id = $1 AND source_id = $2 AND external_id = k.external_id LIMIT 1) l";
    let rows: Vec<Row> =
        tx.query(statement).bind::<SqlUuid, _>(source.id.0).bind::<Array<Text>, _>(ids).load(tx)?;
    rows.into_iter().map(Row::read).collect()
}

/// Returns some of the links that a run did not see and that are not marked as vanished.
pub(super) fn unseen(
    tx: &mut Tx<'_>,
    source: &ConnectedSource,
    run: &SyncRun,
    limit: usize,
) -> PgResult<HashMap<String, Link>> {
    let statement = "SELECT external_id, contact_id, said, vanished FROM source_links \
         WHERE org_id = $1 AND source_id = $2 AND seen_run_id <> $3 AND NOT vanished LIMIT $4";
    let rows: Vec<Row> = tx
        .query(statement)
        .bind::<SqlUuid, _>(source.id.0)
        .bind::<SqlUuid, _>(run.id.0)
        .bind::<BigInt, _>(limit as i64)
        .load(tx)?;
    rows.into_iter().map(Row::read).collect()
}

/// Inserts or updates links, and marks them as seen by a run.
pub(super) fn keep(
    tx: &mut Tx<'_>,
    source: &ConnectedSource,
    run: &SyncRun,
    links: &[(&str, &Link)],
) -> PgResult<()> {
    if links.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = links.iter().map(|(id, _)| *id).collect();
    let contacts: Vec<_> = links.iter().map(|(_, link)| link.contact.0).collect();
    let said: Vec<_> = links.iter().map(|(_, link)| link.fingerprints.to_bytes()).collect();
    let vanished: Vec<_> = links.iter().map(|(_, link)| link.vanished).collect();
    let statement = "INSERT INTO source_links \
             (org_id, source_id, external_id, contact_id, said, vanished, seen_run_id) \
         SELECT $1, $2, l.*, $7 FROM unnest($3, $4, $5, $6) AS l \
         ON CONFLICT (org_id, source_id, external_id) DO UPDATE SET \
             contact_id = excluded.contact_id, said = excluded.said, \
             vanished = excluded.vanished, seen_run_id = excluded.seen_run_id";
    tx.query(statement)
        .bind::<SqlUuid, _>(source.id.0)
        .bind::<Array<Text>, _>(&ids)
        .bind::<Array<SqlUuid>, _>(&contacts)
        .bind::<Array<Binary>, _>(&said)
        .bind::<Array<Bool>, _>(&vanished)
        .bind::<SqlUuid, _>(run.id.0)
        .execute(tx)
        .map(drop)
        .map_err(PgError::unless_deleted)
}

/// Deletes links, and the sources of their contacts, except the first source of each.
pub(super) fn forget(
    tx: &mut Tx<'_>,
    source: &ConnectedSource,
    links: &BTreeSet<(String, ContactId)>,
) -> PgResult<()> {
    if links.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = links.iter().map(|(id, _)| id).collect();
    let contacts: Vec<_> = links.iter().map(|(_, contact)| contact.0).collect();
    let statements = [
        "DELETE FROM source_links l USING unnest($3, $4) AS g (external_id, contact_id) \
         WHERE l.org_id = $1 AND l.source_id = $2 AND l.external_id = g.external_id",
        "DELETE FROM contact_sources s USING unnest($3, $4) AS g (external_id, contact_id) \
         WHERE s.org_id = $1 AND s.contact_id = g.contact_id AND s.kind = 'connected' \
             AND s.detail_id = $2 AND s.reference = g.external_id AND NOT s.is_first",
    ];
    for statement in statements {
        tx.query(statement)
            .bind::<SqlUuid, _>(source.id.0)
            .bind::<Array<Text>, _>(&ids)
            .bind::<Array<SqlUuid>, _>(&contacts)
            .execute(tx)?;
    }
    Ok(())
}
