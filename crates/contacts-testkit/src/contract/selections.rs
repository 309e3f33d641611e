//! What a [`contacts_core::selection::SelectionRepository`] promises (R23).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::collections::BTreeSet;

use contacts_core::action::{ActionKind, ActionState};
use contacts_core::contact::{ContactFilter, ContactId};
use contacts_core::selection::{Chosen, NewSelection, Selection, SelectionId};
use contacts_core::{Actor, Clock, Ids, OrgId};

use super::check::search;
use crate::samples::{self, filter_text};
use crate::{Ports, contract::actions};

/// Freezes ids.
pub(crate) fn frozen(
    ports: &Ports,
    org: OrgId,
    ids: impl IntoIterator<Item = ContactId>,
) -> Selection {
    freeze(ports, org, Chosen::Ids(ids.into_iter().collect()))
}

/// Freezes whom a search finds, less some.
pub(crate) fn found(ports: &Ports, org: OrgId, query: &str, except: &[ContactId]) -> Selection {
    let chosen = Chosen::Matching {
        text: filter_text(&[("q", query)]),
        filter: Box::new(search(query)),
        except: except.iter().copied().collect(),
    };
    freeze(ports, org, chosen)
}

fn freeze(ports: &Ports, org: OrgId, chosen: Chosen) -> Selection {
    let (id, at) = (SelectionId(ports.ids.next()), ports.clock.now());
    let new = NewSelection { id, chosen, piece: Selection::PIECE, actor: Actor::System, at };
    let selection = ports.selections.freeze(org, &new).unwrap();
    assert_eq!(ports.selections.get(org, id).unwrap().as_ref(), Some(&selection));
    selection
}

/// Everybody in a selection, piece by piece, which the count confirms.
fn people(ports: &Ports, org: OrgId, selection: &Selection) -> Vec<ContactId> {
    let piece = |number| ports.selections.piece(org, selection.id, number).unwrap();
    let pieces: Vec<_> = (0..selection.pieces).map(|number| piece(number).unwrap()).collect();
    assert_eq!(piece(selection.pieces), None);
    let people: Vec<_> = pieces.concat();
    assert_eq!(people.len() as u64, selection.people);
    assert!(people.is_sorted_by(|one, other| one < other));
    assert!(pieces.iter().rev().skip(1).all(|piece| piece.len() == Selection::PIECE));
    people
}

pub fn given_ids_are_kept_in_order_each_once(ports: &Ports) {
    let org = ports.org();
    let ids: [ContactId; 3] = std::array::from_fn(|_| ContactId(ports.ids.next()));
    let selection = frozen(ports, org, [ids[2], ids[0], ids[2], ids[1]]);
    assert_eq!((selection.people, selection.pieces, &selection.filter), (3, 1, &None));
    assert_eq!((selection.actor, selection.created_at), (Actor::System, ports.clock.now()));
    assert_eq!(people(ports, org, &selection), ids);
    let nothing = SelectionId(ports.ids.next());
    assert_eq!(ports.selections.get(org, nothing).unwrap(), None);
    assert_eq!(ports.selections.piece(org, nothing, 0).unwrap(), None);
}

pub fn many_ids_are_kept_in_pieces(ports: &Ports) {
    let org = ports.org();
    let ids: BTreeSet<_> =
        (0..=2 * Selection::PIECE).map(|_| ContactId(ports.ids.next())).collect();
    let selection = frozen(ports, org, ids.iter().copied());
    assert_eq!(selection.pieces, 3);
    assert!(people(ports, org, &selection).into_iter().eq(ids));
}

pub fn whom_a_filter_means_is_frozen_less_some(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann Lee", "");
    let bo = ports.add(org, "Bo Lee", "");
    let cem = ports.add(org, "Cem Lee", "");
    ports.add(org, "Dee", "");
    let selection = found(ports, org, "lee", &[bo.id]);
    assert_eq!(selection.filter, Some(filter_text(&[("q", "lee")])));
    // Whoever comes or goes later changes nothing.
    ports.add(org, "Eve Lee", "");
    ports.contacts.delete(org, cem.id, None, Actor::System, ports.clock.now()).unwrap();
    assert_eq!(people(ports, org, &selection), [ann.id, cem.id]);
    assert_eq!(found(ports, org, "nobody", &[]).pieces, 0);
}

pub fn those_who_are_still_meant_are_counted(ports: &Ports) {
    let org = ports.org();
    let lees = ["Ann Lee", "Bo Lee", "Cem Lee"].map(|name| ports.add(org, name, ""));
    let selection = found(ports, org, "lee", &[]);
    let count = |still: &ContactFilter| ports.selections.count(org, selection.id, still).unwrap();
    ports.add(org, "Eve Lee", "");
    assert_eq!(count(&search("lee")), 3);
    let (now, by) = (ports.clock.tick(), Actor::System);
    ports.contacts.update(org, lees[0].id, None, &samples::new_name("Ann"), by, now).unwrap();
    assert_eq!((count(&search("lee")), count(&ContactFilter::default())), (2, 3));
    ports.contacts.delete(org, lees[1].id, None, Actor::System, ports.clock.now()).unwrap();
    assert_eq!((count(&search("lee")), count(&ContactFilter::default())), (1, 2));
    let strangers = frozen(ports, org, [ContactId(ports.ids.next()), lees[2].id]);
    let everybody = ContactFilter::default();
    assert_eq!(ports.selections.count(org, strangers.id, &everybody).unwrap(), 1);
}

pub fn old_selections_go_unless_an_action_needs_them(ports: &Ports) {
    let org = ports.org();
    let ids = [ContactId(ports.ids.next())];
    let [unused, needed, done] = std::array::from_fn(|_| frozen(ports, org, ids));
    let running = actions::inserted(ports, org, &needed, ActionKind::Delete);
    let ended = actions::inserted(ports, org, &done, ActionKind::Delete);
    let now = ports.clock.now();
    ports.actions.end(org, ended.id, ActionState::Cancelled, None, now).unwrap();
    let is_kept = |selection: &Selection| {
        let is_there = ports.selections.get(org, selection.id).unwrap().is_some();
        assert_eq!(ports.selections.piece(org, selection.id, 0).unwrap().is_some(), is_there);
        is_there
    };
    ports.clock.advance(std::time::Duration::from_secs(7 * 86_400));
    frozen(ports, org, ids);
    assert!(is_kept(&unused) && is_kept(&needed) && is_kept(&done));
    let now = ports.clock.tick();
    let young = frozen(ports, org, ids);
    assert_eq!([&unused, &needed, &done, &young].map(is_kept), [false, true, false, true]);
    ports.actions.end(org, running.id, ActionState::Cancelled, None, now).unwrap();
    frozen(ports, org, ids);
    assert!(!is_kept(&needed));
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let ann = ports.add(org, "Ann", "");
    let selection = found(ports, org, "ann", &[]);
    assert_eq!(ports.selections.get(other, selection.id).unwrap(), None);
    assert_eq!(ports.selections.piece(other, selection.id, 0).unwrap(), None);
    let everybody = ContactFilter::default();
    assert_eq!(ports.selections.count(other, selection.id, &everybody).unwrap(), 0);
    assert_eq!(found(ports, other, "ann", &[]).people, 0);
    let theirs = frozen(ports, other, [ann.id]);
    assert_eq!(ports.selections.count(other, theirs.id, &everybody).unwrap(), 0);
}
