//! The number of an organisation's contacts (R21).
//!
//! Every change of this number is an event. So the number is kept beside the counter of the feed,
//! as of an event, and the later events are added when it is read. Nothing that changes contacts
//! has to write it, so nothing waits for its row.

use contacts_core::{OrgId, Result};
use diesel::QueryableByName;
use diesel::sql_types::BigInt;

use super::give_numbers;
use crate::Database;
use crate::database::{PgResult, RunQuery, Tx};

/// How the contacts of an event change the number.
const CHANGE: &str = "CASE kind WHEN 'created' THEN cardinality(contacts) \
     WHEN 'updated' THEN 0 ELSE -cardinality(contacts) END";

/// A read that adds more later events than this also numbers them, which makes the next read cheaper.
const MANY_ADDED: i64 = 500;

/// Maximum number of later events that are added, of those with and those without a number each.
const MOST_ADDED: i64 = 5_000;

#[derive(QueryableByName)]
struct TotalRow {
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = BigInt)]
    added: i64,
}

impl Database {
    /// Returns the number of contacts, or `None` when too many events would have to be added.
    pub(crate) fn total(&self, org: OrgId) -> Result<Option<u64>> {
        let TotalRow { total, added } = self.read(org, read)?;
        if added > MANY_ADDED {
            self.write(org, give_numbers)?;
        }
        Ok((added <= MOST_ADDED).then_some(total.cast_unsigned()))
    }
}

/// Reads the number by one statement, which sees the events and the counter at the same moment.
fn read(tx: &mut Tx<'_>) -> PgResult<TotalRow> {
    let statement = format!(
        "WITH kept AS (SELECT contacts, counted_number FROM event_counters WHERE org_id = $1) \
         SELECT (coalesce((SELECT contacts FROM kept), 0) + coalesce(sum(later.change), 0))::bigint \
             AS total, count(*) AS added FROM ( \
             (SELECT {CHANGE} AS change FROM events WHERE org_id = $1 \
                 AND number > coalesce((SELECT counted_number FROM kept), 0) LIMIT $2) \
             UNION ALL \
             (SELECT {CHANGE} FROM events WHERE org_id = $1 AND number IS NULL LIMIT $2)) later"
    );
    tx.query(&statement).bind::<BigInt, _>(MOST_ADDED + 1).get_result(tx)
}

/// Adds the events up to `last`, which have numbers, to the kept number. The counter is locked.
pub(super) fn add(tx: &mut Tx<'_>, last: i64) -> PgResult<()> {
    let statement = format!(
        "UPDATE event_counters k SET last_number = $2, counted_number = $2, \
             contacts = k.contacts + coalesce((SELECT sum(later.change) FROM ( \
                 SELECT {CHANGE} AS change FROM events \
                 WHERE org_id = $1 AND number > k.counted_number) later), 0) \
         WHERE k.org_id = $1"
    );
    tx.query(&statement).bind::<BigInt, _>(last).execute(tx).map(drop)
}
