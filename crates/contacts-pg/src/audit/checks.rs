//! The statement of each check. `$1` is the organisation, `$2` the number of rows, `$3` the time.
//!
//! Each names the organisation for every table, so that a cluster asks one shard.

use contacts_core::audit::Check;

use crate::jobs::OPEN;

/// Compares the primary addresses of contacts, whether or not rows of `addresses` exist for them.
const DUPLICATE_ADDRESS: &str = "SELECT 'contacts:' || min(id::text) AS example FROM contacts \
     WHERE org_id = $1 GROUP BY email_key HAVING count(*) > 1 AND min(email_key) <> '' LIMIT $2";

/// An address without a contact is prevented by a foreign key.
const ADDRESS_ROWS: &str = "SELECT 'contacts:' || c.id AS example FROM contacts c LEFT JOIN ( \
         SELECT contact_id, max(email) FILTER (WHERE is_primary) AS email, \
             max(email_key) FILTER (WHERE is_primary) AS email_key, \
             array_agg(email ORDER BY email_key) FILTER (WHERE NOT is_primary) AS others \
         FROM addresses WHERE org_id = $1 GROUP BY contact_id) a ON a.contact_id = c.id \
     WHERE c.org_id = $1 AND (coalesce(c.email, '') <> coalesce(a.email, '') \
         OR c.email_key <> coalesce(a.email_key, '') \
         OR c.other_emails <> coalesce(a.others, '{}')) LIMIT $2";

const MISSING_SOURCE: &str = "SELECT 'contacts:' || c.id AS example FROM contacts c \
     WHERE c.org_id = $1 AND NOT EXISTS (SELECT 1 FROM contact_sources s \
         WHERE s.org_id = $1 AND s.contact_id = c.id AND s.is_first) LIMIT $2";

/// Leaves out contacts that may have become unsubscribed in another way after they were subscribed:
/// by a report with an earlier time, by a merge, or by an edit of the address.
const SUBSCRIBED_LATER: &str = "SELECT DISTINCT 'contacts:' || s.contact_id AS example \
     FROM unsubscribes u JOIN subscriptions s ON s.org_id = $1 AND s.contact_id = u.contact_id \
     JOIN contacts c ON c.org_id = $1 AND c.id = u.contact_id \
     WHERE u.org_id = $1 AND s.status = 'pending' AND s.pending_at > u.at \
         AND c.updated_at < s.pending_at \
         AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.org_id = $1 \
             AND d.contact_id = u.contact_id AND d.kind = 'unsubscribed') \
         AND NOT EXISTS (SELECT 1 FROM merged_contacts m WHERE m.org_id = $1 \
             AND m.survivor_id = u.contact_id) LIMIT $2";

/// Leaves out contacts that an administrator has subscribed again.
const UNSUBSCRIBE_NOT_KEPT: &str = "SELECT DISTINCT 'contacts:' || s.contact_id AS example \
     FROM subscriptions s WHERE s.org_id = $1 AND s.unsubscribed_at IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM unsubscribes u \
             WHERE u.org_id = $1 AND u.contact_id = s.contact_id) \
         AND NOT EXISTS (SELECT 1 FROM activity e WHERE e.org_id = $1 \
             AND e.contact_id = s.contact_id AND e.kind = 'resubscribed') LIMIT $2";

const MERGE_CHAIN: &str = "SELECT 'merged_contacts:' || m.id AS example FROM merged_contacts m \
     WHERE m.org_id = $1 AND ( \
         NOT EXISTS (SELECT 1 FROM contacts c WHERE c.org_id = $1 AND c.id = m.survivor_id) \
         OR EXISTS (SELECT 1 FROM contacts c WHERE c.org_id = $1 AND c.id = m.id) \
         OR EXISTS (SELECT 1 FROM merged_contacts n WHERE n.org_id = $1 AND n.id = m.survivor_id)) \
     LIMIT $2";

/// When every event has expired, there is nothing that the counter can be compared with.
const FEED_COUNTER: &str = "SELECT 'events:' || e.greatest AS example \
     FROM (SELECT max(number) AS greatest FROM events WHERE org_id = $1) e \
     LEFT JOIN event_counters c ON c.org_id = $1 \
     WHERE e.greatest <> coalesce(c.last_number, 0) LIMIT $2";

