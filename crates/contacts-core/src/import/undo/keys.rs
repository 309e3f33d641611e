//! Undoing a chunk whose contacts have changed their addresses and external ids (R37, R50).

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::{CurrentState, Reversal, reverse};
use crate::contact::{Contact, ContactId, EmailAddress, FieldEdit};
use crate::import::{ImportEffect, RowKeys, Trace};

/// An address or an external id, with the name of the field.
type Key = (&'static str, String);

/// Returns the addresses and external ids that traces may restore. Contacts that have them now may
/// be in the way.
pub fn restored_keys<'a>(traces: impl IntoIterator<Item = &'a Trace>) -> RowKeys {
    let mut keys = RowKeys::default();
    for trace in traces {
        let ImportEffect::Updated { edits, .. } = &trace.effect else { continue };
        for edit in edits {
            match edit {
                FieldEdit::Email { from: Some(email), .. } => {
                    keys.emails.insert(email.key().to_owned());
                }
                FieldEdit::ExternalId { from: Some(id), .. } => {
                    keys.external_ids.insert(id.clone());
                }
                _ => {}
            }
        }
    }
    keys
}

/// Decides what undoing the traces of one chunk does to their contacts. `state_of` returns the
/// current state of a contact, if it exists; `owners` are the contacts that have one of the
/// [`restored_keys`] now.
///
/// Contacts of the chunk may have passed their addresses on to each other. So each address is
/// restored unless, after all other restorations, another contact has it.
pub fn reverse_chunk(
    traces: &[Trace],
    state_of: impl Fn(&Trace) -> Option<CurrentState>,
    owners: &[Contact],
    now: OffsetDateTime,
) -> BTreeMap<ContactId, Reversal> {
    let states = traces.iter().filter_map(|trace| Some((trace, state_of(trace)?)));
    let states: Vec<(&Trace, CurrentState)> = states.collect();
    let mut taken: BTreeMap<ContactId, BTreeSet<String>> = BTreeMap::new();
    loop {
        let none = BTreeSet::new();
        let reversals: BTreeMap<ContactId, Reversal> = states
            .iter()
            .map(|(trace, state)| {
                let taken = taken.get(&trace.contact).unwrap_or(&none);
                (trace.contact, reverse(&trace.effect, state.clone(), taken, now))
            })
            .collect();
        let found = conflicts(&states, &reversals, owners);
        if found.is_empty() {
            return reversals;
        }
        for (contact, field) in found {
            taken.entry(contact).or_default().insert(field.to_owned());
        }
    }
}

/// Finds restored keys that another contact has when all reversals are carried out.
fn conflicts(
    states: &[(&Trace, CurrentState)],
    reversals: &BTreeMap<ContactId, Reversal>,
    owners: &[Contact],
) -> Vec<(ContactId, &'static str)> {
    let mut in_use: BTreeMap<Key, Vec<ContactId>> = BTreeMap::new();
    let mut note = |contact: &Contact| {
        for key in keys(contact) {
            in_use.entry(key).or_default().push(contact.id);
        }
    };
    let mut restored = Vec::new();
    for (trace, state) in states {
        match &reversals[&trace.contact] {
            Reversal::Remove => {}
            Reversal::Keep(_) => note(&state.contact),
            Reversal::Restore(after) => {
                note(&after.contact);
                let before: BTreeSet<Key> = keys(&state.contact).collect();
                restored.extend(
                    keys(&after.contact)
                        .filter(|key| !before.contains(key))
                        .map(|key| (trace.contact, key)),
                );
            }
        }
    }
    owners.iter().filter(|owner| !reversals.contains_key(&owner.id)).for_each(note);
    let is_taken = |(contact, key): &(ContactId, Key)| {
        in_use.get(key).is_some_and(|users| users.iter().any(|user| user != contact))
    };
    restored.into_iter().filter(is_taken).map(|(contact, (field, _))| (contact, field)).collect()
}

fn keys(contact: &Contact) -> impl Iterator<Item = Key> {
    let emails = contact.emails().map(EmailAddress::key);
    let emails = emails.map(|key| ("email", key.to_owned()));
    let external_id = contact.external_id.as_ref().map(|id| ("external_id", id.to_string()));
    emails.chain(external_id)
}
