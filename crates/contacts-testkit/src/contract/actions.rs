//! The contract of [`contacts_core::action::ActionRepository`] (R24).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contacts_core::action::{
    Action, ActionId, ActionKind, Applied, Chunk, Confirmation, SkipReason, Tally,
};
use contacts_core::campaign::{CampaignId, DeliveryKind};
use contacts_core::contact::{
    ActivityCursor, ActivityKind, Contact, ContactFilter, ContactId, MergePair,
};
use contacts_core::job::{Job, Lane};
use contacts_core::page::PageSize;
use contacts_core::run::RunState;
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
        state: RunState::Queued,
        problem: None,
        contacts: selection.contacts,
        chunks: selection.chunks,
        chunks_done: 0,
        tally: Tally::default(),
        undo: None,
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
    ports.actions.insert(&action, None, action.created_at).unwrap();
    action
}

pub(super) fn read(ports: &Ports, action: &Action) -> Action {
    ports.actions.get(action.org, action.id).unwrap().unwrap()
}

pub(super) fn apply(ports: &Ports, action: &Action, chunk: u32) -> Applied {
    let (still, now) = (ContactFilter::default(), ports.clock.now());
    ports.actions.apply(action, chunk, usize::MAX, &still, now).unwrap()
}

/// Runs an action on contacts in one chunk, and returns the chunk's results.
pub(super) fn done(ports: &Ports, org: OrgId, ids: &[ContactId], kind: ActionKind) -> Chunk {
    let action = inserted(ports, org, &frozen(ports, org, ids.iter().copied()), kind);
    let Applied::Part { tally, .. } = apply(ports, &action, 0) else { panic!("not taken") };
    assert_eq!(read(ports, &action).tally, tally);
    assert_eq!(tally.contacts(), action.contacts, "each once");
    ports.actions.part(org, action.id, 0).unwrap().unwrap()
}

pub(super) fn lines(chunk: &Chunk) -> Vec<(ContactId, &'static str)> {
    let lines = chunk.lines().into_iter();
    lines
        .map(|(id, outcome, reason)| (id, if reason.is_empty() { outcome } else { reason }))
        .collect()
}

pub(super) fn unknown_contact(ports: &Ports) -> ContactId {
    ContactId(ports.ids.next())
}

