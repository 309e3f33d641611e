//! What an [`contacts_core::action::ActionRepository`] promises (R24).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contacts_core::action::{
    Action, ActionId, ActionKind, ActionState, Applied, Piece, SkipReason, Tally,
};
use contacts_core::campaign::{CampaignId, DeliveryKind};
use contacts_core::contact::{ActivityKind, ActivityPlace, ContactFilter, ContactId};
use contacts_core::job::{Job, Lane};
use contacts_core::page::PageSize;
use contacts_core::selection::{Selection, SelectionId};
use contacts_core::{Actor, Clock, Error, Ids, OrgId};

use super::check::{search, written};
use super::selections::{found, frozen};
use crate::Ports;
use crate::samples::{self, tags};

pub(crate) fn action(ports: &Ports, org: OrgId, selection: &Selection, kind: ActionKind) -> Action {
    Action {
        org,
        id: ActionId(ports.ids.next()),
        kind,
        selection: selection.id,
        state: ActionState::Running,
        problem: None,
        people: selection.people,
        pieces: selection.pieces,
        pieces_done: 0,
        tally: Tally::default(),
        file: None,
        actor: Actor::User(ports.ids.next()),
        created_at: ports.clock.now(),
        started_at: None,
        finished_at: None,
    }
}

pub(crate) fn inserted(
    ports: &Ports,
    org: OrgId,
    selection: &Selection,
    kind: ActionKind,
) -> Action {
    let action = action(ports, org, selection, kind);
    ports.actions.insert(&action, action.created_at).unwrap();
    action
}

pub(super) fn read(ports: &Ports, action: &Action) -> Action {
    ports.actions.get(action.org, action.id).unwrap().unwrap()
}

fn apply(ports: &Ports, action: &Action, piece: u32) -> Applied {
    let (still, now) = (ContactFilter::default(), ports.clock.now());
    ports.actions.apply(action, piece, &still, now).unwrap()
}

/// Does an action to ids, at once, and says what came of each.
fn done(ports: &Ports, org: OrgId, ids: &[ContactId], kind: ActionKind) -> Piece {
    let action = inserted(ports, org, &frozen(ports, org, ids.iter().copied()), kind);
    let Applied::Taken(tally) = apply(ports, &action, 0) else { panic!("not taken") };
    assert_eq!(read(ports, &action).tally, tally);
    assert_eq!(tally.people(), action.people, "each once");
    ports.actions.piece(org, action.id, 0).unwrap().unwrap()
}

fn lines(piece: &Piece) -> Vec<(ContactId, &'static str)> {
    let lines = piece.lines().into_iter();
    lines.map(|(id, outcome, why)| (id, if why.is_empty() { outcome } else { why })).collect()
}

fn nobody(ports: &Ports) -> ContactId {
    ContactId(ports.ids.next())
}

pub fn an_action_is_read_as_it_was_written(ports: &Ports) {
    let org = ports.org();
    let selection = frozen(ports, org, [nobody(ports)]);
    for kind in [
        ActionKind::AddTags(tags(&["Träde \"show\"", "vip"])),
        ActionKind::RemoveTags(tags(&["vip"])),
        ActionKind::Delete,
    ] {
        let action = inserted(ports, org, &selection, kind);
        assert_eq!(read(ports, &action), action);
    }
    assert_eq!(ports.actions.get(org, ActionId(ports.ids.next())).unwrap(), None);
}

pub fn what_names_nothing_is_refused(ports: &Ports) {
    let org = ports.org();
    let selection = frozen(ports, org, [nobody(ports)]);
    let campaign = ActionKind::AddToCampaign(CampaignId(ports.ids.next()));
    let refused = |action: &Action| match ports.actions.insert(action, action.created_at) {
        Err(Error::NotFound(what)) => what,
        other => panic!("{other:?}"),
    };
    let unknown = action(ports, org, &selection, campaign);
    assert_eq!(refused(&unknown), "campaign");
    let selection = SelectionId(ports.ids.next());
    let lost = Action { selection, kind: ActionKind::Delete, ..unknown };
    assert_eq!(refused(&lost), "selection");
    assert_eq!(ports.actions.list(org, None, 10).unwrap(), []);
    assert!(!ports.jobs.is_waiting(Lane::Work, ports.clock.now()).unwrap());
}

