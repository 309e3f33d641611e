//! The contract of [`contacts_core::undo::UndoRepository`] for merges (R53).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::action::{ActionKind, Applied};
use contacts_core::campaign::{ContactCampaigns, DeliveryKind};
use contacts_core::consent::ConsentReason;
use contacts_core::contact::{
    Activity, ActivityKind, AddressChange, Capture, Contact, ContactAddress, ContactFilter,
    ContactId, ContactPatch, DuplicateReason, MergeFields, MergePair, MergeRequest, Patch, Source,
};
use contacts_core::conversation::Conversation;
use contacts_core::event::EventKind;
use contacts_core::import::Policy;
use contacts_core::journal::KEEP_JOURNAL;
use contacts_core::note::Note;
use contacts_core::page::Count;
use contacts_core::run::RunState;
use contacts_core::undo::{
    KeptItem, KeptReason, UndoId, UndoStart, UndoStep, UndoSubject, UndoTally,
};
use contacts_core::{Actor, Clock, Ids, OrgId};

use super::actions::inserted;
use super::check::written;
use super::erasures;
use super::selections::frozen;
use crate::Ports;
use crate::samples::{
    self, capture, custom, email, external_id, new_email, new_name, phone, tags, text, visitor,
};

/// Everything that a contact has, except its version and the time of its last change.
#[derive(Debug, PartialEq)]
struct Whole {
    contact: Contact,
    addresses: Vec<ContactAddress>,
    sources: Vec<Source>,
    notes: Vec<Note>,
    conversations: Vec<Conversation>,
    campaigns: ContactCampaigns,
    activity: Vec<Activity>,
}

fn whole(ports: &Ports, org: OrgId, id: ContactId) -> Whole {
    let contact = ports.get(org, id);
    let mut activity = ports.activity(org, id);
    activity.retain(|entry| !matches!(entry.what, ActivityKind::MergeUndone { .. }));
    Whole {
        contact: Contact { version: 0, updated_at: contact.created_at, ..contact },
        addresses: ports.contacts.addresses(org, id).unwrap(),
        sources: ports.contacts.sources(org, id, None, 100).unwrap(),
        notes: ports.notes(org, id),
        conversations: ports.conversations.of_contact(org, id, None, 100).unwrap(),
        campaigns: ports.campaigns_of(org, id),
        activity,
    }
}

pub(super) fn merge(ports: &Ports, survivor: &Contact, other: &Contact) {
    merge_with(ports, survivor, other, MergeFields::default());
}

fn merge_with(ports: &Ports, survivor: &Contact, other: &Contact, from_other: MergeFields) {
    let (org, now) = (survivor.org, ports.clock.tick());
    let request =
        MergeRequest { survivor: survivor.id, other: other.id, from_other, if_version: None };
    ports.contacts.merge_contacts(org, &request, Actor::System, now).unwrap().unwrap();
}

fn start(ports: &Ports, other: &Contact) -> (UndoId, UndoStart) {
    let (id, now) = (UndoId(ports.ids.next()), ports.clock.tick());
    let subject = UndoSubject::Merge(other.id);
    (id, ports.undos.begin(other.org, subject, id, Actor::System, now).unwrap())
}

/// Undoes the merge of a contact to the end.
pub(super) fn undo(ports: &Ports, other: &Contact) -> UndoTally {
    let (id, start) = start(ports, other);
    assert_eq!(start, UndoStart::Yes);
    finish(ports, other.org, id);
    let undo = ports.undos.get(other.org, UndoSubject::Merge(other.id)).unwrap().unwrap();
    assert_eq!((undo.state, undo.chunks, undo.chunks_done), (RunState::Done, 1, 1));
    undo.tally
}

fn finish(ports: &Ports, org: OrgId, id: UndoId) {
    while let UndoStep::Chunk(_) = ports.undos.step(org, id, ports.clock.tick()).unwrap() {}
}

