//! The choices of earlier imports, found by the headers of their files (R58).

use contacts_core::import::{ChoicesOrigin, EarlierChoices, HeaderFingerprint, ImportId};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Jsonb, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::stored::StoredPlan;
use crate::database::{PgResult, RunQuery, Tx};

#[derive(QueryableByName)]
struct ChoicesRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Jsonb)]
    plan: Value,
    #[diesel(sql_type = Timestamptz)]
    confirmed_at: OffsetDateTime,
}

/// Returns the choices of the import with these headers that was started last.
pub(super) fn find(
    tx: &mut Tx<'_>,
    headers: HeaderFingerprint,
) -> PgResult<Option<EarlierChoices>> {
    let select = "SELECT id, plan, confirmed_at FROM imports \
         WHERE org_id = $1 AND header_fingerprint = $2 AND confirmed_at IS NOT NULL \
         AND plan->>'policy' <> 'opt_out' ORDER BY confirmed_at DESC LIMIT 1";
    let row: Option<ChoicesRow> =
        tx.query(select).bind::<BigInt, _>(headers.0.cast_signed()).row(tx)?;
    row.map(|ChoicesRow { id, plan, confirmed_at }| {
        let origin = ChoicesOrigin { import: ImportId(id), started_at: confirmed_at };
        Ok(EarlierChoices { origin, plan: StoredPlan::read(plan)? })
    })
    .transpose()
}
