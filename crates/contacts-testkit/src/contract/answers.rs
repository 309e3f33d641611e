//! The contract of [`contacts_core::answer::AnswerRepository`] (R43).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::thread;
use std::time::Duration;

use contacts_core::answer::{
    AnswerKey, CLAIM, Claim, Fingerprint, Found, RETENTION, RunningClaim, under_claim,
    without_claim,
};
use contacts_core::{Actor, Clock, Error, Ids, OrgId, Result};

use crate::{Ports, samples};

const INSTANT: Duration = Duration::from_micros(1);

/// The status of every answer.
const STATUS: u16 = 422;

/// Returns a claim of a request under a key, both given by number.
fn claim(ports: &Ports, key: u8, request: u8) -> Claim {
    Claim {
        key: AnswerKey([key; 32]),
        fingerprint: Fingerprint([request; 32]),
        by: ports.ids.next(),
    }
}

fn found(ports: &Ports, org: OrgId, key: u8, request: u8) -> Found {
    ports.answers.claim(org, &claim(ports, key, request), ports.clock.now()).unwrap()
}

/// Stores a claim of a free key, and returns it.
fn claimed(ports: &Ports, org: OrgId, key: u8, request: u8) -> Claim {
    let claim = claim(ports, key, request);
    assert_eq!(ports.answers.claim(org, &claim, ports.clock.now()).unwrap(), Found::Nothing);
    claim
}

fn store_answer(ports: &Ports, org: OrgId, claim: &Claim, answer: Option<&[u8]>) -> bool {
    let (answer, now) = (answer.map(<[u8]>::to_vec), ports.clock.now());
    ports.answers.store_answer(org, claim, STATUS, answer, now).unwrap()
}

pub fn a_key_is_claimed_once(ports: &Ports) {
    let org = ports.org();
    claimed(ports, org, 1, 1);
    assert_eq!(found(ports, org, 1, 1), Found::Running);
    claimed(ports, org, 2, 1);
}

pub fn of_many_claims_at_once_one_gets_the_key(ports: &Ports) {
    let org = ports.org();
    for key in 0..10 {
        let won = thread::scope(|scope| {
            let claims: Vec<_> =
                (0..4).map(|_| scope.spawn(|| found(ports, org, key, 1))).collect();
            let found = claims.into_iter().map(|claim| claim.join().unwrap());
            found.filter(|found| *found == Found::Nothing).count()
        });
        assert_eq!(won, 1);
    }
}

pub fn a_repeat_gets_the_answer_as_it_was_kept(ports: &Ports) {
    let org = ports.org();
    let claim = claimed(ports, org, 1, 1);
    let answer: Vec<u8> = (0..=255).collect();
    assert!(store_answer(ports, org, &claim, Some(&answer)));
    for _ in 0..2 {
        assert_eq!(found(ports, org, 1, 1), Found::Answer(answer.clone()));
    }
    let empty = claimed(ports, org, 2, 1);
    assert!(store_answer(ports, org, &empty, Some(&[])));
    assert_eq!(found(ports, org, 2, 1), Found::Answer(Vec::new()));
}

pub fn another_request_with_the_same_key_is_refused(ports: &Ports) {
    let org = ports.org();
    let claim = claimed(ports, org, 1, 1);
    assert_eq!(found(ports, org, 1, 2), Found::Another);
    assert!(store_answer(ports, org, &claim, Some(b"done")));
    assert_eq!(found(ports, org, 1, 2), Found::Another);
    assert_eq!(found(ports, org, 1, 1), Found::Answer(b"done".to_vec()));
}

pub fn a_released_key_is_free_for_any_request(ports: &Ports) {
    let org = ports.org();
    let first = claimed(ports, org, 1, 1);
    ports.answers.release(org, &first, ports.clock.now()).unwrap();
    let second = claimed(ports, org, 1, 2);
    assert!(store_answer(ports, org, &second, Some(b"done")));
    ports.answers.release(org, &second, ports.clock.now()).unwrap();
    assert_eq!(found(ports, org, 1, 2), Found::Answer(b"done".to_vec()));
}

pub fn a_claim_without_a_sign_of_life_ends_after_a_minute(ports: &Ports) {
    let org = ports.org();
    claimed(ports, org, 1, 1);
    ports.clock.advance(CLAIM - INSTANT);
    assert_eq!(found(ports, org, 1, 1), Found::Running);
    ports.clock.advance(INSTANT);
    claimed(ports, org, 1, 1);
    assert_eq!(found(ports, org, 1, 1), Found::Running);
}

