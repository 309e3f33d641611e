//! The contract of [`contacts_core::undo::UndoRepository`] for bulk actions (R53).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::action::{Action, ActionId, ActionKind, Applied, FieldSetting, SetValue};
use contacts_core::campaign::DeliveryKind;
use contacts_core::consent::ConsentReason;
use contacts_core::contact::{ActivityKind, Contact, ContactFilter, ContactId, FieldChange};
use contacts_core::field::FieldType;
use contacts_core::job::{Job, Lane};
use contacts_core::journal::KEEP_JOURNAL;
use contacts_core::run::{Run, RunId, RunState};
use contacts_core::undo::{
    KeptItem, KeptReason, Undo, UndoId, UndoStart, UndoStep, UndoSubject, UndoTally,
};
use contacts_core::{Actor, Clock, Ids, OrgId};

use super::actions::{inserted, read};
use super::check::written;
use super::erasures;
use super::selections::frozen;
use crate::Ports;
use crate::samples::{self, tags};

fn subject(action: &Action) -> UndoSubject {
    UndoSubject::Action(action.id)
}

fn add_tags(names: &[&str]) -> ActionKind {
    ActionKind::AddTags(tags(names))
}

fn remove_tags(names: &[&str]) -> ActionKind {
    ActionKind::RemoveTags(tags(names))
}

/// Runs an action in parts of two contacts each, to its end.
fn acted(ports: &Ports, org: OrgId, ids: &[ContactId], kind: ActionKind) -> Action {
    let action = inserted(ports, org, &frozen(ports, org, ids.iter().copied()), kind);
    let all = ContactFilter::default();
    while let Applied::Part { .. } =
        ports.actions.apply(&action, 0, 2, &all, ports.clock.tick()).unwrap()
    {}
    assert!(ports.actions.end(org, action.id, RunState::Done, None, ports.clock.tick()).unwrap());
    read(ports, &action)
}

fn start(ports: &Ports, action: &Action) -> (UndoId, UndoStart) {
    let (id, by, now) = (UndoId(ports.ids.next()), Actor::System, ports.clock.tick());
    (id, ports.undos.begin(action.org, subject(action), id, by, now).unwrap())
}

/// Starts an undo.
pub(super) fn started(ports: &Ports, action: &Action) -> UndoId {
    let (id, start) = start(ports, action);
    assert_eq!(start, UndoStart::Yes);
    id
}

/// Undoes an action to the end.
fn undo(ports: &Ports, action: &Action) -> UndoTally {
    let id = started(ports, action);
    loop {
        match ports.undos.step(action.org, id, ports.clock.tick()).unwrap() {
            UndoStep::Chunk(_) => {}
            UndoStep::Finished => break,
            UndoStep::Stopped => panic!("the undo does not continue"),
        }
    }
    let undo = stored(ports, action);
    assert_eq!((undo.state, undo.chunks_done), (RunState::Done, undo.chunks));
    undo.tally
}

fn stored(ports: &Ports, action: &Action) -> Undo {
    ports.undos.get(action.org, subject(action)).unwrap().unwrap()
}

fn kept(ports: &Ports, action: &Action) -> Vec<(ContactId, Option<String>, KeptReason)> {
    let kept = ports.undos.kept(action.org, subject(action), None, 100).unwrap();
    kept.into_iter().map(|KeptItem { contact, field, reason }| (contact, field, reason)).collect()
}

fn tally(restored: u64, kept: u64, unchanged: u64) -> UndoTally {
    UndoTally { restored, kept, unchanged, ..UndoTally::default() }
}

fn tag(ports: &Ports, contact: &Contact, add: &[&str], remove: &[&str]) {
    let (now, add, remove) = (ports.clock.tick(), tags(add), tags(remove));
    let (org, id) = (contact.org, contact.id);
    ports.contacts.tag(org, id, &add, &remove, Actor::System, now).unwrap().unwrap();
}

fn tags_of(ports: &Ports, contact: &Contact) -> Vec<String> {
    let contact = ports.get(contact.org, contact.id);
    written(&contact.tags).into_iter().map(str::to_owned).collect()
}

/// Adds contacts with the tags `vip` and `x`.
fn people<const N: usize>(ports: &Ports, org: OrgId, names: [&str; N]) -> [Contact; N] {
    names.map(|name| {
        let email = format!("{name}@example.org");
        ports.add_with(org, name, &email, |contact| contact.tags = tags(&["vip", "x"]))
    })
}