pub fn an_action_queues_its_job_until_it_ends(ports: &Ports) {
    let org = ports.org();
    let selection = frozen(ports, org, [nobody(ports)]);
    let lease = Duration::from_secs(30);
    let claim = || {
        ports
            .jobs
            .claim(Lane::Work, ports.ids.next(), lease, ports.clock.now())
            .unwrap()
            .map(|job| job.job)
    };
    let action = action(ports, org, &selection, ActionKind::Delete);
    ports.actions.insert(&action, action.created_at + lease).unwrap();
    assert_eq!(claim(), None, "not due");
    ports.clock.advance(lease);
    assert_eq!(claim(), Some(Job::RunAction(action.id)));
    let now = ports.clock.now();
    assert!(ports.actions.end(org, action.id, ActionState::Done, None, now).unwrap());
    ports.clock.advance(lease);
    assert_eq!(claim(), None);
}

pub fn adding_tags_counts_each_contact_once(ports: &Ports) {
    let org = ports.org();
    let carry = |carried: &[&str]| {
        ports.add_with(org, "Ann", "", |contact| contact.tags = tags(carried)).id
    };
    let (both, one, none) = (carry(&["VIP", "New"]), carry(&["VIP"]), carry(&[]));
    let gone = nobody(ports);
    let other = carry(&[]);
    let kind = ActionKind::AddTags(tags(&["vip", "new"]));
    let piece = done(ports, org, &[gone, none, one, both], kind);
    assert_eq!(
        lines(&piece),
        [(both, "unchanged"), (one, "changed"), (none, "changed"), (gone, "not_found")]
    );
    for id in [both, one, none] {
        // As they were first written.
        assert_eq!(written(&ports.get(org, id).tags), ["New", "VIP"]);
    }
    assert_eq!(ports.get(org, other).tags, []);
    assert_eq!(ports.get(org, one).version, 1);
}

pub fn a_tag_is_made_when_somebody_gets_it(ports: &Ports) {
    let org = ports.org();
    let known = || ports.tags.list(org, "", "", 10).unwrap().len();
    done(ports, org, &[nobody(ports)], ActionKind::AddTags(tags(&["vip"])));
    assert_eq!(known(), 0);
    let ann = ports.add(org, "Ann", "");
    done(ports, org, &[ann.id], ActionKind::RemoveTags(tags(&["vip"])));
    assert_eq!(known(), 0);
    done(ports, org, &[ann.id], ActionKind::AddTags(tags(&["vip"])));
    assert_eq!(known(), 1);
}

pub fn removing_tags_counts_each_contact_once(ports: &Ports) {
    let org = ports.org();
    let carry = |carried: &[&str]| {
        ports.add_with(org, "Ann", "", |contact| contact.tags = tags(carried)).id
    };
    let (both, one, none) = (carry(&["vip", "new", "x"]), carry(&["New"]), carry(&["x"]));
    let gone = nobody(ports);
    let kind = ActionKind::RemoveTags(tags(&["VIP", "new", "unheard"]));
    let piece = done(ports, org, &[gone, none, one, both], kind);
    assert_eq!(
        lines(&piece),
        [(both, "changed"), (one, "changed"), (none, "unchanged"), (gone, "not_found")]
    );
    assert_eq!(ports.names(org, &ContactFilter::default()).len(), 3);
    assert_eq!(written(&ports.get(org, both).tags), ["x"]);
    assert_eq!(ports.get(org, one).tags, []);
}

