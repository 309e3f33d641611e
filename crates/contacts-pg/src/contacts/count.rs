//! Numbers of contacts: exact ones, and quick ones, which may be estimates (R21).

use std::time::Duration;

use contacts_core::contact::ContactFilter;
use contacts_core::page::Count;
use contacts_core::{Error, OrgId, Result};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Json};
use serde_json::Value;

use super::filter::{Access, push_filter, push_sole};
use crate::Database;
use crate::database::{PgResult, Tx, unreadable};
use crate::statement::Statement;

/// How long counting may take when the plan is cheap. This is far more than it takes, so that a
/// small number stays exact while the server is busy.
const CHEAP_LIMIT: Duration = Duration::from_millis(500);

/// How long counting may take when the plan is dear.
const DEAR_LIMIT: Duration = Duration::from_millis(30);

/// The cost, as Postgres estimates it, from which a plan is dear: about 30 ms.
const DEAR_COST: f64 = 4_000.0;

/// The cost from which a count would hardly end within [`DEAR_LIMIT`], so that it is not tried.
const HOPELESS_COST: f64 = 20_000.0;

#[derive(QueryableByName)]
pub(super) struct CountRow {
    #[diesel(sql_type = BigInt)]
    pub(super) counted: i64,
}

#[derive(QueryableByName)]
struct EstimateRow {
    #[diesel(sql_type = Json, column_name = "QUERY PLAN")]
    plans: Value,
}

/// What Postgres expects of a statement.
struct Estimate {
    rows: u64,
    cost: f64,
}

pub(super) fn count(tx: &mut Tx<'_>, filter: &ContactFilter) -> PgResult<u64> {
    let mut matching = matching(tx, filter)?.before("SELECT count(*) AS counted FROM (");
    matching.push(") matching");
    let row: CountRow = matching.get_result(tx)?;
    Ok(row.counted.cast_unsigned())
}

pub(super) fn count_quickly(
    database: &Database,
    org: OrgId,
    filter: &ContactFilter,
) -> Result<Count> {
    if *filter == ContactFilter::default()
        && let Some(total) = database.total(org)?
    {
        return Ok(Count::Exact(total));
    }
    let estimate = database.read(org, |tx| estimate(tx, filter))?;
    let limit = match estimate.cost {
        HOPELESS_COST.. => return Ok(Count::About(estimate.rows)),
        DEAR_COST.. => DEAR_LIMIT,
        _ => CHEAP_LIMIT,
    };
    let timeout = format!("SET LOCAL statement_timeout = {}", limit.as_millis());
    let counted = database.write(org, |tx| {
        tx.set("SET TRANSACTION READ ONLY")?;
        tx.set(&timeout)?;
        count(tx, filter)
    });
    match counted {
        Ok(number) => Ok(Count::Exact(number)),
        Err(Error::Busy) => Ok(Count::About(estimate.rows)),
        Err(error) => Err(error),
    }
}

/// Returns the statement that finds the matching contacts.
fn matching(tx: &mut Tx<'_>, filter: &ContactFilter) -> PgResult<Statement> {
    let mut matching = tx.statement();
    if !push_sole(tx, &mut matching, filter)? {
        matching.push("SELECT FROM contacts c WHERE c.org_id = $1");
        push_filter(tx, &mut matching, filter, Access::Whole)?;
    }
    Ok(matching)
}

fn estimate(tx: &mut Tx<'_>, filter: &ContactFilter) -> PgResult<Estimate> {
    let explain = matching(tx, filter)?.before("EXPLAIN (FORMAT JSON) ");
    let row: EstimateRow = explain.get_result(tx)?;
    Estimate::read(&row.plans).ok_or_else(|| unreadable("EXPLAIN"))
}

impl Estimate {
    /// Reads the plan of a statement. A cluster describes the plan of the shard within its own.
    fn read(plans: &Value) -> Option<Self> {
        let plan = plans.get(0)?.get("Plan")?;
        if let Some(of_shard) = plan.pointer("/Distributed Query/Job/Tasks/0/Remote Plan/0") {
            return Self::read(of_shard);
        }
        let number = |name| plan.get(name).and_then(Value::as_f64);
        Some(Self { rows: number("Plan Rows")? as u64, cost: number("Total Cost")? })
    }
}
