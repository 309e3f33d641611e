//! The contract of [`contacts_core::sync::SyncRepository`] for records.
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::campaign::DeliveryKind;
use contacts_core::contact::{ActivityKind, ContactId, Patch, RawPatch, SourceDetail, SourceKind};
use contacts_core::event::EventKind;
use contacts_core::import::SkipCode;
use contacts_core::page::PageSize;
use contacts_core::sync::{
    Chunk, ConnectedSource, Mode, Record, RecordReader, SourceDefinition, SyncRun, SyncService,
    VanishPolicy,
};
use contacts_core::{Actor, Clock, Ids, OrgId};

use super::check::{display, written};
use super::syncs::{service, sync};
use crate::{FakeConnector, Ports, samples};

/// Returns a chunk of planned records.
pub(super) fn chunk(ports: &Ports, records: &[Record]) -> Chunk {
    let reader = RecordReader::new(&samples::mapping(), &[], None);
    let plan = |record| reader.read(record, ContactId(ports.ids.next()));
    Chunk { records: records.iter().map(plan).collect(), ..Chunk::default() }
}

/// Runs a new connected source once, which returns these records.
pub(super) fn commit_records(ports: &Ports, org: OrgId, records: &[Record]) -> SyncRun {
    let (service, connector) = service(ports);
    let name = ports.ids.next().to_string();
    let source = service
        .create(org, SourceDefinition { name, ..samples::definition() }, Actor::System)
        .unwrap();
    connector.plays(vec![samples::batch(records, "")], None);
    sync(ports, &service, &source)
}

/// A connected source, and the records that it returns.
struct Crm<'a> {
    ports: &'a Ports,
    org: OrgId,
    service: SyncService,
    connector: FakeConnector,
    source: ConnectedSource,
}

impl<'a> Crm<'a> {
    fn of(ports: &'a Ports, mode: Mode, vanish: VanishPolicy) -> Self {
        let (org, (service, connector)) = (ports.org(), service(ports));
        let definition = SourceDefinition { mode, vanish, ..samples::definition() };
        let source = service.create(org, definition, Actor::System).unwrap();
        Self { ports, org, service, connector, source }
    }

    fn new(ports: &'a Ports) -> Self {
        Self::of(ports, Mode::Incremental { cursor: None }, VanishPolicy::Nothing)
    }

    fn commit_records(&self, records: &[Record]) -> SyncRun {
        self.connector.plays(vec![samples::batch(records, "")], None);
        sync(self.ports, &self.service, &self.source)
    }

    fn names(&self) -> Vec<String> {
        self.ports.names(self.org, &Default::default())
    }

    fn edit(&self, id: ContactId, name: &str) {
        let patch = RawPatch { name: Patch::Set(name), ..RawPatch::default() };
        let contacts = self.ports.services().contacts;
        contacts.update(self.org, id, None, &patch, Actor::System).unwrap();
    }
}

fn ann() -> Record {
    samples::record("1", &[("name", "Ann"), ("email", "ann@x.org"), ("tags", "lead, vip")])
}

fn counts(run: &SyncRun) -> (u64, u64, u64) {
    (run.tally.added, run.tally.updated, run.tally.skips())
}

pub fn the_same_records_three_times_change_nothing_after_the_first(ports: &Ports) {
    let crm = Crm::new(ports);
    let records = [ann(), samples::record("2", &[("name", "Bob"), ("phone", "030 901820")])];
    assert_eq!(counts(&crm.commit_records(&records)), (2, 0, 0));
    let end = ports.feed.end(crm.org).unwrap();
    let before = ports.all(crm.org, &Default::default());
    for _ in 0..2 {
        let run = crm.commit_records(&records);
        assert_eq!(counts(&run), (0, 0, 2));
        assert_eq!(run.tally.skipped[&SkipCode::Unchanged], 2);
    }
    assert_eq!(ports.all(crm.org, &Default::default()), before);
    assert_eq!(ports.feed.end(crm.org).unwrap(), end);
}