pub fn only_the_tags_that_an_action_added_are_removed(ports: &Ports) {
    let org = ports.org();
    let [ann] = people(ports, org, ["ann"]);
    let bo = ports.add(org, "Bo", "");
    let action = acted(ports, org, &[ann.id, bo.id], add_tags(&["VIP", "new"]));
    let (events, by) = (ports.feed.end(org).unwrap(), Actor::User(ports.ids.next()));
    let (id, now) = (UndoId(ports.ids.next()), ports.clock.tick());
    assert_eq!(ports.undos.begin(org, subject(&action), id, by, now).unwrap(), UndoStart::Yes);
    let now = ports.clock.tick();
    assert_eq!(ports.undos.step(org, id, now).unwrap(), UndoStep::Chunk(tally(2, 0, 0)));
    assert_eq!(ports.undos.step(org, id, now).unwrap(), UndoStep::Finished);
    assert_eq!(
        (tags_of(ports, &ann), tags_of(ports, &bo)),
        (vec!["vip".into(), "x".into()], vec![])
    );
    assert_eq!(kept(ports, &action), []);
    let removed = ["new", "vip"].map(str::to_owned).to_vec();
    let entry = &ports.activity(org, bo.id)[0];
    assert_eq!(entry.what, ActivityKind::Tagged { added: Vec::new(), removed });
    assert_eq!((entry.actor, entry.at), (by, now));
    let events = ports.feed.after(org, Some(events), 10).unwrap();
    let [event] = &*events else { panic!("{events:?}") };
    assert_eq!(&*event.event.fields, ["tags".to_owned()]);
    assert_eq!(event.event.contacts.len(), 2);
}

pub fn only_the_tags_that_an_action_removed_are_put_back(ports: &Ports) {
    let org = ports.org();
    let [ann] = people(ports, org, ["ann"]);
    let bo = ports.add_with(org, "Bo", "", |contact| contact.tags = tags(&["vip"]));
    let action = acted(ports, org, &[ann.id, bo.id], remove_tags(&["vip", "x", "unknown"]));
    assert_eq!(undo(ports, &action), tally(2, 0, 0));
    assert_eq!(
        (tags_of(ports, &ann), tags_of(ports, &bo)),
        (vec!["vip".into(), "x".into()], vec!["vip".to_owned()])
    );
}

pub fn a_later_change_of_an_added_tag_is_kept(ports: &Ports) {
    let org = ports.org();
    let [ann, bo, cy, dee] = people(ports, org, ["ann", "bo", "cy", "dee"]);
    let ids = [ann.id, bo.id, cy.id, dee.id];
    let action = acted(ports, org, &ids, add_tags(&["new", "old"]));
    tag(ports, &ann, &[], &["new"]);
    tag(ports, &ann, &["NEW"], &[]);
    tag(ports, &bo, &[], &["new", "old"]);
    tag(ports, &cy, &["mine"], &["x"]);
    acted(ports, org, &[dee.id], remove_tags(&["old"]));
    acted(ports, org, &[dee.id], add_tags(&["old"]));
    assert_eq!(undo(ports, &action), tally(1, 2, 1));
    let field = Some("tags".to_owned());
    let expected = [ann.id, dee.id].map(|id| (id, field.clone(), KeptReason::Tagged));
    assert_eq!(kept(ports, &action), expected);
    let tags = [&ann, &bo, &cy, &dee].map(|contact| tags_of(ports, contact).join(" "));
    assert_eq!(tags, ["new vip x", "vip x", "mine vip", "old vip x"]);
}

pub fn a_later_change_of_a_removed_tag_is_kept(ports: &Ports) {
    let org = ports.org();
    let [ann, bo, cy, dee] = people(ports, org, ["ann", "bo", "cy", "dee"]);
    let ids = [ann.id, bo.id, cy.id, dee.id];
    let action = acted(ports, org, &ids, remove_tags(&["vip"]));
    for contact in [&ann, &bo] {
        tag(ports, contact, &["Vip"], &[]);
    }
    tag(ports, &ann, &[], &["vip"]);
    tag(ports, &cy, &["mine"], &["x"]);
    acted(ports, org, &[dee.id], add_tags(&["vip"]));
    acted(ports, org, &[dee.id], remove_tags(&["vip"]));
    assert_eq!(undo(ports, &action), tally(1, 2, 1));
    let field = Some("tags".to_owned());
    let expected = [ann.id, dee.id].map(|id| (id, field.clone(), KeptReason::Tagged));
    assert_eq!(kept(ports, &action), expected);
    let tags = [&ann, &bo, &cy, &dee].map(|contact| tags_of(ports, contact).join(" "));
    assert_eq!(tags, ["x", "vip x", "mine vip", "x"]);
}