/// Adds the events that the kept number does not contain yet.
const CONTACT_TOTAL: &str = "SELECT 'event_counters:' || $1 AS example FROM ( \
         SELECT coalesce(sum(p.number), 0) AS number FROM ( \
             SELECT k.contacts AS number FROM event_counters k WHERE k.org_id = $1 \
             UNION ALL \
             SELECT CASE e.kind WHEN 'created' THEN 1 WHEN 'updated' THEN 0 ELSE -1 END \
                 * cardinality(e.contacts) FROM events e \
             LEFT JOIN event_counters k ON k.org_id = $1 \
             WHERE e.org_id = $1 \
                 AND (e.number IS NULL OR e.number > coalesce(k.counted_number, 0))) p) kept \
     WHERE kept.number <> (SELECT count(*) FROM contacts c WHERE c.org_id = $1) LIMIT $2";

const FEED_GAP: &str = "SELECT 'events:' || n.number AS example FROM ( \
         SELECT number, lead(number) OVER (ORDER BY number) AS following FROM events \
         WHERE org_id = $1 AND number IS NOT NULL) n \
     WHERE n.following > n.number + 1 LIMIT $2";

const WEBHOOK_AHEAD: &str = "SELECT 'webhooks:' || w.id AS example FROM webhooks w \
     LEFT JOIN event_counters c ON c.org_id = $1 \
     WHERE w.org_id = $1 AND w.cursor > coalesce(c.last_number, 0) LIMIT $2";

const SELECTION_COUNT: &str = "SELECT 'selections:' || s.id AS example FROM selections s \
     LEFT JOIN (SELECT selection_id, count(*) AS chunks, sum(cardinality(ids)) AS contacts \
         FROM selection_chunks WHERE org_id = $1 GROUP BY selection_id) k ON k.selection_id = s.id \
     WHERE s.org_id = $1 \
         AND (s.chunks <> coalesce(k.chunks, 0) OR s.contacts <> coalesce(k.contacts, 0)) LIMIT $2";

/// Each chunk of an action is applied in one or more parts.
const ACTION_COUNT: &str = "SELECT 'actions:' || a.id AS example FROM actions a \
     LEFT JOIN (SELECT action_id, count(*) AS parts FROM action_chunks WHERE org_id = $1 \
         GROUP BY action_id) k ON k.action_id = a.id \
     WHERE a.org_id = $1 AND (a.chunks_done > coalesce(k.parts, 0) \
         OR a.state = 'done' AND (a.chunks_done <> a.chunks OR a.contacts <> coalesce( \
             (a.tally->>'changed')::bigint + (a.tally->>'unchanged')::bigint \
             + (SELECT coalesce(sum(s.value::bigint), 0) \
                 FROM jsonb_each_text(a.tally->'skipped') s), -1))) LIMIT $2";

const IMPORT_COUNT: &str = "SELECT r.example FROM ( \
         SELECT 'imports:' || id AS example, rows_read, tally FROM imports WHERE org_id = $1 \
         UNION ALL SELECT 'dry_runs:' || id, rows_read, tally FROM dry_runs WHERE org_id = $1) r \
     WHERE r.rows_read <> coalesce((r.tally->>'added')::bigint + (r.tally->>'updated')::bigint \
         + (SELECT coalesce(sum((s.value->>1)::bigint), 0) \
             FROM jsonb_array_elements(r.tally->'skipped') s), -1) LIMIT $2";

/// Each chunk is deleted when it is undone. The journal of an action expires, those of an import do
/// not.
const UNDO_COUNT: &str = "SELECT 'undos:' || u.id AS example FROM undos u \
     LEFT JOIN (SELECT import_id AS id, count(*) AS chunks FROM import_chunks WHERE org_id = $1 \
         GROUP BY import_id UNION ALL SELECT subject_id, count(*) FROM journal WHERE org_id = $1 \
         GROUP BY subject_id) k ON k.id = u.subject_id \
     WHERE u.org_id = $1 AND (u.chunks < u.chunks_done + coalesce(k.chunks, 0) \
         OR u.kind = 'undo' AND u.chunks > u.chunks_done + coalesce(k.chunks, 0) \
         OR u.state = 'done' AND u.chunks <> u.chunks_done) LIMIT $2";

/// A chunk of a file stands for the file. The id of a delivery is a text of another program, so its
/// contact is named instead.
const ORPHAN_ROW: &str = "SELECT r.example FROM ( \
         SELECT DISTINCT 'file_chunks:' || f.file_id AS example FROM file_chunks f \
         WHERE f.org_id = $1 \
             AND NOT EXISTS (SELECT 1 FROM imports i \
                 WHERE i.org_id = $1 AND i.file_id = f.file_id) \
             AND NOT EXISTS (SELECT 1 FROM actions a \
                 WHERE a.org_id = $1 AND a.file_id = f.file_id) \
         UNION ALL SELECT DISTINCT 'contacts:' || d.contact_id FROM deliveries d \
         WHERE d.org_id = $1 AND NOT EXISTS (SELECT 1 FROM campaigns m \
             WHERE m.org_id = $1 AND m.id = d.campaign_id)) r LIMIT $2";