pub fn an_extended_claim_lasts(ports: &Ports) {
    let org = ports.org();
    let claim = claimed(ports, org, 1, 1);
    for _ in 0..3 {
        let now = ports.clock.advance(CLAIM - INSTANT);
        assert!(ports.answers.extend_claim(org, &claim, now).unwrap());
        assert_eq!(found(ports, org, 1, 1), Found::Running);
    }
    assert!(store_answer(ports, org, &claim, Some(b"done")));
    assert!(!ports.answers.extend_claim(org, &claim, ports.clock.now()).unwrap());
}

pub fn a_lost_claim_changes_nothing(ports: &Ports) {
    let org = ports.org();
    let lost = claimed(ports, org, 1, 1);
    let now = ports.clock.advance(CLAIM);
    let claim = claimed(ports, org, 1, 1);
    assert!(!ports.answers.extend_claim(org, &lost, now).unwrap());
    assert!(!store_answer(ports, org, &lost, Some(b"lost")));
    ports.answers.release(org, &lost, now).unwrap();
    assert_eq!(found(ports, org, 1, 1), Found::Running);
    assert!(store_answer(ports, org, &claim, Some(b"done")));
    assert!(!store_answer(ports, org, &lost, Some(b"lost")));
    assert!(!store_answer(ports, org, &claim, Some(b"twice")));
    assert_eq!(found(ports, org, 1, 1), Found::Answer(b"done".to_vec()));
}

pub fn an_answer_is_kept_for_a_day(ports: &Ports) {
    let org = ports.org();
    let claim = claimed(ports, org, 1, 1);
    assert!(store_answer(ports, org, &claim, Some(b"done")));
    ports.clock.advance(RETENTION - INSTANT);
    assert_eq!(found(ports, org, 1, 1), Found::Answer(b"done".to_vec()));
    // Storing another answer deletes expired answers, and leaves the others.
    let other = claimed(ports, org, 2, 1);
    assert!(store_answer(ports, org, &other, None));
    assert_eq!(found(ports, org, 1, 1), Found::Answer(b"done".to_vec()));
    ports.clock.advance(INSTANT);
    claimed(ports, org, 1, 2);
}

pub fn an_answer_that_is_not_kept_is_not_given_again(ports: &Ports) {
    let org = ports.org();
    let claim = claimed(ports, org, 1, 1);
    assert!(store_answer(ports, org, &claim, None));
    assert_eq!(found(ports, org, 1, 1), Found::Erased(Some(STATUS)));
    assert_eq!(found(ports, org, 1, 2), Found::Another);
}

pub fn erased_answers_leave_a_record_of_their_requests(ports: &Ports) {
    let org = ports.org();
    for key in 1..=2 {
        let claim = claimed(ports, org, key, key);
        assert!(store_answer(ports, org, &claim, Some(b"done")));
    }
    assert_eq!(ports.answers.forget_all(org).unwrap(), 2);
    assert_eq!(ports.answers.forget_all(org).unwrap(), 0);
    assert_eq!(found(ports, org, 1, 1), Found::Erased(Some(STATUS)));
    assert_eq!(found(ports, org, 2, 1), Found::Another);
    ports.clock.advance(RETENTION);
    claimed(ports, org, 1, 1);
}

pub fn an_answer_erased_in_progress_is_not_stored(ports: &Ports) {
    let org = ports.org();
    let claim = claimed(ports, org, 1, 1);
    assert_eq!(ports.answers.forget_all(org).unwrap(), 1);
    assert_eq!(found(ports, org, 1, 1), Found::Running);
    assert!(store_answer(ports, org, &claim, Some(b"done")));
    assert_eq!(found(ports, org, 1, 1), Found::Erased(Some(STATUS)));
}

/// Adds a contact under a claim.
fn work(ports: &Ports, org: OrgId, claim: &Claim) -> Result<()> {
    let claim = RunningClaim { org, claim: *claim, waits_for_answer: false };
    let contact = samples::contact(org, &ports.ids, &ports.clock, "Ann", "ann@example.org");
    under_claim(Some(claim), || ports.contacts.insert(&contact, Actor::System))
}

