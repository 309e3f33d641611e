//! Storms: a few people turn up under several of their addresses, through every door at once.

use std::collections::BTreeSet;
use std::time::Duration;

use contacts_core::audit::Check;
use contacts_core::batch::Batch;
use contacts_core::consent::{ConsentChange, ConsentReason};
use contacts_core::contact::{AddressChange, ContactFilter, ContactId, ContactPatch, SortBy};
use contacts_core::import::{Policy, RequiredValues, RowRules};
use contacts_core::undo::{UndoId, UndoStep, UndoSubject};
use contacts_core::{Actor, Clock, Error, Ids, OrgId};
use contacts_testkit::{Ports, samples};

use crate::support;

const THREADS: usize = 8;
const STEPS: usize = 60;

/// The addresses of three people. The first address of each person is unsubscribed.
const ADDRESSES: [&str; 9] = [
    "ann@example.org",
    "ann@work.example",
    "ann@home.example",
    "bo@example.org",
    "bo@work.example",
    "bo@home.example",
    "cy@example.org",
    "cy@work.example",
    "cy@home.example",
];

/// One step of a thread. The steps are mixed so that all doors and addresses meet.
struct Step<'a> {
    ports: &'a Ports,
    org: OrgId,
    mix: usize,
}

impl Step<'_> {
    fn address(&self, place: usize) -> &'static str {
        ADDRESSES[(self.mix * 7 + place) % ADDRESSES.len()]
    }

    fn run(&self) {
        let ids = ids(self.ports, self.org);
        let one = ids.get(self.mix % ids.len().max(1)).copied();
        let other = ids.get((self.mix / 3) % ids.len().max(1)).copied();
        match (self.mix % 6, one, other) {
            (0, ..) => self.capture(),
            (1, ..) => self.batch(),
            (2, Some(one), _) => self.patch(one, samples::new_email(self.address(1))),
            (3, Some(one), _) => {
                let address = samples::email(self.address(2));
                let change = match self.mix % 4 {
                    0 => AddressChange::Remove(address),
                    _ => AddressChange::Add(address),
                };
                self.patch(one, ContactPatch { address: Some(change), ..ContactPatch::default() });
            }
            (4, Some(one), Some(other)) if one != other => {
                let now = self.ports.clock.now();
                self.ports.contacts.merge(self.org, one, other, None, Actor::System, now).unwrap();
                if self.mix.is_multiple_of(2) {
                    self.undo(other);
                }
            }
            _ => self.capture(),
        }
    }

    fn capture(&self) {
        let Self { ports, org, mix } = *self;
        let visitor = samples::visitor(["v", "w", "x", "y"][mix / 5 % 4]);
        let (ids, clock) = (&ports.ids, &ports.clock);
        let reported = samples::capture(org, ids, clock, visitor, "Ann", self.address(0));
        let id = ContactId(ids.next());
        ports.captures.capture(&reported, id, Actor::System, clock.now()).unwrap();
    }

    fn batch(&self) {
        let Self { ports, org, .. } = *self;
        let items = (0..3).map(|place| samples::import_row("Bo", self.address(place * 2)));
        let items = (1..).zip(items).map(|(at, item)| samples::planned(&ports.ids, at, item));
        let required = RequiredValues::NameOrAddress;
        let rules = RowRules { policy: Policy::Overwrite, key: None, required };
        let batch = Batch { org, actor: Actor::System, rules, items: items.collect() };
        ports.batches.apply(&batch, ports.clock.now()).unwrap();
    }

    fn patch(&self, id: ContactId, patch: ContactPatch) {
        let Self { ports, org, .. } = *self;
        match ports.contacts.update(org, id, None, &patch, Actor::System, ports.clock.now()) {
            Ok(_) | Err(Error::EmailTaken(_) | Error::Invalid(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }

    fn undo(&self, merged: ContactId) {
        let Self { ports, org, .. } = *self;
        let (id, now) = (UndoId(ports.ids.next()), ports.clock.now());
        let subject = UndoSubject::Merge(merged);
        if ports.undos.begin(org, subject, id, Actor::System, now).is_ok() {
            while let UndoStep::Chunk(_) = ports.undos.step(org, id, ports.clock.now()).unwrap() {}
        }
    }
}

fn ids(ports: &Ports, org: OrgId) -> Vec<ContactId> {
    let page = samples::page(SortBy::Created, false, 200);
    let listed = ports.contacts.list(org, &ContactFilter::default(), &page).unwrap();
    listed.items.into_iter().map(|contact| contact.id).collect()
}

#[test]
fn an_address_is_one_contacts_and_stays_unsubscribed_through_every_door() {
    // Checks R48 to R51 and R53.
    let ports = support::ports();
    let (org, now) = (ports.org(), ports.clock.now());
    let lower = ConsentChange::Lower { reason: ConsentReason::Asked, note: None };
    for address in ADDRESSES.iter().step_by(3) {
        let contact = samples::contact(org, &ports.ids, &ports.clock, "Ann", address);
        ports.contacts.insert(&contact, Actor::System).unwrap();
        ports.consents.change(org, contact.id, &lower, Actor::System, now).unwrap();
    }
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let ports = &ports;
            scope.spawn(move || {
                for step in 0..STEPS {
                    Step { ports, org, mix: thread * 31 + step * 17 }.run();
                }
            });
        }
    });
    let mut found = BTreeSet::new();
    for id in ids(&ports, org) {
        let contact = ports.contacts.get(org, id).unwrap().unwrap();
        let addresses = ports.contacts.addresses(org, id).unwrap();
        let stored: Vec<_> = addresses.iter().map(|address| &address.email).collect();
        assert_eq!(stored, contact.emails().collect::<Vec<_>>(), "two places say the same");
        for email in contact.emails() {
            assert!(found.insert(email.key().to_owned()), "{email} belongs to two contacts");
            let was_unsubscribed = email.as_str().ends_with("@example.org");
            assert!(!(was_unsubscribed && contact.consent.is_subscribed()), "{email}");
        }
    }
    assert!(found.is_subset(&ADDRESSES.iter().map(|one| (*one).to_owned()).collect()));
    let audit = ports.services().audit;
    for check in Check::ALL {
        assert_eq!(audit.check(org, *check, Duration::from_secs(60)).unwrap(), None);
    }
}