fn kept(ports: &Ports, other: &Contact) -> Vec<(ContactId, Option<String>, KeptReason)> {
    let kept = ports.undos.kept(other.org, UndoSubject::Merge(other.id), None, 100).unwrap();
    kept.into_iter().map(|KeptItem { contact, field, reason }| (contact, field, reason)).collect()
}

fn restored() -> UndoTally {
    UndoTally { restored: 1, ..UndoTally::default() }
}

fn partly_kept() -> UndoTally {
    UndoTally { kept: 1, ..UndoTally::default() }
}

fn item(
    contact: &Contact,
    field: &str,
    reason: KeptReason,
) -> (ContactId, Option<String>, KeptReason) {
    (contact.id, Some(field.to_owned()), reason)
}

/// Captures a visitor, and returns the contact.
fn captured(ports: &Ports, org: OrgId, who: &str, name: &str, address: &str) -> Contact {
    let met = capture(org, &ports.ids, &ports.clock, visitor(who), name, address);
    let met = Capture { phone: Some(phone("77")), ..met };
    let (id, now) = (ContactId(ports.ids.next()), ports.clock.tick());
    ports.get(org, ports.captures.capture(&met, id, Actor::System, now).unwrap())
}

fn change_address(ports: &Ports, org: OrgId, id: ContactId, change: AddressChange) {
    let patch = ContactPatch { address: Some(change), ..ContactPatch::default() };
    let now = ports.clock.tick();
    ports.contacts.update(org, id, None, &patch, Actor::System, now).unwrap().unwrap();
}

/// Two contacts with everything that a contact can have.
fn two(ports: &Ports, org: OrgId) -> [Contact; 2] {
    let ann = ports.add_with(org, "Ann", "ann@example.org", |contact| {
        contact.tags = tags(&["vip", "old"]);
        contact.custom = custom(&[("tier", text("gold"))]);
    });
    ports.clock.tick();
    let twin = captured(ports, org, "v", "Ann Lee", "a.lee@example.org");
    let id = twin.id;
    let now = ports.clock.tick();
    ports.contacts.tag(org, id, &tags(&["VIP", "new"]), &[], Actor::System, now).unwrap().unwrap();
    let add = AddressChange::Add(email("lee@example.org"));
    change_address(ports, org, id, add);
    let patch =
        ContactPatch { external_id: Patch::Set(external_id("A-1")), ..ContactPatch::default() };
    ports.contacts.update(org, id, None, &patch, Actor::System, now).unwrap().unwrap();
    let import = samples::running_import(ports, org, Policy::default());
    let rows = [("Ann", "ann@example.org"), ("Ann Lee", "a.lee@example.org")]
        .map(|(name, address)| samples::import_row(name, address));
    ports.imports.apply(&import, &samples::chunk(&ports.ids, 0, rows.to_vec()), now).unwrap();
    for contact in [&ann, &twin] {
        ports.note(org, contact.id, "met at the fair");
    }
    let [spring, summer] = ["Spring", "Summer"].map(|name| ports.campaign(org, name));
    for (campaign, contact) in [(&spring, &ann), (&spring, &twin), (&summer, &twin)] {
        ports.clock.tick();
        ports.join(org, campaign, contact.id);
    }
    ports.clock.tick();
    ports.report_delivery(org, &summer, &twin, DeliveryKind::Opened);
    [ports.get(org, ann.id), ports.get(org, twin.id)]
}

fn duplicates(ports: &Ports, of: &Contact) -> Vec<(ContactId, Vec<DuplicateReason>)> {
    let found = ports.duplicates.duplicates(of.org, of.id, None, 10).unwrap();
    found.into_iter().map(|duplicate| (duplicate.contact.id, duplicate.reasons)).collect()
}