fn contacts(ports: &Ports, org: OrgId) -> u64 {
    ports.contacts.count(org, &Default::default()).unwrap()
}

pub fn a_request_that_was_carried_out_is_never_free_again(ports: &Ports) {
    let org = ports.org();
    let claim = claimed(ports, org, 1, 1);
    work(ports, org, &claim).unwrap();
    assert_eq!(found(ports, org, 1, 1), Found::Running);
    // Its server died.
    ports.clock.advance(CLAIM);
    assert_eq!(found(ports, org, 1, 1), Found::Lost);
    assert_eq!(found(ports, org, 1, 2), Found::Another);
    // Storing another answer deletes expired answers, and leaves this one.
    let other = claimed(ports, org, 2, 1);
    assert!(store_answer(ports, org, &other, None));
    ports.clock.advance(RETENTION - INSTANT);
    assert_eq!(found(ports, org, 1, 1), Found::Lost);
    ports.clock.advance(INSTANT);
    let second = claimed(ports, org, 1, 1);
    ports.answers.release(org, &second, ports.clock.now()).unwrap();
    claimed(ports, org, 1, 1);
}

pub fn a_request_that_was_carried_out_is_not_released(ports: &Ports) {
    let org = ports.org();
    let claim = claimed(ports, org, 1, 1);
    work(ports, org, &claim).unwrap();
    ports.answers.release(org, &claim, ports.clock.now()).unwrap();
    assert_eq!(found(ports, org, 1, 1), Found::Lost);
}

pub fn an_answer_that_was_late_is_stored(ports: &Ports) {
    let org = ports.org();
    let claim = claimed(ports, org, 1, 1);
    work(ports, org, &claim).unwrap();
    ports.clock.advance(CLAIM);
    assert_eq!(found(ports, org, 1, 1), Found::Lost);
    assert!(store_answer(ports, org, &claim, Some(b"done")));
    assert_eq!(found(ports, org, 1, 1), Found::Answer(b"done".to_vec()));
}

pub fn work_that_fails_marks_nothing(ports: &Ports) {
    let org = ports.org();
    work(ports, org, &claimed(ports, org, 1, 1)).unwrap();
    let claim = claimed(ports, org, 2, 1);
    assert!(matches!(work(ports, org, &claim), Err(Error::EmailTaken(_))));
    ports.answers.release(org, &claim, ports.clock.now()).unwrap();
    claimed(ports, org, 2, 1);
}

pub fn preparation_marks_nothing(ports: &Ports) {
    let org = ports.org();
    let claim = claimed(ports, org, 1, 1);
    let contact = samples::contact(org, &ports.ids, &ports.clock, "Ann", "ann@example.org");
    under_claim(Some(RunningClaim { org, claim, waits_for_answer: false }), || {
        assert_eq!(ports.contacts.get(org, contact.id).unwrap(), None);
        without_claim(|| ports.contacts.insert(&contact, Actor::System)).unwrap();
    });
    ports.answers.release(org, &claim, ports.clock.now()).unwrap();
    claimed(ports, org, 1, 1);
}

pub fn a_request_that_was_taken_over_changes_nothing(ports: &Ports) {
    let org = ports.org();
    let frozen = claimed(ports, org, 1, 1);
    ports.clock.advance(CLAIM);
    let claim = claimed(ports, org, 1, 1);
    assert!(matches!(work(ports, org, &frozen), Err(Error::ClaimLost)));
    assert_eq!(contacts(ports, org), 0);
    work(ports, org, &claim).unwrap();
    assert!(matches!(work(ports, org, &frozen), Err(Error::EmailTaken(_) | Error::ClaimLost)));
    assert_eq!(contacts(ports, org), 1);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let claim = claimed(ports, org, 1, 1);
    assert!(!ports.answers.extend_claim(other, &claim, ports.clock.now()).unwrap());
    assert!(!store_answer(ports, other, &claim, Some(b"forged")));
    ports.answers.release(other, &claim, ports.clock.now()).unwrap();
    assert!(store_answer(ports, org, &claim, Some(b"done")));
    assert_eq!(ports.answers.forget_all(other).unwrap(), 0);
    claimed(ports, other, 1, 2);
    assert_eq!(found(ports, org, 1, 1), Found::Answer(b"done".to_vec()));
}