pub fn actions_are_undone_one_after_the_other(ports: &Ports) {
    let org = ports.org();
    let [ann] = people(ports, org, ["ann"]);
    let spring = ports.campaign(org, "Spring");
    let added = acted(ports, org, &[ann.id], add_tags(&["new"]));
    let removed = acted(ports, org, &[ann.id], remove_tags(&["new"]));
    let joined = acted(ports, org, &[ann.id], ActionKind::AddToCampaign(spring.id));
    let left = acted(ports, org, &[ann.id], ActionKind::RemoveFromCampaign(spring.id));
    for action in [left, joined, removed, added] {
        assert_eq!(undo(ports, &action), tally(1, 0, 0), "{:?}", action.kind);
    }
    assert_eq!(tags_of(ports, &ann), ["vip", "x"]);
    assert_eq!(ports.campaigns_of(org, ann.id).items, []);
}

pub fn a_renamed_tag_is_reversed_and_a_deleted_one_is_no_change(ports: &Ports) {
    let org = ports.org();
    let [ann, bo] = people(ports, org, ["ann", "bo"]);
    let added = acted(ports, org, &[ann.id], add_tags(&["new", "gone"]));
    let removed = acted(ports, org, &[bo.id], remove_tags(&["vip"]));
    let id = |name: &str| ports.tags.list(org, name, "", 1).unwrap()[0].id;
    let (by, now) = (Actor::System, ports.clock.tick());
    for (from, to) in [("new", "Newer"), ("vip", "Best")] {
        let to = samples::tag(to);
        ports.tags.rename(org, id(from), &to, None, by, now).unwrap().unwrap();
    }
    assert!(ports.tags.delete(org, id("gone"), by, now).unwrap());
    assert_eq!(undo(ports, &added), tally(1, 0, 0));
    assert_eq!(undo(ports, &removed), tally(1, 0, 0));
    assert_eq!(
        (tags_of(ports, &ann), tags_of(ports, &bo)),
        (vec!["Best".into(), "x".into()], vec!["Best".to_owned(), "x".to_owned()])
    );
}

pub fn subscriptions_that_an_action_added_are_removed_unless_they_were_used(ports: &Ports) {
    let org = ports.org();
    let contacts = people(ports, org, ["ann", "bo", "cy", "dee", "eva"]);
    let [ann, bo, cy, dee, eva] = &contacts;
    let [spring, summer] = ["Spring", "Summer"].map(|name| ports.campaign(org, name));
    let ids = contacts.each_ref().map(|contact| contact.id);
    ports.join(org, &summer, ann.id);
    let action = acted(ports, org, &ids, ActionKind::AddToCampaign(spring.id));
    ports.clock.tick();
    ports.report_delivery(org, &spring, bo, DeliveryKind::Sent);
    ports.lower_consent(org, cy.id, ConsentReason::Asked, None);
    acted(ports, org, &[dee.id, eva.id], ActionKind::RemoveFromCampaign(spring.id));
    ports.clock.tick();
    ports.join(org, &spring, dee.id);
    assert_eq!(undo(ports, &action), tally(1, 3, 1));
    let field = Some("campaign".to_owned());
    let expected = [
        (bo.id, field.clone(), KeptReason::Delivered),
        (cy.id, field.clone(), KeptReason::Unsubscribed),
        (dee.id, field, KeptReason::Subscribed),
    ];
    assert_eq!(kept(ports, &action), expected);
    let campaigns = contacts.each_ref().map(|contact| {
        let items = ports.campaigns_of(org, contact.id).items;
        items.into_iter().map(|(campaign, _)| campaign.name).collect::<Vec<_>>().join(" ")
    });
    assert_eq!(campaigns, ["Summer", "Spring", "Spring", "Spring", ""]);
}

