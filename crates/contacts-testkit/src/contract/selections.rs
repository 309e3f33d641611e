//! The contract of [`contacts_core::selection::SelectionRepository`] (R23).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::collections::BTreeSet;

use contacts_core::action::ActionKind;
use contacts_core::contact::{ContactFilter, ContactId};
use contacts_core::run::RunState;
use contacts_core::selection::{NewSelection, Selection, SelectionId, SelectionScope};
use contacts_core::{Actor, Clock, Ids, OrgId};

use super::check::search;
use crate::samples::{self, filter_text};
use crate::{Ports, contract::actions};

/// Freezes a selection of ids.
pub(crate) fn frozen(
    ports: &Ports,
    org: OrgId,
    ids: impl IntoIterator<Item = ContactId>,
) -> Selection {
    freeze(ports, org, SelectionScope::Ids(ids.into_iter().collect()))
}

/// Freezes a selection of the contacts that a search finds, without some of them.
pub(crate) fn found(ports: &Ports, org: OrgId, query: &str, except: &[ContactId]) -> Selection {
    let chosen = SelectionScope::Matching {
        text: filter_text(&[("q", query)]),
        filter: Box::new(search(query)),
        except: except.iter().copied().collect(),
    };
    freeze(ports, org, chosen)
}

fn freeze(ports: &Ports, org: OrgId, chosen: SelectionScope) -> Selection {
    let (id, at) = (SelectionId(ports.ids.next()), ports.clock.now());
    let new = NewSelection { id, chosen, chunk: Selection::CHUNK, actor: Actor::System, at };
    let selection = ports.selections.freeze(org, &new).unwrap();
    assert_eq!(ports.selections.get(org, id).unwrap().as_ref(), Some(&selection));
    selection
}

/// Returns all contacts of a selection, chunk by chunk, and checks that the count agrees.
fn contacts(ports: &Ports, org: OrgId, selection: &Selection) -> Vec<ContactId> {
    let chunk = |number| ports.selections.chunk(org, selection.id, number).unwrap();
    let chunks: Vec<_> = (0..selection.chunks).map(|number| chunk(number).unwrap()).collect();
    assert_eq!(chunk(selection.chunks), None);
    let contacts: Vec<_> = chunks.concat();
    assert_eq!(contacts.len() as u64, selection.contacts);
    assert!(contacts.is_sorted_by(|one, other| one < other));
    assert!(chunks.iter().rev().skip(1).all(|chunk| chunk.len() == Selection::CHUNK));
    contacts
}

pub fn given_ids_are_kept_in_order_each_once(ports: &Ports) {
    let org = ports.org();
    let ids: [ContactId; 3] = std::array::from_fn(|_| ContactId(ports.ids.next()));
    let selection = frozen(ports, org, [ids[2], ids[0], ids[2], ids[1]]);
    assert_eq!((selection.contacts, selection.chunks, &selection.filter), (3, 1, &None));
    assert_eq!((selection.actor, selection.created_at), (Actor::System, ports.clock.now()));
    assert_eq!(contacts(ports, org, &selection), ids);
    let unknown = SelectionId(ports.ids.next());
    assert_eq!(ports.selections.get(org, unknown).unwrap(), None);
    assert_eq!(ports.selections.chunk(org, unknown, 0).unwrap(), None);
}

pub fn many_ids_are_kept_in_chunks(ports: &Ports) {
    let org = ports.org();
    let ids: BTreeSet<_> =
        (0..=2 * Selection::CHUNK).map(|_| ContactId(ports.ids.next())).collect();
    let selection = frozen(ports, org, ids.iter().copied());
    assert_eq!(selection.chunks, 3);
    assert!(contacts(ports, org, &selection).into_iter().eq(ids));
}

pub fn matching_contacts_are_frozen_except_some(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann Lee", "");
    let bo = ports.add(org, "Bo Lee", "");
    let cem = ports.add(org, "Cem Lee", "");
    ports.add(org, "Dee", "");
    let selection = found(ports, org, "lee", &[bo.id]);
    assert_eq!(selection.filter, Some(filter_text(&[("q", "lee")])));
    // Contacts that are added or deleted later do not change the selection.
    ports.add(org, "Eve Lee", "");
    ports.contacts.delete(org, cem.id, None, Actor::System, ports.clock.now()).unwrap();
    assert_eq!(contacts(ports, org, &selection), [ann.id, cem.id]);
    assert_eq!(found(ports, org, "nobody", &[]).chunks, 0);
}

pub fn contacts_that_still_match_are_counted(ports: &Ports) {
    let org = ports.org();
    let people = ["Ann Lee", "Bo Lee", "Cem Lee"].map(|name| ports.add(org, name, ""));
    let selection = found(ports, org, "lee", &[]);
    let count = |still: &ContactFilter| ports.selections.count(org, selection.id, still).unwrap();
    ports.add(org, "Eve Lee", "");
    assert_eq!(count(&search("lee")), 3);
    let (now, by) = (ports.clock.tick(), Actor::System);
    ports.contacts.update(org, people[0].id, None, &samples::new_name("Ann"), by, now).unwrap();
    assert_eq!((count(&search("lee")), count(&ContactFilter::default())), (2, 3));
    ports.contacts.delete(org, people[1].id, None, Actor::System, ports.clock.now()).unwrap();
    assert_eq!((count(&search("lee")), count(&ContactFilter::default())), (1, 2));
    let strangers = frozen(ports, org, [ContactId(ports.ids.next()), people[2].id]);
    let unfiltered = ContactFilter::default();
    assert_eq!(ports.selections.count(org, strangers.id, &unfiltered).unwrap(), 1);
}

pub fn old_selections_go_unless_an_action_needs_them(ports: &Ports) {
    let org = ports.org();
    let ids = [ContactId(ports.ids.next())];
    let [unused, needed, done] = std::array::from_fn(|_| frozen(ports, org, ids));
    let running = actions::inserted(ports, org, &needed, ActionKind::Delete);
    let ended = actions::inserted(ports, org, &done, ActionKind::Delete);
    let now = ports.clock.now();
    ports.actions.end(org, ended.id, RunState::Cancelled, None, now).unwrap();
    let is_kept = |selection: &Selection| {
        let exists = ports.selections.get(org, selection.id).unwrap().is_some();
        assert_eq!(ports.selections.chunk(org, selection.id, 0).unwrap().is_some(), exists);
        exists
    };
    ports.clock.advance(std::time::Duration::from_secs(7 * 86_400));
    frozen(ports, org, ids);
    assert!(is_kept(&unused) && is_kept(&needed) && is_kept(&done));
    let now = ports.clock.tick();
    let young = frozen(ports, org, ids);
    assert_eq!([&unused, &needed, &done, &young].map(is_kept), [false, true, false, true]);
    ports.actions.end(org, running.id, RunState::Cancelled, None, now).unwrap();
    frozen(ports, org, ids);
    assert!(!is_kept(&needed));
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let ann = ports.add(org, "Ann", "");
    let selection = found(ports, org, "ann", &[]);
    assert_eq!(ports.selections.get(other, selection.id).unwrap(), None);
    assert_eq!(ports.selections.chunk(other, selection.id, 0).unwrap(), None);
    let unfiltered = ContactFilter::default();
    assert_eq!(ports.selections.count(other, selection.id, &unfiltered).unwrap(), 0);
    assert_eq!(found(ports, other, "ann", &[]).contacts, 0);
    let foreign = frozen(ports, other, [ann.id]);
    assert_eq!(ports.selections.count(other, foreign.id, &unfiltered).unwrap(), 0);
}