pub fn an_undone_merge_leaves_two_contacts_as_they_were(ports: &Ports) {
    let org = ports.org();
    let [ann, twin] = two(ports, org);
    let before = [&ann, &twin].map(|contact| whole(ports, org, contact.id));
    let pairs = duplicates(ports, &ann);
    let from_other = MergeFields { name: true, email: true, ..MergeFields::default() };
    merge_with(ports, &ann, &twin, from_other);
    assert_eq!(ports.contacts.merged_into(org, twin.id).unwrap(), Some(ann.id));
    let end = ports.feed.end(org).unwrap();
    assert_eq!(undo(ports, &twin), restored());
    assert_eq!(kept(ports, &twin), []);
    let mut after = [&ann, &twin].map(|contact| whole(ports, org, contact.id));
    // What the merge and its undo did to the survivor stays in its activity.
    let of_ann = &mut after[0].activity;
    of_ann.retain(|entry| before[0].activity.contains(entry));
    assert_eq!(after, before);
    assert_eq!(duplicates(ports, &ann), pairs);
    assert_eq!(ports.contacts.merged_into(org, twin.id).unwrap(), None);
    assert_eq!(ports.get(org, twin.id).version, twin.version + 1);
    assert_eq!(ports.found(org, "a.lee@"), ["Ann Lee"]);
    let number = ports.contacts.count_quickly(org, &ContactFilter::default()).unwrap();
    assert_eq!(number, Count::Exact(2));
    let undone = |of: &Contact| ActivityKind::MergeUndone { other: of.id, called: of.called() };
    assert_eq!(ports.activity(org, twin.id)[0].what, undone(&ann));
    assert_eq!(ports.activity(org, ann.id)[0].what, undone(&twin));
    let events = ports.feed.after(org, Some(end), 10).unwrap();
    let kinds: Vec<_> =
        events.iter().map(|event| (event.event.kind, event.event.contacts.clone())).collect();
    let expected = [(EventKind::Created, twin.id), (EventKind::Updated, ann.id)];
    assert_eq!(kinds, expected.map(|(kind, id)| (kind, vec![id])));
    let fields = ["external_id", "name", "phone", "addresses", "email", "tags"];
    let mut told = events[1].event.fields.to_vec();
    told.sort();
    let mut fields = fields.map(str::to_owned).to_vec();
    fields.sort();
    assert_eq!(told, fields);
}

pub fn both_contacts_of_an_undone_merge_are_found_again(ports: &Ports) {
    let org = ports.org();
    let [ann, twin] = two(ports, org);
    merge(ports, &ann, &twin);
    undo(ports, &twin);
    assert_eq!(captured(ports, org, "v", "Ann Lee", "").id, twin.id, "the visitor is known again");
    let found = |address| {
        let found = ports.contacts.find_by_email(org, &email(address)).unwrap();
        found.map(|contact| contact.id)
    };
    for (address, owner) in
        [("ann@example.org", ann.id), ("a.lee@example.org", twin.id), ("lee@example.org", twin.id)]
    {
        assert_eq!(found(address), Some(owner));
    }
    let by_external_id = ports.contacts.of_external_id(org, &external_id("A-1")).unwrap();
    assert_eq!(by_external_id.map(|contact| contact.id), Some(twin.id));
}