pub fn subscriptions_that_an_action_removed_are_put_back_as_they_were(ports: &Ports) {
    let org = ports.org();
    let contacts = people(ports, org, ["ann", "bo", "dee", "eva"]);
    let [ann, bo, dee, eva] = &contacts;
    let spring = ports.campaign(org, "Spring");
    let ids = contacts.each_ref().map(|contact| contact.id);
    for id in ids {
        ports.clock.tick();
        ports.join(org, &spring, id);
    }
    let before = ports.campaigns_of(org, ann.id);
    let action = acted(ports, org, &ids, ActionKind::RemoveFromCampaign(spring.id));
    ports.lower_consent(org, bo.id, ConsentReason::Complained, None);
    ports.clock.tick();
    for contact in [dee, eva] {
        ports.join(org, &spring, contact.id);
    }
    let again = ports.campaigns_of(org, dee.id);
    acted(ports, org, &[eva.id], ActionKind::RemoveFromCampaign(spring.id));
    assert_eq!(undo(ports, &action), tally(1, 2, 1));
    let field = Some("campaign".to_owned());
    let expected =
        [(bo.id, field.clone(), KeptReason::Unsubscribed), (eva.id, field, KeptReason::Subscribed)];
    assert_eq!(kept(ports, &action), expected);
    assert_eq!(ports.campaigns_of(org, ann.id), before, "with its time and its actor");
    assert_eq!(ports.campaigns_of(org, dee.id), again);
    for contact in [bo, eva] {
        assert_eq!(ports.campaigns_of(org, contact.id).items, []);
    }
}

fn set_phone(number: Option<&str>) -> ActionKind {
    let value = SetValue::Phone(number.map(samples::phone));
    ActionKind::SetField(FieldSetting { value, only_blanks: false })
}

pub fn a_field_that_an_action_set_is_restored(ports: &Ports) {
    let org = ports.org();
    let [ann] = people(ports, org, ["ann"]);
    let bo = ports.add_with(org, "Bo", "", |contact| contact.phone = Some(samples::phone("12")));
    let archived = samples::field("tier", FieldType::Text, 0);
    ports.add_field(org, &archived);
    let cy = ports.add_with(org, "Cy", "", |contact| {
        contact.custom = samples::custom(&[("tier", samples::text("gold"))]);
    });
    ports.archive_field(org, &archived.key, true);
    let ids = [ann.id, bo.id, cy.id];
    let set = acted(ports, org, &ids, set_phone(Some("34")));
    let cleared = acted(ports, org, &[bo.id], set_phone(None));
    let events = ports.feed.end(org).unwrap();
    assert_eq!(undo(ports, &cleared), tally(1, 0, 0));
    assert_eq!(ports.get(org, bo.id).phone, Some(samples::phone("34")));
    assert_eq!(undo(ports, &set), tally(3, 0, 0));
    let phones = ids.map(|id| ports.get(org, id).phone);
    assert_eq!(phones, [None, Some(samples::phone("12")), None]);
    assert_eq!(ports.get(org, bo.id).version, 5);
    assert_eq!(ports.found(org, "12"), ["Bo"], "search finds the restored number");
    let [from, to] = ["34", "12"].map(|number| Some(number.to_owned()));
    let change = FieldChange { field: "phone".to_owned(), from, to };
    assert_eq!(ports.activity(org, bo.id)[0].what, ActivityKind::Edited(vec![change]));
    let events = ports.feed.after(org, Some(events), 10).unwrap();
    assert!(events.iter().all(|event| *event.event.fields == ["phone".to_owned()]), "{events:?}");
    let told: usize = events.iter().map(|event| event.event.contacts.len()).sum();
    assert_eq!(told, 4);
    ports.archive_field(org, &archived.key, false);
    assert_eq!(ports.get(org, cy.id).custom, cy.custom, "values of archived fields stay");
}

pub fn a_field_that_was_edited_since_is_kept(ports: &Ports) {
    let org = ports.org();
    let [ann, bo] = people(ports, org, ["ann", "bo"]);
    let action = acted(ports, org, &[ann.id, bo.id], set_phone(Some("34")));
    acted(ports, org, &[ann.id], set_phone(Some("56")));
    acted(ports, org, &[bo.id], set_phone(None));
    assert_eq!(undo(ports, &action), tally(0, 1, 1));
    assert_eq!(kept(ports, &action), [(ann.id, Some("phone".to_owned()), KeptReason::Edited)]);
    assert_eq!(ports.get(org, ann.id).phone, Some(samples::phone("56")));
}