pub fn records_are_counted_once_each(ports: &Ports) {
    let crm = Crm::new(ports);
    let run = crm.commit_records(&[
        ann(),
        samples::record("1", &[("name", "Anna")]),
        samples::record("1", &[("name", "Anna")]),
        samples::record("2", &[("phone", "1")]),
        samples::record("3", &[("name", "Cy"), ("email", "cy")]),
        samples::record("4", &[("name", "Di"), ("email", "di@x.org"), ("tags", "a,b\u{7}")]),
        samples::record(&"5".repeat(501), &[("name", "Ed")]),
    ]);
    assert_eq!(counts(&run), (2, 1, 4));
    assert_eq!(run.tally.warnings, 1);
    let skipped =
        [SkipCode::Unchanged, SkipCode::Nobody, SkipCode::InvalidEmail, SkipCode::InvalidId];
    assert!(skipped.iter().all(|code| run.tally.skipped[code] == 1));
    let is_logged = |part: &str| run.log.iter().any(|line| line.contains(part));
    assert!(is_logged("record 3 skipped: the email address"), "{:?}", run.log);
    assert!(is_logged("record 4: tags"), "{:?}", run.log);
    assert_eq!(crm.names(), ["Anna", "Di"]);
}

pub fn a_record_is_about_the_contact_of_its_id_and_else_of_its_address(ports: &Ports) {
    let crm = Crm::new(ports);
    let existing = ports.add(crm.org, "", "Ann@X.org");
    assert_eq!(counts(&crm.commit_records(&[ann()])), (0, 1, 0));
    let found = ports.get(crm.org, existing.id);
    assert_eq!((display(&found).as_str(), found.email_key()), ("Ann", "ann@x.org"));
    assert_eq!(found.email.unwrap().as_str(), "Ann@X.org", "somebody typed it so");
    let moved = samples::record("1", &[("name", "Ann"), ("email", "new@x.org"), ("phone", "1")]);
    assert_eq!(counts(&crm.commit_records(&[moved])), (0, 1, 0));
    assert_eq!(ports.get(crm.org, existing.id).phone.unwrap().as_str(), "1");
    assert_eq!(crm.names().len(), 1);
}

pub fn one_of_either_name_or_address_is_enough(ports: &Ports) {
    let crm = Crm::new(ports);
    let records = [
        samples::record("1", &[("name", "Ann")]),
        samples::record("2", &[("email", "bob@x.org")]),
        samples::record("", &[("email", "Cy@x.org")]),
    ];
    assert_eq!(counts(&crm.commit_records(&records)), (3, 0, 0));
    assert_eq!(counts(&crm.commit_records(&records)), (0, 0, 3));
    let contacts = ports.all(crm.org, &Default::default());
    assert!(contacts.iter().all(|contact| contact.is_incomplete()));
    let full = [samples::record("1", &[("name", "Ann"), ("email", "ann@x.org")])];
    assert_eq!(counts(&crm.commit_records(&full)), (0, 1, 0));
    assert!(ports.of_address(crm.org, "ann@x.org").unwrap().is_reachable());
}

pub fn what_somebody_typed_wins(ports: &Ports) {
    let crm = Crm::new(ports);
    crm.commit_records(&[ann()]);
    let id = ports.of_address(crm.org, "ann@x.org").unwrap().id;
    let named = |name: &str| samples::record("1", &[("name", name), ("email", "ann@x.org")]);
    assert_eq!(counts(&crm.commit_records(&[named("Anna")])), (0, 1, 0), "it is its own");
    crm.edit(id, "Typed");
    assert_eq!(counts(&crm.commit_records(&[named("Annie")])), (0, 0, 1));
    assert_eq!(crm.names(), ["Typed"]);
    ports
        .contacts
        .tag(crm.org, id, &[], &samples::tags(&["lead"]), Actor::System, ports.clock.tick())
        .unwrap();
    crm.commit_records(&[ann()]);
    assert_eq!(written(&ports.get(crm.org, id).tags), ["vip"]);
}

