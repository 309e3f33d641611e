//! What a file says about consent (R52).

use contacts_core::Actor;
use contacts_core::consent::{ConsentChange, ConsentReason, Unsubscribe};
use contacts_core::contact::{Activity, ActivityKind};
use contacts_core::import::{ChunkWrites, RowKeys};

use super::contacts;
use crate::campaigns::{suppress, unsubscribe};
use crate::contacts::record_all;
use crate::database::{PgResult, TimedTx, run_again};

/// Unsubscribes the contacts whose rows say so, and suppresses the addresses of an opt-out list that
/// nobody has. The contacts must be written, and locked.
pub(super) fn write(tx: &mut TimedTx<'_>, actor: Actor, writes: &ChunkWrites) -> PgResult<()> {
    let (at, reason) = (tx.now, ConsentReason::Imported);
    let unsubscribed = writes
        .contacts
        .iter()
        .filter_map(|planned| Some((planned.contact.id.0, planned.unsubscribe()?.clone())));
    let unsubscribed = unsubscribed.collect();
    let changed = unsubscribe(tx, &unsubscribed)?;
    let what = ActivityKind::ConsentChanged(ConsentChange::Lower { reason, note: None });
    let activity = Activity { at, actor, what };
    record_all(tx, &changed.iter().map(|id| (*id, &activity)).collect::<Vec<_>>())?;
    suppress(tx, &writes.suppressed, &Unsubscribe { reason, at, actor, note: None })?;
    let emails = writes.suppressed.iter().map(|email| email.key().to_owned()).collect();
    // A contact that another transaction has added since the chunk was planned is unsubscribed by
    // the next try.
    let added = contacts::existing(tx, &RowKeys { emails, ..RowKeys::default() })?;
    if added.is_empty() { Ok(()) } else { Err(run_again()) }
}