pub fn merged_and_deleted_contacts_are_listed_and_erased_ones_are_not(ports: &Ports) {
    let org = ports.org();
    let contacts = people(ports, org, ["ann", "bo", "cy", "dee"]);
    let [ann, bo, cy, dee] = &contacts;
    let action = acted(ports, org, &contacts.each_ref().map(|c| c.id), add_tags(&["new"]));
    let now = ports.clock.tick();
    ports.contacts.merge(org, ann.id, bo.id, None, Actor::System, now).unwrap().unwrap();
    assert!(ports.removed(org, cy.id));
    erasures::begin(ports, dee);
    assert_eq!(undo(ports, &action), UndoTally { gone: 1, ..tally(1, 1, 0) });
    let expected = [(bo.id, None, KeptReason::Merged), (cy.id, None, KeptReason::Deleted)];
    assert_eq!(kept(ports, &action), expected);
    assert_eq!(tags_of(ports, ann), ["vip", "x"]);
}

pub fn an_erasure_takes_merged_contacts_out_of_the_journal(ports: &Ports) {
    let org = ports.org();
    let [ann, bo] = people(ports, org, ["ann", "bo"]);
    let action = acted(ports, org, &[ann.id, bo.id], add_tags(&["new"]));
    let now = ports.clock.tick();
    ports.contacts.merge(org, ann.id, bo.id, None, Actor::System, now).unwrap().unwrap();
    erasures::begin(ports, &ports.get(org, ann.id));
    assert_eq!(undo(ports, &action), UndoTally::default());
    assert_eq!(kept(ports, &action), []);
}

pub fn an_undo_that_ended_early_resumes_with_the_parts_that_are_left(ports: &Ports) {
    let org = ports.org();
    let contacts = people(ports, org, ["ann", "bo", "cy"]);
    let action = acted(ports, org, &contacts.each_ref().map(|c| c.id), add_tags(&["new"]));
    let first = started(ports, &action);
    assert_eq!(read(ports, &action).undo, Some(RunState::Queued));
    let now = ports.clock.tick();
    assert_eq!(ports.undos.step(org, first, now).unwrap(), UndoStep::Chunk(tally(1, 0, 0)));
    assert_eq!(read(ports, &action).undo, Some(RunState::Running));
    let end = |id| ports.undos.end(org, id, RunState::Cancelled, None, ports.clock.now()).unwrap();
    assert!(end(first) && !end(first));
    assert_eq!(ports.undos.step(org, first, now).unwrap(), UndoStep::Stopped);
    assert_eq!(read(ports, &action).undo, Some(RunState::Cancelled));
    let tagged = contacts.each_ref().map(|contact| tags_of(ports, contact).len());
    assert_eq!(tagged, [3, 3, 2], "the last part is undone first");

    let again = started(ports, &action);
    let now = ports.clock.tick();
    assert_eq!(ports.undos.step(org, again, now).unwrap(), UndoStep::Chunk(tally(3, 0, 0)));
    let run = ports.runs.find(org, RunId(again.0)).unwrap().unwrap();
    assert_eq!(run, Run::from(&stored(ports, &action)));
    assert_eq!((run.subject_id, run.progress.done, run.progress.done_before), (action.id.0, 2, 1));
    assert_eq!(ports.undos.step(org, again, now).unwrap(), UndoStep::Finished);
    assert_eq!(ports.undos.find(org, again).unwrap(), Some(stored(ports, &action)));
    assert_eq!(read(ports, &action).undo, Some(RunState::Done));
    assert_eq!(ports.actions.list(org, None, 10).unwrap()[0].undo, Some(RunState::Done));
}

pub fn the_applied_parts_of_a_cancelled_action_are_undone(ports: &Ports) {
    let org = ports.org();
    let contacts = people(ports, org, ["ann", "bo", "cy"]);
    let ids = contacts.each_ref().map(|contact| contact.id);
    let action = inserted(ports, org, &frozen(ports, org, ids), add_tags(&["new"]));
    let all = ContactFilter::default();
    ports.actions.apply(&action, 0, 2, &all, ports.clock.tick()).unwrap();
    let now = ports.clock.tick();
    assert!(ports.actions.end(org, action.id, RunState::Cancelled, None, now).unwrap());
    assert_eq!(undo(ports, &action), tally(2, 0, 0));
    assert_eq!(read(ports, &action).state, RunState::Cancelled);
}

