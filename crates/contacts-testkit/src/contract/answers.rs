//! What a [`contacts_core::answer::AnswerRepository`] promises (R43).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::thread;
use std::time::Duration;

use contacts_core::answer::{AnswerKey, CLAIM, Claim, Fingerprint, Found, KEEP};
use contacts_core::{Clock, Ids, OrgId};

use crate::Ports;

const INSTANT: Duration = Duration::from_micros(1);

/// A claim of the request of a number, under the key of a number.
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

/// A claim that got its key.
fn claimed(ports: &Ports, org: OrgId, key: u8, request: u8) -> Claim {
    let claim = claim(ports, key, request);
    assert_eq!(ports.answers.claim(org, &claim, ports.clock.now()).unwrap(), Found::Nothing);
    claim
}

fn keep(ports: &Ports, org: OrgId, claim: &Claim, answer: Option<&[u8]>) -> bool {
    ports.answers.keep(org, claim, answer.map(<[u8]>::to_vec), ports.clock.now()).unwrap()
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
    assert!(keep(ports, org, &claim, Some(&answer)));
    for _ in 0..2 {
        assert_eq!(found(ports, org, 1, 1), Found::Answer(answer.clone()));
    }
    let empty = claimed(ports, org, 2, 1);
    assert!(keep(ports, org, &empty, Some(&[])));
    assert_eq!(found(ports, org, 2, 1), Found::Answer(Vec::new()));
}

pub fn another_request_under_the_same_key_is_told_apart(ports: &Ports) {
    let org = ports.org();
    let claim = claimed(ports, org, 1, 1);
    assert_eq!(found(ports, org, 1, 2), Found::Another);
    assert!(keep(ports, org, &claim, Some(b"done")));
    assert_eq!(found(ports, org, 1, 2), Found::Another);
    assert_eq!(found(ports, org, 1, 1), Found::Answer(b"done".to_vec()));
}

pub fn a_released_key_is_free_for_any_request(ports: &Ports) {
    let org = ports.org();
    let first = claimed(ports, org, 1, 1);
    ports.answers.release(org, &first).unwrap();
    let second = claimed(ports, org, 1, 2);
    assert!(keep(ports, org, &second, Some(b"done")));
    ports.answers.release(org, &second).unwrap();
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

pub fn a_claim_that_is_held_goes_on(ports: &Ports) {
    let org = ports.org();
    let claim = claimed(ports, org, 1, 1);
    for _ in 0..3 {
        let now = ports.clock.advance(CLAIM - INSTANT);
        assert!(ports.answers.hold(org, &claim, now).unwrap());
        assert_eq!(found(ports, org, 1, 1), Found::Running);
    }
    assert!(keep(ports, org, &claim, Some(b"done")));
    assert!(!ports.answers.hold(org, &claim, ports.clock.now()).unwrap());
}

pub fn whoever_lost_a_claim_changes_nothing(ports: &Ports) {
    let org = ports.org();
    let lost = claimed(ports, org, 1, 1);
    let now = ports.clock.advance(CLAIM);
    let claim = claimed(ports, org, 1, 1);
    assert!(!ports.answers.hold(org, &lost, now).unwrap());
    assert!(!keep(ports, org, &lost, Some(b"lost")));
    ports.answers.release(org, &lost).unwrap();
    assert_eq!(found(ports, org, 1, 1), Found::Running);
    assert!(keep(ports, org, &claim, Some(b"done")));
    assert!(!keep(ports, org, &lost, Some(b"lost")));
    assert!(!keep(ports, org, &claim, Some(b"twice")));
    assert_eq!(found(ports, org, 1, 1), Found::Answer(b"done".to_vec()));
}

pub fn an_answer_is_kept_for_a_day(ports: &Ports) {
    let org = ports.org();
    let claim = claimed(ports, org, 1, 1);
    assert!(keep(ports, org, &claim, Some(b"done")));
    ports.clock.advance(KEEP - INSTANT);
    assert_eq!(found(ports, org, 1, 1), Found::Answer(b"done".to_vec()));
    // Another answer sweeps, and leaves what is still kept.
    let other = claimed(ports, org, 2, 1);
    assert!(keep(ports, org, &other, None));
    assert_eq!(found(ports, org, 1, 1), Found::Answer(b"done".to_vec()));
    ports.clock.advance(INSTANT);
    claimed(ports, org, 1, 2);
}

pub fn an_answer_that_is_not_kept_is_not_given_again(ports: &Ports) {
    let org = ports.org();
    let claim = claimed(ports, org, 1, 1);
    assert!(keep(ports, org, &claim, None));
    assert_eq!(found(ports, org, 1, 1), Found::Erased);
    assert_eq!(found(ports, org, 1, 2), Found::Another);
}

pub fn forgotten_answers_are_gone_and_their_requests_stay_known(ports: &Ports) {
    let org = ports.org();
    for key in 1..=2 {
        let claim = claimed(ports, org, key, key);
        assert!(keep(ports, org, &claim, Some(b"done")));
    }
    assert_eq!(ports.answers.forget_all(org).unwrap(), 2);
    assert_eq!(ports.answers.forget_all(org).unwrap(), 0);
    assert_eq!(found(ports, org, 1, 1), Found::Erased);
    assert_eq!(found(ports, org, 2, 1), Found::Another);
    ports.clock.advance(KEEP);
    claimed(ports, org, 1, 1);
}

pub fn an_answer_that_was_forgotten_while_it_was_made_is_not_kept(ports: &Ports) {
    let org = ports.org();
    let claim = claimed(ports, org, 1, 1);
    assert_eq!(ports.answers.forget_all(org).unwrap(), 1);
    assert_eq!(found(ports, org, 1, 1), Found::Running);
    assert!(keep(ports, org, &claim, Some(b"done")));
    assert_eq!(found(ports, org, 1, 1), Found::Erased);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let claim = claimed(ports, org, 1, 1);
    assert!(!ports.answers.hold(other, &claim, ports.clock.now()).unwrap());
    assert!(!keep(ports, other, &claim, Some(b"forged")));
    ports.answers.release(other, &claim).unwrap();
    assert!(keep(ports, org, &claim, Some(b"done")));
    assert_eq!(ports.answers.forget_all(other).unwrap(), 0);
    claimed(ports, other, 1, 2);
    assert_eq!(found(ports, org, 1, 1), Found::Answer(b"done".to_vec()));
}