pub fn who_cannot_be_reached_or_has_unsubscribed_is_added_to_no_campaign(ports: &Ports) {
    let org = ports.org();
    let [spring, summer] = ["Spring", "Summer"].map(|name| ports.campaign(org, name));
    let [ann, bo] = ["ann@x.org", "bo@x.org"].map(|email| ports.add(org, "Ann", email));
    let silent = ports.add(org, "Cem", "");
    let gone = nobody(ports);
    ports.told(org, &spring, &bo, DeliveryKind::Unsubscribed);
    let ids = [ann.id, bo.id, silent.id, gone];
    for outcome in ["changed", "unchanged"] {
        let piece = done(ports, org, &ids, ActionKind::AddToCampaign(summer.id));
        assert_eq!(
            lines(&piece),
            [
                (ann.id, outcome),
                (bo.id, "unsubscribed"),
                (silent.id, "unreachable"),
                (gone, "not_found")
            ]
        );
    }
    let subscribed = ports.campaigns_of(org, ann.id).items;
    assert_eq!(subscribed.len(), 1);
    assert!(matches!(subscribed[0].1.actor, Actor::User(_)));
    // In none but the one that told of it.
    assert_eq!(ports.campaigns_of(org, bo.id).items.len(), 1);
    assert_eq!(ports.campaigns_of(org, silent.id).items.len(), 0);
}

pub fn deleting_takes_them_for_ever(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add_with(org, "Ann", "ann@example.org", |c| c.tags = tags(&["vip"]));
    let bo = ports.add(org, "Bo", "");
    let gone = nobody(ports);
    let piece = done(ports, org, &[ann.id, gone], ActionKind::Delete);
    assert_eq!(lines(&piece), [(ann.id, "changed"), (gone, "not_found")]);
    assert_eq!(ports.found(org, ""), ["Bo"]);
    assert_eq!(ports.contacts.arrivals(org, ann.id).unwrap(), []);
    assert_eq!(ports.tags.list(org, "", "", 1).unwrap()[0].contacts, 0);
    // The address is free.
    ports.add(org, "Ann", "ann@example.org");
    let again = done(ports, org, &[ann.id, bo.id], ActionKind::Delete);
    assert_eq!(lines(&again), [(ann.id, "not_found"), (bo.id, "changed")]);
}

pub fn a_delete_skips_whom_its_filter_does_not_mean_any_more(ports: &Ports) {
    let org = ports.org();
    let lees = ["Ann Lee", "Bo Lee", "Cem Lee"].map(|name| ports.add(org, name, "").id);
    let action = inserted(ports, org, &found(ports, org, "lee", &[]), ActionKind::Delete);
    let (now, by) = (ports.clock.tick(), Actor::System);
    ports.contacts.update(org, lees[1], None, &samples::new_name("Bo"), by, now).unwrap();
    ports.contacts.delete(org, lees[2], None, Actor::System, ports.clock.now()).unwrap();
    let applied = ports.actions.apply(&action, 0, &search("lee"), now).unwrap();
    let skipped = BTreeMap::from([(SkipReason::NotFound, 1), (SkipReason::Changed, 1)]);
    assert_eq!(applied, Applied::Taken(Tally { changed: 1, unchanged: 0, skipped }));
    let piece = ports.actions.piece(org, action.id, 0).unwrap().unwrap();
    assert_eq!(lines(&piece), [(lees[0], "changed"), (lees[1], "changed"), (lees[2], "not_found")]);
    assert_eq!(piece.changed, [lees[0]]);
    assert_eq!(ports.found(org, ""), ["Bo"]);
}

pub fn whoever_was_merged_is_skipped_as_such(ports: &Ports) {
    let org = ports.org();
    let [ann, anna] = ["Ann", "Anna"].map(|name| ports.add(org, name, "").id);
    let now = ports.clock.tick();
    let merged = ports.contacts.merge(org, ann, anna, None, Actor::System, now).unwrap();
    assert!(merged.is_some());
    for (kind, outcome) in [
        (ActionKind::AddTags(tags(&["vip"])), "changed"),
        (ActionKind::AddTags(tags(&["vip"])), "unchanged"),
        (ActionKind::RemoveTags(tags(&["vip"])), "changed"),
        (ActionKind::Delete, "changed"),
    ] {
        let piece = done(ports, org, &[ann, anna], kind);
        assert_eq!(lines(&piece), [(ann, outcome), (anna, "merged")]);
    }
    // With its survivor the old id is gone, too.
    let piece = done(ports, org, &[ann, anna], ActionKind::Delete);
    assert_eq!(lines(&piece), [(ann, "not_found"), (anna, "not_found")]);
}