pub fn what_was_changed_since_a_merge_is_kept(ports: &Ports) {
    let org = ports.org();
    let [ann, twin] = two(ports, org);
    merge_with(ports, &ann, &twin, MergeFields { name: true, ..MergeFields::default() });
    let now = ports.clock.tick();
    let by = Actor::System;
    ports.contacts.update(org, ann.id, None, &new_name("Anna"), by, now).unwrap().unwrap();
    for (add, remove) in [(vec![], tags(&["new"])), (tags(&["new"]), vec![])] {
        let now = ports.clock.tick();
        ports.contacts.tag(org, ann.id, &add, &remove, by, now).unwrap().unwrap();
    }
    let spring = ports.campaigns_of(org, ann.id).items;
    let spring = spring.into_iter().find(|(campaign, _)| campaign.name == "Spring").unwrap().0;
    ports.report_delivery(org, &spring, &ann, DeliveryKind::Sent);
    let remove = AddressChange::Remove(email("a.lee@example.org"));
    change_address(ports, org, ann.id, remove);
    assert_eq!(undo(ports, &twin), partly_kept());
    let mut expected = [
        item(&ann, "name", KeptReason::Edited),
        item(&twin, "campaign", KeptReason::Delivered),
        item(&twin, "email", KeptReason::Edited),
        item(&twin, "tags", KeptReason::Tagged),
    ];
    expected.sort();
    assert_eq!(kept(ports, &twin), expected);
    let (ann, twin) = (ports.get(org, ann.id), ports.get(org, twin.id));
    assert_eq!(ann.name, Some(samples::name("Anna")));
    assert_eq!(written(&ann.tags), ["new", "old", "vip"]);
    assert_eq!(written(&twin.tags), ["vip"]);
    assert_eq!(twin.name, Some(samples::name("Ann Lee")));
    assert_eq!(twin.email, Some(email("lee@example.org")), "another address takes the place");
    let names = |id| {
        let campaigns = ports.campaigns_of(org, id).items;
        campaigns.into_iter().map(|(campaign, _)| campaign.name).collect::<Vec<_>>()
    };
    assert_eq!((names(ann.id), names(twin.id)), (vec!["Spring".into()], vec!["Summer".into()]));
}

pub fn addresses_and_ids_that_others_have_now_are_kept(ports: &Ports) {
    let org = ports.org();
    let [ann, twin] = two(ports, org);
    let own =
        ContactPatch { external_id: Patch::Set(external_id("B-2")), ..ContactPatch::default() };
    let (by, now) = (Actor::System, ports.clock.tick());
    ports.contacts.update(org, ann.id, None, &own, by, now).unwrap().unwrap();
    merge(ports, &ann, &twin);
    let primary = new_email("lee@example.org");
    ports.contacts.update(org, ann.id, None, &primary, by, now).unwrap().unwrap();
    let remove = AddressChange::Remove(email("a.lee@example.org"));
    change_address(ports, org, ann.id, remove);
    let bo = ports.add_with(org, "Bo", "a.lee@example.org", |contact| {
        contact.external_id = Some(external_id("A-1"));
    });
    assert_eq!(undo(ports, &twin), partly_kept());
    let mut expected =
        [item(&twin, "email", KeptReason::Taken), item(&twin, "external_id", KeptReason::Taken)];
    expected.sort();
    assert_eq!(kept(ports, &twin), expected);
    assert_eq!(ports.get(org, bo.id).email, bo.email);
    let (ann, twin) = (ports.get(org, ann.id), ports.get(org, twin.id));
    assert_eq!(ann.email, Some(email("lee@example.org")), "it was chosen since");
    assert_eq!((twin.email, twin.external_id), (None, None));
    assert_eq!(twin.name, Some(samples::name("Ann Lee")));
}

pub fn a_contact_without_a_name_and_an_address_is_not_made_again(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let twin = ports.add(org, "", "a.lee@example.org");
    merge(ports, &ann, &twin);
    let remove = AddressChange::Remove(email("a.lee@example.org"));
    change_address(ports, org, ann.id, remove);
    assert_eq!(undo(ports, &twin), partly_kept());
    assert_eq!(kept(ports, &twin), [(twin.id, None, KeptReason::Edited)]);
    assert_eq!(ports.contacts.merged_into(org, twin.id).unwrap(), Some(ann.id));
}