/// Tables with the columns whose times the program sets. The tables are small, or few rows are
/// read by an index.
const TIMES: [(&str, &[&str]); 11] = [
    ("contacts", &["created_at", "updated_at"]),
    ("events", &["at"]),
    ("imports", &["created_at", "started_at", "finished_at"]),
    ("dry_runs", &["created_at", "started_at", "finished_at"]),
    ("undos", &["created_at", "started_at", "finished_at"]),
    ("actions", &["created_at", "started_at", "finished_at"]),
    ("erasures", &["created_at", "started_at", "finished_at"]),
    ("sync_runs", &["created_at", "started_at", "finished_at"]),
    ("selections", &["created_at"]),
    ("connected_sources", &["created_at"]),
    ("webhooks", &["created_at"]),
];

/// Returns the statement of a check. Its only column is `example`, as `table:id`.
pub(super) fn statement(check: Check) -> String {
    let text = match check {
        Check::DuplicateAddress => DUPLICATE_ADDRESS,
        Check::AddressRows => ADDRESS_ROWS,
        Check::MissingSource => MISSING_SOURCE,
        Check::SubscribedLater => SUBSCRIBED_LATER,
        Check::UnsubscribeNotKept => UNSUBSCRIBE_NOT_KEPT,
        Check::MergeChain => MERGE_CHAIN,
        Check::FeedCounter => FEED_COUNTER,
        Check::ContactTotal => CONTACT_TOTAL,
        Check::FeedGap => FEED_GAP,
        Check::WebhookAhead => WEBHOOK_AHEAD,
        Check::SelectionCount => SELECTION_COUNT,
        Check::ActionCount => ACTION_COUNT,
        Check::ImportCount => IMPORT_COUNT,
        Check::UndoCount => UNDO_COUNT,
        Check::OrphanRow => ORPHAN_ROW,
        Check::RunWithoutJob => return run_without_job(),
        Check::JobWithoutRun => return job_without_run(),
        Check::FutureTime => return future_time(),
    };
    text.to_owned()
}

/// The same rows and jobs as those of the recovery of lost jobs.
fn run_without_job() -> String {
    any(OPEN.map(|(kind, rows)| {
        let table = table_of(rows);
        format!(
            "SELECT '{table}:' || r.id AS example FROM {rows} AND r.org_id = $1 AND NOT EXISTS ( \
             SELECT 1 FROM jobs j WHERE j.org_id = $1 AND j.kind = '{kind}' \
             AND j.subject_id = r.id AND j.given_up_at IS NULL)"
        )
    }))
}

fn job_without_run() -> String {
    let open = OPEN.map(|(kind, rows)| (kind, table_of(rows)));
    any(open.into_iter().chain([("erase_file", "actions")]).map(|(kind, table)| {
        format!(
            "SELECT 'jobs:' || j.id AS example FROM jobs j WHERE j.org_id = $1 \
             AND j.kind = '{kind}' AND j.given_up_at IS NULL \
             AND j.due_at <= $3::timestamptz - interval '1 hour' AND NOT EXISTS ( \
             SELECT 1 FROM {table} r WHERE r.org_id = $1 AND r.id = j.subject_id)"
        )
    }))
}

fn future_time() -> String {
    any(TIMES.map(|(table, columns)| {
        let later = columns
            .iter()
            .map(|column| format!("{column} > $3::timestamptz + interval '1 minute'"))
            .collect::<Vec<_>>();
        let later = later.join(" OR ");
        format!("SELECT '{table}:' || id AS example FROM {table} WHERE org_id = $1 AND ({later})")
    }))
}

/// Returns a statement for the first rows of any of several statements.
fn any(statements: impl IntoIterator<Item = String>) -> String {
    let all: Vec<_> = statements.into_iter().collect();
    format!("SELECT r.example FROM ({}) r LIMIT $2", all.join(" UNION ALL "))
}

fn table_of(rows: &'static str) -> &'static str {
    rows.split_once(' ').map_or(rows, |(table, _)| table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_names_the_organisation_for_each_table() {
        for check in Check::ALL {
            let text = statement(*check);
            let tables = text.matches("FROM ").count() + text.matches("JOIN ").count()
                - text.matches("FROM (").count()
                - text.matches("JOIN (").count()
                - text.matches("FROM jsonb_").count();
            assert_eq!(text.matches("org_id = $1").count(), tables, "{check:?}: {text}");
            assert!(text.ends_with("LIMIT $2"), "{check:?}: {text}");
        }
    }
}