pub fn an_address_of_another_contact_is_left_to_it(ports: &Ports) {
    let crm = Crm::new(ports);
    let bob = ports.add(crm.org, "Bob", "bob@x.org");
    crm.commit_records(&[ann()]);
    let run =
        crm.commit_records(&[samples::record("1", &[("name", "Anna"), ("email", "bob@x.org")])]);
    assert_eq!((counts(&run), run.tally.warnings), ((0, 1, 0), 1));
    assert_eq!(ports.of_address(crm.org, "bob@x.org").unwrap().id, bob.id);
    assert_eq!(crm.names(), ["Anna", "Bob"]);
    // An address that a record leaves stays with its contact, so it finds the same one.
    let change = [
        samples::record("1", &[("name", "Anna"), ("email", "cy@x.org")]),
        samples::record("3", &[("name", "Anna"), ("email", "ann@x.org")]),
    ];
    let run = crm.commit_records(&change);
    assert_eq!(counts(&run), (0, 1, 1));
    assert_eq!(crm.names(), ["Anna", "Bob"]);
    let anna = ports.of_address(crm.org, "cy@x.org").unwrap();
    assert_eq!(anna.other_emails, [samples::email("ann@x.org")]);
}

pub fn two_records_of_one_address_are_one_contact(ports: &Ports) {
    let crm = Crm::new(ports);
    let records = [
        samples::record("1", &[("name", "Ann"), ("email", "ann@x.org")]),
        samples::record("2", &[("name", "Annie"), ("email", "ANN@x.org"), ("phone", "1")]),
    ];
    assert_eq!(counts(&crm.commit_records(&records)), (1, 1, 0));
    assert_eq!(counts(&crm.commit_records(&records)), (0, 0, 2));
    let ann = ports.of_address(crm.org, "ann@x.org").unwrap();
    assert_eq!((display(&ann).as_str(), ann.phone.unwrap().as_str()), ("Ann", "1"));
    let sources = ports.contacts.sources(crm.org, ann.id, None, 1_000).unwrap();
    assert_eq!(sources.len(), 2);
}

pub fn an_unsubscribe_stays(ports: &Ports) {
    let crm = Crm::new(ports);
    let campaign = ports.campaign(crm.org, "News");
    let chunk_contacts = ports.add(crm.org, "Ann", "ann@x.org");
    ports.report_delivery(crm.org, &campaign, &chunk_contacts, DeliveryKind::Unsubscribed);
    let stays = || {
        let chunk_contacts = ports.of_address(crm.org, "ann@x.org").unwrap();
        assert!(ports.campaigns_of(crm.org, chunk_contacts.id).unsubscribed_at.is_some());
        chunk_contacts.id
    };
    let contacts = ports.services().contacts;
    contacts.delete(crm.org, chunk_contacts.id, None, Actor::System).unwrap();
    crm.commit_records(&[ann(), samples::record("2", &[("name", "Bob"), ("email", "bob@x.org")])]);
    contacts.delete(crm.org, stays(), None, Actor::System).unwrap();
    // A changed address also matches an existing contact.
    crm.commit_records(&[samples::record("2", &[("name", "Bob"), ("email", "ann@x.org")])]);
    assert_eq!(display(&ports.get(crm.org, stays())), "Bob");
}

pub fn those_who_vanish_are_tagged_once(ports: &Ports) {
    let crm = Crm::of(ports, Mode::Full, VanishPolicy::Tag(samples::tag("Gone")));
    let bob = samples::record("2", &[("name", "Bob"), ("email", "bob@x.org")]);
    crm.commit_records(&[ann(), bob.clone()]);
    let run = crm.commit_records(&[ann()]);
    assert_eq!((counts(&run), run.vanished), ((0, 0, 1), 1));
    let found_bob = || ports.of_address(crm.org, "bob@x.org").unwrap();
    assert_eq!(written(&found_bob().tags), ["Gone"]);
    assert_eq!(written(&ports.of_address(crm.org, "ann@x.org").unwrap().tags), ["lead", "vip"]);
    let tags = [samples::tag("Gone")];
    ports
        .contacts
        .tag(crm.org, found_bob().id, &[], &tags, Actor::System, ports.clock.tick())
        .unwrap();
    assert_eq!(crm.commit_records(&[ann()]).vanished, 0);
    assert_eq!(written(&found_bob().tags), Vec::<&str>::new(), "it was told once");
    crm.commit_records(&[ann(), bob]);
    assert_eq!(crm.commit_records(&[ann()]).vanished, 1, "it was there again meanwhile");
}