pub fn undoing_a_merge_raises_no_consent(ports: &Ports) {
    let org = ports.org();
    for who in [0, 1, 2] {
        let [ann, twin] =
            ["a", "b"].map(|name| ports.add(org, name, &format!("{name}{who}@b.example")));
        let nameless = ports.add(org, "No address", "");
        if who < 2 {
            let lowered = [&ann, &twin][who].id;
            ports.lower_consent(org, lowered, ConsentReason::Complained, Some("spam"));
        }
        merge(ports, &ann, &twin);
        merge(ports, &ann, &nameless);
        if who == 2 {
            ports.lower_consent(org, ann.id, ConsentReason::Asked, None);
        }
        let consent = ports.get(org, ann.id).consent;
        assert!(!consent.is_subscribed());
        undo(ports, &nameless);
        undo(ports, &twin);
        for contact in [&ann, &twin, &nameless] {
            assert_eq!(ports.get(org, contact.id).consent, consent, "{who}");
        }
        let lowered: Vec<_> = match who {
            0 => vec![&twin],
            1 => vec![&ann],
            _ => vec![&ann, &twin],
        };
        let expected = lowered.into_iter().map(|c| item(c, "consent", KeptReason::Unsubscribed));
        assert_eq!(kept(ports, &twin), expected.collect::<Vec<_>>());
        // The addresses stay unsubscribed, too.
        assert!(ports.removed(org, twin.id));
        let again = ports.add(org, "b", &format!("b{who}@b.example"));
        assert!(
            !again.consent.is_subscribed() || !ports.get(org, again.id).consent.is_subscribed()
        );
    }
}

pub fn the_last_merge_is_undone_first(ports: &Ports) {
    let org = ports.org();
    let [one, two, three] =
        ["one", "two", "three"].map(|name| ports.add(org, name, &format!("{name}@example.org")));
    let before = [&one, &two, &three].map(|contact| whole(ports, org, contact.id).contact);
    merge(ports, &two, &one);
    merge(ports, &three, &two);
    assert_eq!(start(ports, &one).1, UndoStart::NotNow, "two was merged since");
    assert_eq!(undo(ports, &two), restored());
    assert_eq!(ports.contacts.merged_into(org, one.id).unwrap(), Some(two.id));
    assert_eq!(undo(ports, &one), restored());
    let after = [&one, &two, &three].map(|contact| whole(ports, org, contact.id).contact);
    assert_eq!(after, before);
}

pub fn a_contact_is_merged_and_separated_again_and_again(ports: &Ports) {
    let org = ports.org();
    let [ann, twin] = two(ports, org);
    let before = whole(ports, org, twin.id).contact;
    for _ in 0..3 {
        assert_eq!(start(ports, &twin).1, UndoStart::NotNow, "it is not merged");
        merge(ports, &ann, &twin);
        assert_eq!(undo(ports, &twin), restored());
        assert_eq!(whole(ports, org, twin.id).contact, before);
    }
}

pub fn an_undo_of_a_merge_is_requested_once_and_cancelled(ports: &Ports) {
    let org = ports.org();
    let [ann, twin] = ["a", "b"].map(|name| ports.add(org, name, ""));
    merge(ports, &ann, &twin);
    let (id, begun) = start(ports, &twin);
    assert_eq!((begun, start(ports, &twin).1), (UndoStart::Yes, UndoStart::NotNow));
    let now = ports.clock.tick();
    assert!(ports.undos.end(org, id, RunState::Cancelled, None, now).unwrap());
    assert_eq!(ports.undos.step(org, id, now).unwrap(), UndoStep::Stopped);
    assert_eq!(undo(ports, &twin), restored());
}

pub fn deleting_or_erasing_the_survivor_ends_the_undo_of_its_merges(ports: &Ports) {
    let org = ports.org();
    for is_erased in [false, true] {
        let [ann, twin] = ["a", "b"].map(|name| ports.add(org, name, ""));
        merge(ports, &ann, &twin);
        let (id, begun) = start(ports, &twin);
        assert_eq!(begun, UndoStart::Yes);
        if is_erased {
            erasures::begin(ports, &ports.get(org, ann.id));
        } else {
            assert!(ports.removed(org, ann.id));
        }
        finish(ports, org, id);
        assert_eq!(ports.contacts.get(org, twin.id).unwrap(), None);
        assert_eq!(kept(ports, &twin), [(twin.id, None, KeptReason::Deleted)]);
        assert_eq!(start(ports, &twin).1, UndoStart::NotNow);
    }
}

