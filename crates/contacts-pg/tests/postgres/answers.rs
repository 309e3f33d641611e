//! The answer of a keyed request in the transaction of its work (R63).

use contacts_core::answer::{
    AnswerKey, CLAIM, Claim, Fingerprint, Found, RunningClaim, under_claim,
};
use contacts_core::contact::{Contact, ContactId};
use contacts_core::page::PageSize;
use contacts_core::{Actor, Clock, Error, Ids, OrgId};
use contacts_testkit::{Ports, samples};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use crate::support;

/// A keyed request that adds contacts.
struct Request {
    ports: Ports,
    org: OrgId,
    claim: Claim,
}

impl Request {
    fn claimed() -> Self {
        Self::of(support::ports())
    }

    fn of(ports: Ports) -> Self {
        let org = ports.org();
        let request = Self { claim: claim(&ports), ports, org };
        assert_eq!(request.found(&request.claim), Found::Nothing);
        request
    }

    fn found(&self, claim: &Claim) -> Found {
        self.ports.answers.claim(self.org, claim, self.ports.clock.now()).unwrap()
    }

    /// What the client finds when it repeats the request.
    fn found_again(&self) -> Found {
        self.found(&claim(&self.ports))
    }

    fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        let running = RunningClaim { org: self.org, claim: self.claim, waits_for_answer: true };
        under_claim(Some(running), work)
    }

    fn add(&self, name: &str) -> ContactId {
        let Ports { ids, clock, .. } = &self.ports;
        let contact = samples::contact(self.org, ids, clock, name, &format!("{name}@example.org"));
        self.run(|| self.ports.contacts.insert(&contact, Actor::System)).unwrap();
        contact.id
    }

    fn get(&self, id: ContactId) -> Option<Contact> {
        self.ports.contacts.get(self.org, id).unwrap()
    }

    fn answer(&self) -> Result<bool, Error> {
        let (answer, now) = (Some(b"done".to_vec()), self.ports.clock.now());
        self.ports.answers.commit_answer(self.org, &self.claim, 201, answer, now)
    }

    fn release(&self) {
        self.ports.answers.release(self.org, &self.claim, self.ports.clock.now()).unwrap();
    }
}

fn claim(ports: &Ports) -> Claim {
    let (key, fingerprint) = (AnswerKey([1; 32]), Fingerprint([1; 32]));
    Claim { key, fingerprint, by: ports.ids.next() }
}

#[test]
fn the_work_is_committed_with_its_answer() {
    let request = Request::claimed();
    let ann = request.add("ann");
    assert_eq!(request.get(ann), None);
    assert_eq!(request.found_again(), Found::Running);
    assert!(request.answer().unwrap());
    assert!(request.get(ann).is_some());
    assert_eq!(request.found_again(), Found::Answer(b"done".to_vec()));
    // There is nothing left to commit.
    assert!(!request.answer().unwrap());
}

#[test]
fn a_request_without_an_answer_has_changed_nothing() {
    let request = Request::claimed();
    let ann = request.add("ann");
    request.release();
    assert_eq!(request.get(ann), None);
    assert_eq!(request.found_again(), Found::Nothing);
}

#[test]
fn a_request_reads_what_it_has_changed() {
    let request = Request::claimed();
    let ann = request.add("ann");
    assert!(request.run(|| request.get(ann)).is_some());
    assert!(request.answer().unwrap());
}

#[test]
fn a_query_that_fails_undoes_nothing() {
    let (ports, url) = support::ports_and_url();
    let request = Request::of(ports);
    let ann = request.add("ann");
    let mut db = PgConnection::establish(&url).unwrap();
    db.batch_execute("ALTER TABLE notes RENAME TO gone").unwrap();
    let notes = || request.ports.notes.list(request.org, ann, None, PageSize::default());
    assert!(request.run(notes).is_err());
    assert!(request.answer().unwrap());
    assert!(request.get(ann).is_some());
}

#[test]
fn the_next_transaction_commits_the_one_before() {
    let request = Request::claimed();
    let (ann, bob) = (request.add("ann"), request.add("bob"));
    assert!(request.get(ann).is_some());
    assert_eq!(request.get(bob), None);
    request.release();
    assert_eq!(request.get(bob), None);
    // A part of it is done, so it is not done again.
    assert_eq!(request.found_again(), Found::Lost);
}

#[test]
fn a_request_that_was_taken_over_is_undone_with_its_answer() {
    let request = Request::claimed();
    let ann = request.add("ann");
    request.ports.clock.advance(CLAIM);
    assert_eq!(request.found_again(), Found::Nothing);
    assert!(matches!(request.answer(), Err(Error::ClaimLost)));
    assert_eq!(request.get(ann), None);
}

#[test]
fn a_change_that_was_taken_over_fails_the_rest_of_the_request() {
    let request = Request::claimed();
    let ann = request.add("ann");
    request.ports.clock.advance(CLAIM);
    assert_eq!(request.found_again(), Found::Nothing);
    let Ports { ids, clock, .. } = &request.ports;
    let bob = samples::contact(request.org, ids, clock, "bob", "bob@example.org");
    let insert = || request.run(|| request.ports.contacts.insert(&bob, Actor::System));
    assert!(matches!(insert(), Err(Error::ClaimLost)));
    assert!(matches!(request.answer(), Err(Error::Store(_))));
    assert_eq!((request.get(ann), request.get(bob.id)), (None, None));
}