pub fn an_action_is_read_as_it_was_written(ports: &Ports) {
    let org = ports.org();
    let selection = frozen(ports, org, [unknown_contact(ports)]);
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

pub fn an_empty_name_is_refused(ports: &Ports) {
    let org = ports.org();
    let selection = frozen(ports, org, [unknown_contact(ports)]);
    let campaign = ActionKind::AddToCampaign(CampaignId(ports.ids.next()));
    let refused = |action: &Action| match ports.actions.insert(action, None, action.created_at) {
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
    let selection = frozen(ports, org, [unknown_contact(ports)]);
    let lease = Duration::from_secs(30);
    let claim = || {
        ports
            .jobs
            .claim(Lane::Work, ports.ids.next(), lease, ports.clock.now())
            .unwrap()
            .map(|job| job.job)
    };
    let action = action(ports, org, &selection, ActionKind::Delete);
    ports.actions.insert(&action, None, action.created_at + lease).unwrap();
    assert_eq!(claim(), None, "not due");
    ports.clock.advance(lease);
    assert_eq!(claim(), Some(Job::RunAction(action.id)));
    let now = ports.clock.now();
    assert!(ports.actions.end(org, action.id, RunState::Done, None, now).unwrap());
    ports.clock.advance(lease);
    assert_eq!(claim(), None);
}

pub fn adding_tags_counts_each_contact_once(ports: &Ports) {
    let org = ports.org();
    let contact_with_tags =
        |names: &[&str]| ports.add_with(org, "Ann", "", |contact| contact.tags = tags(names)).id;
    let (both, one, none) =
        (contact_with_tags(&["VIP", "New"]), contact_with_tags(&["VIP"]), contact_with_tags(&[]));
    let missing = unknown_contact(ports);
    let other = contact_with_tags(&[]);
    let kind = ActionKind::AddTags(tags(&["vip", "new"]));
    let chunk = done(ports, org, &[missing, none, one, both], kind);
    assert_eq!(
        lines(&chunk),
        [(both, "unchanged"), (one, "changed"), (none, "changed"), (missing, "not_found")]
    );
    for id in [both, one, none] {
        // Tags keep the spelling in which they were first written.
        assert_eq!(written(&ports.get(org, id).tags), ["New", "VIP"]);
    }
    assert_eq!(ports.get(org, other).tags, []);
    assert_eq!(ports.get(org, one).version, 1);
}

pub fn a_tag_is_created_when_it_is_first_used(ports: &Ports) {
    let org = ports.org();
    let tag_count = || ports.tags.list(org, "", "", 10).unwrap().len();
    done(ports, org, &[unknown_contact(ports)], ActionKind::AddTags(tags(&["vip"])));
    assert_eq!(tag_count(), 0);
    let ann = ports.add(org, "Ann", "");
    done(ports, org, &[ann.id], ActionKind::RemoveTags(tags(&["vip"])));
    assert_eq!(tag_count(), 0);
    done(ports, org, &[ann.id], ActionKind::AddTags(tags(&["vip"])));
    assert_eq!(tag_count(), 1);
}

pub fn removing_tags_counts_each_contact_once(ports: &Ports) {
    let org = ports.org();
    let contact_with_tags = |carried: &[&str]| {
        ports.add_with(org, "Ann", "", |contact| contact.tags = tags(carried)).id
    };
    let (both, one, none) = (
        contact_with_tags(&["vip", "new", "x"]),
        contact_with_tags(&["New"]),
        contact_with_tags(&["x"]),
    );
    let missing = unknown_contact(ports);
    let kind = ActionKind::RemoveTags(tags(&["VIP", "new", "unheard"]));
    let chunk = done(ports, org, &[missing, none, one, both], kind);
    assert_eq!(
        lines(&chunk),
        [(both, "changed"), (one, "changed"), (none, "unchanged"), (missing, "not_found")]
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
    let missing = unknown_contact(ports);
    ports.report_delivery(org, &spring, &bo, DeliveryKind::Unsubscribed);
    let ids = [ann.id, bo.id, silent.id, missing];
    for outcome in ["changed", "unchanged"] {
        let chunk = done(ports, org, &ids, ActionKind::AddToCampaign(summer.id));
        assert_eq!(
            lines(&chunk),
            [
                (ann.id, outcome),
                (bo.id, "unsubscribed"),
                (silent.id, "unreachable"),
                (missing, "not_found")
            ]
        );
    }
    let subscribed = ports.campaigns_of(org, ann.id).items;
    assert_eq!(subscribed.len(), 1);
    assert!(matches!(subscribed[0].1.actor, Actor::User(_)));
    // Bo is only in the campaign whose delivery was reported.
    assert_eq!(ports.campaigns_of(org, bo.id).items.len(), 1);
    assert_eq!(ports.campaigns_of(org, silent.id).items.len(), 0);
}

pub fn deleting_is_permanent(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add_with(org, "Ann", "ann@example.org", |c| c.tags = tags(&["vip"]));
    let bo = ports.add(org, "Bo", "");
    let missing = unknown_contact(ports);
    let chunk = done(ports, org, &[ann.id, missing], ActionKind::Delete);
    assert_eq!(lines(&chunk), [(ann.id, "changed"), (missing, "not_found")]);
    assert_eq!(ports.found(org, ""), ["Bo"]);
    assert_eq!(ports.contacts.sources(org, ann.id, None, 1_000).unwrap(), []);
    assert_eq!(ports.tags.list(org, "", "", 1).unwrap()[0].contacts, 0);
    // The address of the deleted contact can be used again.
    ports.add(org, "Ann", "ann@example.org");
    let again = done(ports, org, &[ann.id, bo.id], ActionKind::Delete);
    assert_eq!(lines(&again), [(ann.id, "not_found"), (bo.id, "changed")]);
}

pub fn a_delete_skips_contacts_that_no_longer_match(ports: &Ports) {
    let org = ports.org();
    let people = ["Ann Lee", "Bo Lee", "Cem Lee"].map(|name| ports.add(org, name, "").id);
    let action = inserted(ports, org, &found(ports, org, "lee", &[]), ActionKind::Delete);
    let (now, by) = (ports.clock.tick(), Actor::System);
    ports.contacts.update(org, people[1], None, &samples::new_name("Bo"), by, now).unwrap();
    ports.contacts.delete(org, people[2], None, Actor::System, ports.clock.now()).unwrap();
    let applied = ports.actions.apply(&action, 0, usize::MAX, &search("lee"), now).unwrap();
    let skipped = BTreeMap::from([(SkipReason::NotFound, 1), (SkipReason::Changed, 1)]);
    let tally = Tally { changed: 1, unchanged: 0, skipped };
    assert_eq!(applied, Applied::Part { tally, chunks_done: 1 });
    let chunk = ports.actions.part(org, action.id, 0).unwrap().unwrap();
    assert_eq!(
        lines(&chunk),
        [(people[0], "changed"), (people[1], "changed"), (people[2], "not_found")]
    );
    assert_eq!(chunk.changed, [people[0]]);
    assert_eq!(ports.found(org, ""), ["Bo"]);
}

pub fn a_merged_contact_is_skipped_as_merged(ports: &Ports) {
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
        let chunk = done(ports, org, &[ann, anna], kind);
        assert_eq!(lines(&chunk), [(ann, outcome), (anna, "merged")]);
    }
    // Once the surviving contact is deleted, the id of a contact merged into it is gone as well.
    let chunk = done(ports, org, &[ann, anna], ActionKind::Delete);
    assert_eq!(lines(&chunk), [(ann, "not_found"), (anna, "not_found")]);
}

pub fn pairs_are_merged_once_each(ports: &Ports) {
    let org = ports.org();
    let ids = ["A", "B", "C", "D", "E"].map(|name| ports.add(org, name, "").id);
    let [a, b, c, d, e] = ids;
    let (now, unknown) = (ports.clock.tick(), unknown_contact(ports));
    ports.contacts.merge(org, a, e, None, Actor::System, now).unwrap().unwrap();
    let pair = |survivor, other| MergePair { survivor, other };
    // In the order of the ids that are merged: A into B, then B into A, which is B now, and C into
    // B. D has nobody to be merged into, E was merged before.
    let pairs = vec![pair(a, b), pair(b, c), pair(b, a), pair(unknown, d), pair(d, e)];
    let others: Vec<_> = pairs.iter().map(|pair| pair.other).chain([unknown]).collect();
    let chunk = done(ports, org, &others, ActionKind::Merge(pairs));
    assert_eq!(
        lines(&chunk),
        [
            (a, "changed"),
            (b, "unchanged"),
            (c, "changed"),
            (d, "not_found"),
            (e, "merged"),
            (unknown, "not_found"),
        ]
    );
    assert_eq!(ports.found(org, ""), ["B", "D"]);
    for id in [a, c, e] {
        assert_eq!(ports.contacts.merged_into(org, id).unwrap(), Some(b));
    }
}

pub fn pairs_with_too_many_addresses_are_skipped(ports: &Ports) {
    let org = ports.org();
    let many = ports.add_with(org, "Many", "0@a.example", |contact| {
        let others = (1..Contact::MAX_ADDRESSES).map(|n| samples::email(&format!("{n}@a.example")));
        contact.other_emails = others.collect();
        contact.other_emails.sort_unstable_by(|one, other| one.key().cmp(other.key()));
    });
    let [one, two] = ["one", "two"].map(|n| ports.add(org, n, &format!("{n}@b.example")).id);
    let pairs = [(many.id, one), (one, two)].map(|(survivor, other)| MergePair { survivor, other });
    let chunk = done(ports, org, &[one, two], ActionKind::Merge(pairs.to_vec()));
    assert_eq!(lines(&chunk), [(one, "too_many_addresses"), (two, "changed")]);
    assert_eq!(ports.contacts.merged_into(org, two).unwrap(), Some(one));
}

/// Returns a selection of two full chunks and one contact. Only a few of its contacts exist, among
/// them those at both ends of each chunk.
pub(super) fn spread(ports: &Ports, org: OrgId) -> (Selection, Vec<ContactId>) {
    let (mut ids, mut chunk_contacts) = (BTreeSet::new(), Vec::new());
    while ids.len() <= 2 * Selection::CHUNK {
        let is_end = matches!((ids.len() + 1) % Selection::CHUNK, 0 | 1);
        let id = if is_end { ports.add(org, "Ann", "").id } else { unknown_contact(ports) };
        if is_end {
            chunk_contacts.push(id);
        }
        ids.insert(id);
    }
    (frozen(ports, org, ids), chunk_contacts)
}

pub fn a_confirmed_number_is_compared_when_the_action_is_inserted(ports: &Ports) {
    let org = ports.org();
    let lees = ["Ann Lee", "Bo Lee", "Cem Lee"].map(|name| ports.add(org, name, "").id);
    let action = action(ports, org, &found(ports, org, "lee", &[]), ActionKind::Delete);
    let by = Actor::System;
    ports
        .contacts
        .update(org, lees[1], None, &samples::new_name("Bo"), by, ports.clock.tick())
        .unwrap();
    let insert = |count| {
        let confirmed = Confirmation { count, filter: search("lee") };
        ports.actions.insert(&action, Some(confirmed), action.created_at)
    };
    for wrong in [0, 1, 3] {
        assert!(matches!(insert(wrong), Err(Error::CountChanged(2))), "{wrong}");
    }
    assert_eq!(ports.actions.list(org, None, 10).unwrap(), []);
    assert!(!ports.jobs.is_waiting(Lane::Work, ports.clock.now()).unwrap());
    insert(2).unwrap();
    assert_eq!(read(ports, &action), action);
}

pub fn a_stopped_action_keeps_a_true_result(ports: &Ports) {
    let org = ports.org();
    let (selection, chunk_contacts) = spread(ports, org);
    for (state, problem) in [(RunState::Cancelled, None), (RunState::Failed, Some("it broke"))] {
        let name = state.as_str();
        let action = inserted(ports, org, &selection, ActionKind::AddTags(tags(&[name])));
        let Applied::Part { tally, .. } = apply(ports, &action, 0) else { panic!("not taken") };
        let (now, problem) = (ports.clock.tick(), problem.map(str::to_owned));
        assert!(ports.actions.end(org, action.id, state, problem.clone(), now).unwrap());
        // The worker still believes that the action is running.
        assert_eq!(apply(ports, &action, 1), Applied::Stopped(state));
        let stopped = read(ports, &action);
        assert_eq!((stopped.state, stopped.problem), (state, problem));
        assert_eq!((stopped.tally, stopped.chunks_done), (tally, 1));
        assert_eq!(ports.actions.part(org, action.id, 1).unwrap(), None);
        for end in [RunState::Done, RunState::Cancelled, RunState::Failed] {
            assert!(!ports.actions.end(org, action.id, end, None, now).unwrap());
        }
        let tagged =
            chunk_contacts.iter().filter(|id| written(&ports.get(org, **id).tags).contains(&name));
        assert_eq!(tagged.count(), 2);
    }
}

pub fn an_action_that_is_not_there_is_not_done(ports: &Ports) {
    let org = ports.org();
    let selection = frozen(ports, org, [unknown_contact(ports)]);
    let lost = Action {
        selection: SelectionId(ports.ids.next()),
        ..action(ports, org, &selection, ActionKind::Delete)
    };
    let (still, now) = (ContactFilter::default(), ports.clock.now());
    let refused = ports.actions.apply(&lost, 0, usize::MAX, &still, now);
    assert!(matches!(refused, Err(Error::NotFound("action"))));
}

pub fn activity_lists_bulk_actions(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "");
    let bo = ports.add_with(org, "Bo", "", |contact| contact.tags = tags(&["vip"]));
    let selection = frozen(ports, org, [ann.id, bo.id, unknown_contact(ports)]);
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
        let applied = ports.actions.apply(&action, 0, usize::MAX, &everybody, at);
        assert!(matches!(applied, Ok(Applied::Part { .. })));
    }
    let activity = |id, before: Option<ActivityCursor>, size| {
        let size = PageSize::new(size).unwrap();
        ports.contacts.activity(org, id, before, size).unwrap()
    };
    let entries = activity(ann.id, None, 10).items;
    assert_eq!(entries.len(), 3);
    let removed = ActivityKind::Tagged { added: Vec::new(), removed: named(&["VIP", "x"]) };
    assert_eq!(
        (entries[0].at, entries[0].actor, &entries[0].what),
        (times[1], actors[1], &removed)
    );
    let added = ActivityKind::Tagged { added: named(&["vip"]), removed: Vec::new() };
    assert_eq!((entries[1].at, entries[1].actor, &entries[1].what), (times[0], actors[0], &added));
    assert_eq!(entries[2].what, ActivityKind::Created);
    // Bo had the tag before and lost it once, which is an activity of its own.
    assert_eq!(activity(bo.id, None, 10).items.len(), 2);
    // The activity is the same when it is read page by page.
    let first = activity(ann.id, None, 1);
    assert_eq!(first.items, entries[..1]);
    let second = activity(ann.id, first.next, 1);
    assert_eq!(second.items, entries[1..2]);
    assert_eq!(activity(ann.id, second.next, 1).items, entries[2..]);
}

pub fn the_newest_action_is_listed_first(ports: &Ports) {
    let org = ports.org();
    let selection = frozen(ports, org, [unknown_contact(ports)]);
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
    assert!(!actions.end(other, action.id, RunState::Cancelled, None, now).unwrap());
    let forged = Action { org: other, ..action.clone() };
    assert!(actions.insert(&forged, None, now).is_err());
    let refused = actions.apply(&forged, 0, usize::MAX, &ContactFilter::default(), now);
    assert!(matches!(refused, Err(Error::NotFound(_))));
    // An id of another organisation must behave like an id that does not exist.
    for kind in [
        ActionKind::AddTags(tags(&["x"])),
        ActionKind::RemoveTags(tags(&["vip"])),
        ActionKind::Delete,
    ] {
        let chunk = done(ports, other, &[ann.id], kind);
        assert_eq!(lines(&chunk), [(ann.id, "not_found")]);
    }
    assert_eq!(written(&ports.get(org, ann.id).tags), ["vip"]);
    apply(ports, &action, 0);
    assert_eq!(actions.part(other, action.id, 0).unwrap(), None);
}