pub fn those_who_vanish_are_unlinked(ports: &Ports) {
    let crm = Crm::of(ports, Mode::Full, VanishPolicy::Unlink);
    let bob = ports.add(crm.org, "Bob", "bob@x.org");
    crm.commit_records(&[ann(), samples::record("2", &[("email", "bob@x.org"), ("phone", "1")])]);
    let kinds = |id| {
        let sources = ports.contacts.sources(crm.org, id, None, 1_000).unwrap();
        sources.iter().map(|source| source.detail.kind()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(bob.id), [SourceKind::Manual, SourceKind::Connected]);
    let run = crm.commit_records(&[samples::record("3", &[("name", "Cy")])]);
    assert_eq!(run.vanished, 2);
    assert_eq!(kinds(bob.id), [SourceKind::Manual]);
    let ann = ports.of_address(crm.org, "ann@x.org").unwrap();
    assert_eq!(kinds(ann.id), [SourceKind::Connected], "how it first came stays");
    // The values that the source wrote earlier no longer belong to it.
    let run =
        crm.commit_records(&[samples::record("2", &[("email", "bob@x.org"), ("phone", "2")])]);
    assert_eq!(counts(&run), (0, 0, 1));
}

pub fn a_record_marked_deleted_has_vanished(ports: &Ports) {
    let incremental = Mode::Incremental { cursor: None };
    let crm = Crm::of(ports, incremental, VanishPolicy::Tag(samples::tag("Gone")));
    crm.commit_records(&[ann(), samples::record("2", &[("name", "Bob")])]);
    let deleted = |id: &str| Record { deleted: true, ..samples::record(id, &[]) };
    let run = crm.commit_records(&[deleted("1"), deleted("1"), deleted("9")]);
    assert_eq!((counts(&run), run.vanished), ((0, 1, 2), 0));
    let ann = ports.of_address(crm.org, "ann@x.org").unwrap();
    assert_eq!(written(&ann.tags), ["Gone", "lead", "vip"]);
}

pub fn a_record_that_vanished_and_returned_is_new(ports: &Ports) {
    let crm = Crm::of(ports, Mode::Incremental { cursor: None }, VanishPolicy::Unlink);
    let [ann, bob] =
        ["ann", "bob"].map(|name| ports.add(crm.org, name, &format!("{name}@x.org")).id);
    let record_of = |id: &str, email: &str| samples::record(id, &[("email", email)]);
    let deleted = |id: &str| Record { deleted: true, ..samples::record(id, &[]) };
    crm.commit_records(&[record_of("1", "ann@x.org"), record_of("2", "ann@x.org")]);
    let again = ports.clock.advance(Duration::from_secs(9));
    crm.commit_records(&[
        deleted("1"),
        record_of("1", "ann@x.org"),
        deleted("2"),
        record_of("2", "ann@x.org"),
        deleted("2"),
        record_of("2", "bob@x.org"),
    ]);
    let source_of = |id| {
        let sources = ports.contacts.sources(crm.org, id, None, 1_000).unwrap().into_iter();
        let connected = sources.filter_map(|source| match source.detail {
            SourceDetail::Connected { external_id, .. } => Some((external_id, source.at >= again)),
            _ => None,
        });
        connected.collect::<Vec<_>>()
    };
    assert_eq!(source_of(ann), [("1".to_owned(), true)]);
    assert_eq!(source_of(bob), [("2".to_owned(), true)]);
}

pub fn an_empty_list_is_no_reason_to_vanish(ports: &Ports) {
    let crm = Crm::of(ports, Mode::Full, VanishPolicy::Unlink);
    crm.commit_records(&[ann()]);
    assert_eq!(crm.commit_records(&[]).vanished, 0);
    assert_eq!(counts(&crm.commit_records(&[ann()])), (0, 0, 1));
}

pub fn changes_of_a_source_are_in_the_activity(ports: &Ports) {
    let crm = Crm::new(ports);
    let from = ports.feed.end(crm.org).unwrap();
    crm.commit_records(&[ann()]);
    let id = ports.of_address(crm.org, "ann@x.org").unwrap().id;
    crm.commit_records(&[samples::record("1", &[("name", "Anna"), ("tags", "new")])]);
    let actor = crm.source.actor();
    let size = PageSize::new(50).unwrap();
    let activity = ports.contacts.activity(crm.org, id, None, size).unwrap().items;
    assert!(activity.iter().all(|entry| entry.actor == actor));
    let edited = activity.iter().find_map(|entry| match &entry.what {
        ActivityKind::Edited(changes) => Some(changes.clone()),
        _ => None,
    });
    let edited = edited.unwrap();
    assert_eq!((edited.len(), edited[0].field.as_str()), (1, "name"));
    let is_tagged = |kind: &ActivityKind| matches!(kind, ActivityKind::Tagged { added, .. } if added == &["new"]);
    assert!(activity.iter().any(|entry| is_tagged(&entry.what)));
    assert_eq!(activity.last().unwrap().what, ActivityKind::Created);
    let events = ports.feed.after(crm.org, Some(from), 10).unwrap();
    let is_logged: Vec<_> =
        events.iter().map(|event| (event.event.kind, event.event.actor)).collect();
    assert_eq!(is_logged, [(EventKind::Created, actor), (EventKind::Updated, actor)]);
    assert_eq!(events[1].event.fields, ["name", "tags"]);
    let detail = ports.get(crm.org, id).source.detail;
    let external_id = "1".to_owned();
    assert_eq!(detail, SourceDetail::Connected { source: crm.source.id.0, external_id });
}

pub fn links_of_a_source_follow_a_merge(ports: &Ports) {
    let crm = Crm::new(ports);
    crm.commit_records(&[ann()]);
    let existing = ports.of_address(crm.org, "ann@x.org").unwrap();
    let unchanged_contact = ports.add(crm.org, "Ann Lee", "lee@x.org");
    let now = ports.clock.tick();
    ports
        .contacts
        .merge(crm.org, unchanged_contact.id, existing.id, None, Actor::System, now)
        .unwrap()
        .unwrap();
    let run =
        crm.commit_records(&[samples::record("1", &[("phone", "1"), ("email", "ann@x.org")])]);
    assert_eq!(counts(&run), (0, 1, 0));
    assert_eq!(ports.get(crm.org, unchanged_contact.id).phone.unwrap().as_str(), "1");
    assert_eq!(crm.names(), ["Ann Lee"]);
}

pub fn deleting_a_source_leaves_its_contacts(ports: &Ports) {
    let crm = Crm::new(ports);
    let run = crm.commit_records(&[ann()]);
    crm.service.delete(crm.org, crm.source.id, Actor::System).unwrap();
    let ann_there = ports.of_address(crm.org, "ann@x.org").unwrap();
    assert_eq!(ann_there.source.detail.kind(), SourceKind::Connected);
    assert_eq!(ports.sources.run(crm.org, run.id).unwrap(), None);
    assert_eq!(ports.sources.list(crm.org).unwrap(), []);
    assert!(
        !ports.sources.delete(crm.org, crm.source.id, Actor::System, ports.clock.now()).unwrap()
    );
    assert!(
        crm.service.create(crm.org, samples::definition(), Actor::System).is_ok(),
        "the name is free"
    );
}

pub fn deleting_a_contact_makes_it_unknown(ports: &Ports) {
    let crm = Crm::new(ports);
    crm.commit_records(&[ann()]);
    let id = ports.of_address(crm.org, "ann@x.org").unwrap().id;
    ports.services().contacts.delete(crm.org, id, None, Actor::System).unwrap();
    assert_eq!(counts(&crm.commit_records(&[ann()])), (1, 0, 0));
}

pub fn an_update_keeps_contacts_with_other_sources(ports: &Ports) {
    let crm = Crm::new(ports);
    let bob = ports.add_with(crm.org, "Bob", "bob@x.org", |bob| {
        bob.phone = Some(samples::phone("7"));
    });
    let commit_records =
        samples::record("2", &[("name", "Robert"), ("email", "bob@x.org"), ("phone", "8")]);
    assert_eq!(counts(&crm.commit_records(&[commit_records])), (0, 0, 1));
    let unchanged_contact = ports.get(crm.org, bob.id);
    assert_eq!((unchanged_contact.version, unchanged_contact.phone.unwrap().as_str()), (1, "7"));
    assert_eq!(ports.contacts.sources(crm.org, bob.id, None, 1_000).unwrap().len(), 2);
}