/// Two pieces and one person, of whom a few are there, one at each end of each piece.
pub(super) fn spread(ports: &Ports, org: OrgId) -> (Selection, Vec<ContactId>) {
    let (mut ids, mut there) = (BTreeSet::new(), Vec::new());
    while ids.len() <= 2 * Selection::PIECE {
        let is_end = matches!((ids.len() + 1) % Selection::PIECE, 0 | 1);
        let id = if is_end { ports.add(org, "Ann", "").id } else { nobody(ports) };
        if is_end {
            there.push(id);
        }
        ids.insert(id);
    }
    (frozen(ports, org, ids), there)
}

pub fn a_piece_is_done_once(ports: &Ports) {
    let org = ports.org();
    let (selection, there) = spread(ports, org);
    let action = inserted(ports, org, &selection, ActionKind::AddTags(tags(&["vip"])));
    assert_eq!((action.pieces, there.len()), (3, 5));
    let began = ports.clock.tick();
    let mut changed = 0;
    for piece in 0..action.pieces {
        // A worker that is ahead, and one that comes again, as after a lost lease: whatever
        // either believes of the action, it goes on from where it is.
        assert_eq!(apply(ports, &action, piece + 1), Applied::Superseded);
        assert_eq!(ports.actions.piece(org, action.id, piece).unwrap(), None);
        let Applied::Taken(tally) = apply(ports, &action, piece) else { panic!("not taken") };
        assert_eq!(apply(ports, &action, piece), Applied::Superseded);
        let done = ports.actions.piece(org, action.id, piece).unwrap().unwrap();
        changed += done.changed.len();
        let now = read(ports, &action);
        assert_eq!((now.pieces_done, now.started_at), (piece + 1, Some(began)));
        assert_eq!((&now.tally, now.state), (&tally, ActionState::Running));
        assert_eq!(tally.changed, changed as u64);
        ports.clock.tick();
    }
    let ended = read(ports, &action);
    assert_eq!((changed, ended.tally.people()), (there.len(), action.people));
    let now = ports.clock.now();
    assert!(ports.actions.end(org, action.id, ActionState::Done, None, now).unwrap());
    let ended = read(ports, &action);
    assert_eq!((ended.state, ended.finished_at), (ActionState::Done, Some(now)));
    assert!(there.iter().all(|id| ports.get(org, *id).tags.len() == 1));
}

pub fn a_stopped_action_keeps_a_true_result(ports: &Ports) {
    let org = ports.org();
    let (selection, there) = spread(ports, org);
    for (state, problem) in
        [(ActionState::Cancelled, None), (ActionState::Failed, Some("it broke"))]
    {
        let name = state.as_str();
        let action = inserted(ports, org, &selection, ActionKind::AddTags(tags(&[name])));
        let Applied::Taken(tally) = apply(ports, &action, 0) else { panic!("not taken") };
        let (now, problem) = (ports.clock.tick(), problem.map(str::to_owned));
        assert!(ports.actions.end(org, action.id, state, problem.clone(), now).unwrap());
        // The worker still believes that it runs.
        assert_eq!(apply(ports, &action, 1), Applied::Stopped(state));
        let stopped = read(ports, &action);
        assert_eq!((stopped.state, stopped.problem), (state, problem));
        assert_eq!((stopped.tally, stopped.pieces_done), (tally, 1));
        assert_eq!(ports.actions.piece(org, action.id, 1).unwrap(), None);
        for end in [ActionState::Done, ActionState::Cancelled, ActionState::Failed] {
            assert!(!ports.actions.end(org, action.id, end, None, now).unwrap());
        }
        let tagged = there.iter().filter(|id| written(&ports.get(org, **id).tags).contains(&name));
        assert_eq!(tagged.count(), 2);
    }
}

pub fn an_action_that_is_not_there_is_not_done(ports: &Ports) {
    let org = ports.org();
    let selection = frozen(ports, org, [nobody(ports)]);
    let lost = Action {
        selection: SelectionId(ports.ids.next()),
        ..action(ports, org, &selection, ActionKind::Delete)
    };
    let (still, now) = (ContactFilter::default(), ports.clock.now());
    let refused = ports.actions.apply(&lost, 0, &still, now);
    assert!(matches!(refused, Err(Error::NotFound("action"))));
}

