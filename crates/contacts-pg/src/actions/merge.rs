//! Merges the pairs of a part of a bulk action (R54).

use std::collections::BTreeMap;

use contacts_core::Actor;
use contacts_core::action::{Chunk, SkipReason};
use contacts_core::contact::{ContactId, MergeFields, MergePair};
use contacts_core::journal::{JournalEffect, JournalEntry};
use uuid::Uuid;

use crate::contacts::{Custom, find, fold, lock_contacts, merged_into};
use crate::database::{PgResult, TimedTx, Tx, run_again};

/// Merges the pairs whose other contact is in the part, in the order of these contacts. An id that
/// was merged means its survivor (R50). Contacts that do not exist are left to the caller.
pub(super) fn merge(
    tx: &mut TimedTx<'_>,
    ids: &[Uuid],
    pairs: &[MergePair],
    actor: Actor,
    entries: &mut Vec<JournalEntry>,
) -> PgResult<Chunk> {
    let survivors: BTreeMap<_, _> = pairs.iter().map(|pair| (pair.other, pair.survivor)).collect();
    let others = ids.iter().copied().map(ContactId);
    let pairs: Vec<_> = others.filter_map(|other| Some((other, *survivors.get(&other)?))).collect();
    let mut locked = Vec::new();
    for (other, survivor) in &pairs {
        locked.extend([*other, survivor_of(tx, *survivor)?]);
    }
    lock_contacts(tx, &locked)?;
    let mut chunk = Chunk::default();
    for (other, survivor) in pairs {
        let survivor = survivor_of(tx, survivor)?;
        if !locked.contains(&survivor) {
            // It was merged while its lock was waited for.
            return Err(run_again());
        }
        let Some(merged_away) = find(tx, other, Custom::Whole, "")? else { continue };
        if survivor == other {
            chunk.unchanged.push(other);
            continue;
        }
        match find(tx, survivor, Custom::Whole, "")? {
            Some(survivor) if !survivor.has_room_for_all(&merged_away) => {
                chunk.skip(SkipReason::TooManyAddresses, [other]);
            }
            Some(survivor) => {
                fold(tx, survivor, &merged_away, &MergeFields::default(), actor)?;
                chunk.changed.push(other);
                entries.push(JournalEntry { contact: other, effect: JournalEffect::Merged });
            }
            None => chunk.skip(SkipReason::NotFound, [other]),
        }
    }
    Ok(chunk)
}

/// Returns the contact that a contact was merged into, or the contact itself.
fn survivor_of(tx: &mut Tx<'_>, contact: ContactId) -> PgResult<ContactId> {
    Ok(merged_into(tx, contact)?.unwrap_or(contact))
}