pub fn a_merge_is_undone_within_30_days(ports: &Ports) {
    let org = ports.org();
    let [ann, bo, cy] = ["a", "b", "c"].map(|name| ports.add(org, name, ""));
    merge(ports, &ann, &bo);
    ports.clock.advance(KEEP_JOURNAL.unsigned_abs());
    merge(ports, &ann, &cy);
    ports.housekeeping.sweep(ports.clock.now()).unwrap();
    assert_eq!(start(ports, &bo).1, UndoStart::NoTraces);
    assert_eq!(undo(ports, &cy), restored());
}

pub fn a_bulk_merge_is_undone_from_the_last_pair_to_the_first(ports: &Ports) {
    let org = ports.org();
    let people: Vec<_> =
        (0..5).map(|n| ports.add(org, &format!("P{n}"), &format!("p{n}@example.org"))).collect();
    let before: Vec<_> = people.iter().map(|c| whole(ports, org, c.id).contact).collect();
    let pair = |survivor: usize, other: usize| MergePair {
        survivor: people[survivor].id,
        other: people[other].id,
    };
    // The second pair names a contact that the first one merges.
    let pairs = vec![pair(0, 1), pair(1, 2), pair(3, 4)];
    let others: Vec<_> = pairs.iter().map(|pair| pair.other).collect();
    let action = inserted(ports, org, &frozen(ports, org, others), ActionKind::Merge(pairs));
    let all = ContactFilter::default();
    while let Applied::Part { .. } =
        ports.actions.apply(&action, 0, 2, &all, ports.clock.tick()).unwrap()
    {}
    assert!(ports.actions.end(org, action.id, RunState::Done, None, ports.clock.tick()).unwrap());
    assert_eq!(undo(ports, &people[4]), restored(), "one merge alone can be undone, too");
    let (id, now) = (UndoId(ports.ids.next()), ports.clock.tick());
    let subject = UndoSubject::Action(action.id);
    let begun = ports.undos.begin(org, subject, id, Actor::System, now).unwrap();
    assert_eq!(begun, UndoStart::Yes);
    finish(ports, org, id);
    let tally = ports.undos.get(org, subject).unwrap().unwrap().tally;
    assert_eq!(tally, UndoTally { restored: 2, unchanged: 1, ..UndoTally::default() });
    let after: Vec<_> = people.iter().map(|c| whole(ports, org, c.id).contact).collect();
    assert_eq!(after, before);
}

pub fn a_merge_of_another_organisation_is_not_undone(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let [ann, twin] = ["a", "b"].map(|name| ports.add(org, name, ""));
    merge(ports, &ann, &twin);
    assert_eq!(start(ports, &Contact { org: other, ..twin.clone() }).1, UndoStart::NotNow);
    let unknown = Contact { id: ContactId(ports.ids.next()), ..twin };
    assert_eq!(start(ports, &unknown).1, UndoStart::NotNow);
}

pub fn an_address_that_was_edited_since_stays_with_the_survivor(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "");
    let twin = ports.add(org, "Ann", "a.lee@example.org");
    merge(ports, &ann, &twin);
    let (by, now) = (Actor::System, ports.clock.tick());
    ports.contacts.update(org, ann.id, None, &new_email("ann@example.org"), by, now).unwrap();
    assert_eq!(undo(ports, &twin), partly_kept());
    assert_eq!(kept(ports, &twin), [item(&ann, "email", KeptReason::Edited)]);
    let (ann, twin) = (ports.get(org, ann.id), ports.get(org, twin.id));
    assert_eq!((ann.email, ann.other_emails), (Some(email("ann@example.org")), vec![]));
    assert_eq!(twin.email, Some(email("a.lee@example.org")), "the former address goes back");
}
