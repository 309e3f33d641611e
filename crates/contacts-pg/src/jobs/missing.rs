//! Recovery of lost jobs.

use std::collections::BTreeSet;

use contacts_core::contact::SEARCH_VERSION;
use contacts_core::{OrgId, Result};
use diesel::sql_types::{Text, Timestamptz, Uuid as SqlUuid};
use diesel::{ExpressionMethods, QueryDsl, QueryableByName, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::RunQuery;
use crate::schema::{organisations, search_rebuilds};

/// Kinds of jobs, each with the rows `r` that need such a job. The text begins with their table.
pub(crate) const OPEN: [(&str, &str); 8] = [
    ("analyse_import", "imports r WHERE r.finished_at IS NULL AND r.state = 'analysing'"),
    ("run_import", "imports r WHERE r.finished_at IS NULL AND r.state = 'running'"),
    ("dry_run", "dry_runs r WHERE r.finished_at IS NULL"),
    ("undo", "undos r WHERE r.finished_at IS NULL"),
    ("run_action", "actions r WHERE r.finished_at IS NULL"),
    ("erase", "erasures r WHERE r.finished_at IS NULL"),
    ("deliver_webhook", "webhooks r WHERE r.paused IS NULL"),
    ("sync", "connected_sources r WHERE true"),
];

#[derive(QueryableByName)]
struct MissingRow {
    #[diesel(sql_type = SqlUuid)]
    org_id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Enqueues missing jobs in every organisation. Returns their number.
///
/// A run and its job are created in one transaction, and a run ends before its job does, so a run
/// without a job has lost it. A run that ends at this moment may get a job, which then has nothing
/// to do.
pub(crate) fn queue_missing(database: &Database, now: OffsetDateTime) -> Result<u64> {
    let select = OPEN.map(|(kind, rows)| {
        format!(
            "SELECT r.org_id, '{kind}'::text AS kind, r.id FROM {rows} AND NOT EXISTS ( \
             SELECT FROM jobs j WHERE j.org_id = r.org_id AND j.kind = '{kind}' \
             AND j.subject_id = r.id AND j.given_up_at IS NULL)"
        )
    });
    let select = select.join(" UNION ALL ");
    let missing: Vec<MissingRow> = database.read_everywhere(|all| sql_query(&select).load(all))?;
    let insert = "INSERT INTO jobs (org_id, id, kind, subject_id, due_at, failures) \
         VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (org_id, kind, subject_id) DO UPDATE \
         SET given_up_at = NULL, failures = 0, due_at = excluded.due_at \
         WHERE jobs.given_up_at IS NOT NULL";
    let mut queued = 0;
    for MissingRow { org_id, kind, id } in missing.into_iter().chain(old_searches(database)?) {
        queued += database.write(OrgId(org_id), |tx| {
            tx.query(insert)
                .bind::<SqlUuid, _>(tx.next_id())
                .bind::<Text, _>(&kind)
                .bind::<SqlUuid, _>(id)
                .bind::<Timestamptz, _>(now)
                .execute(tx)
        })? as u64;
    }
    Ok(queued)
}

/// Returns the jobs of organisations whose search texts have an older version, or are being rebuilt.
/// A cluster cannot look for their jobs in the same statement, so a job may be there already.
fn old_searches(database: &Database) -> Result<Vec<MissingRow>> {
    let mut orgs: BTreeSet<Uuid> = database
        .read_everywhere(|all| search_rebuilds::table.select(search_rebuilds::org_id).load(all))?
        .into_iter()
        .collect();
    let old: Vec<Uuid> = database.read_shared(|all| {
        organisations::table
            .filter(organisations::search_version.lt(SEARCH_VERSION.cast_signed()))
            .select(organisations::id)
            .load(all)
    })?;
    orgs.extend(old);
    let job = |org_id| MissingRow { org_id, kind: "rebuild_search".to_owned(), id: Uuid::nil() };
    Ok(orgs.into_iter().map(job).collect())
}