pub fn activity_tells_what_was_done_in_bulk(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "");
    let bo = ports.add_with(org, "Bo", "", |contact| contact.tags = tags(&["vip"]));
    let selection = frozen(ports, org, [ann.id, bo.id, nobody(ports)]);
    let times: [_; 3] = std::array::from_fn(|_| ports.clock.tick());
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut actors = Vec::new();
    for (kind, at) in [
        (ActionKind::AddTags(tags(&["vip"])), times[0]),
        (ActionKind::RemoveTags(tags(&["VIP", "x"])), times[1]),
        (ActionKind::RemoveTags(tags(&["vip"])), times[2]),
    ] {
        let action = inserted(ports, org, &selection, kind);
        actors.push(action.actor);
        let everybody = ContactFilter::default();
        assert!(matches!(ports.actions.apply(&action, 0, &everybody, at), Ok(Applied::Taken(_))));
    }
    let activity = |id, before: Option<ActivityPlace>, size| {
        let size = PageSize::new(size).unwrap();
        ports.contacts.activity(org, id, before, size).unwrap()
    };
    let told = activity(ann.id, None, 10).items;
    assert_eq!(told.len(), 3);
    let removed = ActivityKind::Tagged { added: Vec::new(), removed: named(&["VIP", "x"]) };
    assert_eq!((told[0].at, told[0].actor, &told[0].what), (times[1], actors[1], &removed));
    let added = ActivityKind::Tagged { added: named(&["vip"]), removed: Vec::new() };
    assert_eq!((told[1].at, told[1].actor, &told[1].what), (times[0], actors[0], &added));
    assert_eq!(told[2].what, ActivityKind::Created);
    // Bo carried it before, and lost it once.
    assert_eq!(activity(bo.id, None, 10).items.len(), 2);
    // Page by page.
    let first = activity(ann.id, None, 1);
    assert_eq!(first.items, told[..1]);
    let second = activity(ann.id, first.next, 1);
    assert_eq!(second.items, told[1..2]);
    assert_eq!(activity(ann.id, second.next, 1).items, told[2..]);
}

pub fn the_newest_action_is_listed_first(ports: &Ports) {
    let org = ports.org();
    let selection = frozen(ports, org, [nobody(ports)]);
    let mut actions = Vec::new();
    for _ in 0..4 {
        actions.insert(0, inserted(ports, org, &selection, ActionKind::Delete));
        ports.clock.tick();
    }
    let list = |before: Option<usize>, limit| {
        let before = before.map(|at| actions[at].id);
        ports.actions.list(org, before, limit).unwrap()
    };
    assert_eq!(list(None, 10), actions);
    assert_eq!(list(None, 2), actions[..2]);
    assert_eq!(list(Some(1), 2), actions[2..]);
    assert_eq!(list(Some(3), 2), []);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let ann = ports.add_with(org, "Ann", "", |contact| contact.tags = tags(&["vip"]));
    let selection = frozen(ports, org, [ann.id]);
    let action = inserted(ports, org, &selection, ActionKind::Delete);
    let (actions, now) = (&ports.actions, ports.clock.now());
    assert_eq!(actions.get(other, action.id).unwrap(), None);
    assert_eq!(actions.list(other, None, 10).unwrap(), []);
    assert!(!actions.end(other, action.id, ActionState::Cancelled, None, now).unwrap());
    let forged = Action { org: other, ..action.clone() };
    assert!(actions.insert(&forged, now).is_err());
    let refused = actions.apply(&forged, 0, &ContactFilter::default(), now);
    assert!(matches!(refused, Err(Error::NotFound(_))));
    // Another's id is the id of nobody.
    for kind in [
        ActionKind::AddTags(tags(&["x"])),
        ActionKind::RemoveTags(tags(&["vip"])),
        ActionKind::Delete,
    ] {
        let piece = done(ports, other, &[ann.id], kind);
        assert_eq!(lines(&piece), [(ann.id, "not_found")]);
    }
    assert_eq!(written(&ports.get(org, ann.id).tags), ["vip"]);
    apply(ports, &action, 0);
    assert_eq!(actions.piece(other, action.id, 0).unwrap(), None);
}
