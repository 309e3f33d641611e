//! What a file says about consent (R52).

use contacts_core::Actor;
use contacts_core::consent::{ConsentChange, ConsentReason, Unsubscribe};
use contacts_core::contact::{Activity, ActivityKind};
use contacts_core::import::{ChunkWrites, RowKeys};

use super::contacts;
use crate::campaigns::{suppress, unsubscribe};
use crate::contacts::record_all;
use crate::database::{PgResult, TimedTx, run_again};

/// Suppresses the addresses that rows opt out and that nobody has. The contacts of the chunk must not
/// be written yet: those that get one of the addresses are unsubscribed by it.
pub(super) fn suppress_unknown(
    tx: &mut TimedTx<'_>,
    actor: Actor,
    writes: &ChunkWrites,
) -> PgResult<()> {
    let unsubscribe =
        Unsubscribe { reason: ConsentReason::Imported, at: tx.now, actor, note: None };
    suppress(tx, &writes.suppressed, &unsubscribe)?;
    let emails = writes.suppressed.iter().map(|email| email.key().to_owned()).collect();
    // A contact that another transaction has added since the chunk was planned is unsubscribed by
    // the next try.
    let added = contacts::existing(tx, &RowKeys { emails, ..RowKeys::default() })?;
    if added.is_empty() { Ok(()) } else { Err(run_again()) }
}

/// Unsubscribes the contacts whose rows say so. They must be written, and locked.
pub(super) fn unsubscribe_known(
    tx: &mut TimedTx<'_>,
    actor: Actor,
    writes: &ChunkWrites,
) -> PgResult<()> {
    let (at, reason) = (tx.now, ConsentReason::Imported);
    let unsubscribed = writes
        .contacts
        .iter()
        .filter_map(|planned| Some((planned.contact.id.0, planned.unsubscribe()?.clone())));
    let unsubscribed = unsubscribed.collect();
    let changed = unsubscribe(tx, &unsubscribed)?;
    let what = ActivityKind::ConsentChanged(ConsentChange::Lower { reason, note: None });
    let activity = Activity { at, actor, what };
    record_all(tx, &changed.iter().map(|id| (*id, &activity)).collect::<Vec<_>>())
}