pub fn an_action_is_undone_once_after_its_end(ports: &Ports) {
    let org = ports.org();
    let [ann] = people(ports, org, ["ann"]);
    let open = inserted(ports, org, &frozen(ports, org, [ann.id]), add_tags(&["new"]));
    assert_eq!(start(ports, &open).1, UndoStart::NotNow);
    let unknown = Action { id: ActionId(ports.ids.next()), ..open.clone() };
    assert_eq!(start(ports, &unknown).1, UndoStart::NotNow);
    let unsubscribed = acted(ports, org, &[ann.id], ActionKind::Unsubscribe);
    assert_eq!(start(ports, &unsubscribed).1, UndoStart::NotNow);
    let action = acted(ports, org, &[ann.id], remove_tags(&["vip"]));
    assert_eq!(action.undo, None);
    let id = started(ports, &action);
    assert_eq!(start(ports, &action).1, UndoStart::NotNow, "it is being undone");
    let now = ports.clock.tick();
    while let UndoStep::Chunk(_) = ports.undos.step(org, id, now).unwrap() {}
    assert_eq!(start(ports, &action).1, UndoStart::NotNow, "it was undone");
    assert!(!ports.undos.end(org, id, RunState::Cancelled, None, now).unwrap());
    let nothing = acted(ports, org, &[ann.id], remove_tags(&["unknown"]));
    assert_eq!(undo(ports, &nothing), UndoTally::default());
}

pub fn an_undo_queues_its_job(ports: &Ports) {
    let org = ports.org();
    let [ann] = people(ports, org, ["ann"]);
    let action = acted(ports, org, &[ann.id], add_tags(&["new"]));
    let undo = started(ports, &action);
    let (lease, now) = (std::time::Duration::from_secs(30), ports.clock.tick());
    let claimed = ports.jobs.claim(Lane::Work, ports.ids.next(), lease, now).unwrap();
    assert_eq!(claimed.map(|claimed| claimed.job), Some(Job::Undo(undo)));
}

pub fn the_journal_expires_unless_it_is_being_undone(ports: &Ports) {
    let org = ports.org();
    let [ann, bo] = people(ports, org, ["ann", "bo"]);
    let [undone, lost] =
        ["undone", "lost"].map(|name| acted(ports, org, &[ann.id], add_tags(&[name])));
    let id = started(ports, &undone);
    ports.clock.advance(KEEP_JOURNAL.unsigned_abs());
    let late = acted(ports, org, &[bo.id], add_tags(&["late"]));
    ports.housekeeping.sweep(ports.clock.now()).unwrap();
    assert_eq!(start(ports, &lost).1, UndoStart::NoTraces);
    assert_eq!(ports.undos.get(org, subject(&lost)).unwrap(), None);
    assert_eq!(undo(ports, &late), tally(1, 0, 0));
    let now = ports.clock.tick();
    assert_eq!(ports.undos.step(org, id, now).unwrap(), UndoStep::Chunk(tally(1, 0, 0)));
    assert_eq!(tags_of(ports, &ann), ["lost", "vip", "x"]);
}

pub fn a_cancelled_undo_is_not_resumed_after_the_journal_expired(ports: &Ports) {
    let org = ports.org();
    let [ann] = people(ports, org, ["ann"]);
    let action = acted(ports, org, &[ann.id], add_tags(&["new"]));
    let id = started(ports, &action);
    let now = ports.clock.tick();
    assert!(ports.undos.end(org, id, RunState::Cancelled, None, now).unwrap());
    ports.clock.advance(KEEP_JOURNAL.unsigned_abs());
    ports.housekeeping.sweep(ports.clock.now()).unwrap();
    assert_eq!(start(ports, &action).1, UndoStart::NoTraces);
    assert_eq!(stored(ports, &action).state, RunState::Cancelled);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let [ann] = people(ports, org, ["ann"]);
    let action = acted(ports, org, &[ann.id], add_tags(&["new"]));
    assert_eq!(start(ports, &Action { org: other, ..action.clone() }).1, UndoStart::NotNow);
    let (id, now) = (started(ports, &action), ports.clock.now());
    assert_eq!(ports.undos.get(other, subject(&action)).unwrap(), None);
    assert_eq!(ports.undos.step(other, id, now).unwrap(), UndoStep::Stopped);
    assert!(!ports.undos.end(other, id, RunState::Cancelled, None, now).unwrap());
    assert_eq!(stored(ports, &action).state, RunState::Queued);
}
