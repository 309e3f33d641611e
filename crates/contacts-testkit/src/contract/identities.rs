//! The contract of [`contacts_core::identity::IdentityRepository`] (R60).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::sync::Barrier;
use std::{slice, thread};

use contacts_core::contact::EmailAddress;
use contacts_core::identity::{Access, Identity, IdentitySignIn, Refusal, SignInOutcome};
use contacts_core::invitation::INVITATION_LIFE;
use contacts_core::key::Role;
use contacts_core::session::{Session, User, UserId, UserPatch};
use contacts_core::trail::{TrailEvent, TrailFilter};
use contacts_core::{Actor, Clock, Error, Ids, OrgId};

use crate::Ports;
use crate::samples::{invitation, new_session, user};

const NOBODY: Access = Access { role: None, new_user: None };
const VIEWERS: Access = Access { role: None, new_user: Some(Role::Viewer) };

fn given(role: Role) -> Access {
    Access { role: Some(role), new_user: Some(role) }
}

fn identity(subject: &str) -> Identity {
    Identity::new("https://login.example.org", subject).unwrap()
}

/// Returns the sign-in of Ann with an address and an access.
fn ann(ports: &Ports, email: Option<&str>, access: Access) -> IdentitySignIn {
    IdentitySignIn {
        identity: identity("ann-1"),
        provider: "Example Ltd".to_owned(),
        email: email.map(|email| EmailAddress::parse(email).unwrap()),
        access,
        new_user: UserId(ports.ids.next()),
        name: "Ann Lee".to_owned(),
    }
}

/// Signs in with a session whose secret is `random`.
fn sign_in(ports: &Ports, org: OrgId, attempt: &IdentitySignIn, random: u8) -> SignInOutcome {
    let (session, _) = new_session(org, &ports.ids, &ports.clock, random);
    ports.identities.sign_in(org, attempt, &session).unwrap()
}

fn signed_in(outcome: SignInOutcome) -> (Session, User) {
    match outcome {
        SignInOutcome::SignedIn(opened) => *opened,
        SignInOutcome::Refused(refusal) => panic!("{refusal:?}"),
    }
}

fn users(ports: &Ports, org: OrgId) -> Vec<User> {
    ports.sessions.users(org, None, 9).unwrap()
}

pub fn the_first_sign_in_makes_a_user_and_the_second_finds_the_same(ports: &Ports) {
    let org = ports.org();
    let first = ann(ports, Some("Ann@Example.org"), VIEWERS);
    let (asked, secret) = new_session(org, &ports.ids, &ports.clock, 1);
    let (session, user) = signed_in(ports.identities.sign_in(org, &first, &asked).unwrap());
    assert_eq!(session, Session::open(org, first.new_user, &asked));
    let made = (user.id, &*user.name, user.role, user.last_seen_at);
    assert_eq!(made, (first.new_user, "Ann Lee", Role::Viewer, Some(asked.at)));
    assert_eq!(user.email.as_ref().unwrap().as_str(), "Ann@Example.org");
    assert_eq!(ports.sessions.find(org, secret.hash()).unwrap(), Some((session, user.clone())));
    ports.clock.tick();
    // The address, the name and the rules of the issuer may have changed.
    let mut second = ann(ports, Some("lee@example.org"), NOBODY);
    second.name = "Ann Miller".to_owned();
    let (_, found) = signed_in(sign_in(ports, org, &second, 2));
    assert_eq!(found, User { last_seen_at: Some(ports.clock.now()), ..user });
    assert_eq!(users(ports, org), slice::from_ref(&found));
    let identities = ports.identities.of_users(org, &[found.id, UserId(ports.ids.next())]).unwrap();
    assert_eq!(identities, [(found.id, [identity("ann-1")].into())].into());
}

pub fn a_person_without_an_invitation_is_refused(ports: &Ports) {
    let org = ports.org();
    let (other, _) = invitation(ports, org, "bob@example.org", 1);
    ports.invitations.insert(other.clone(), 9).unwrap();
    for email in [Some("ann@example.org"), None] {
        let outcome = sign_in(ports, org, &ann(ports, email, NOBODY), 2);
        assert_eq!(outcome, SignInOutcome::Refused(Refusal::NotInvited), "{email:?}");
    }
    assert_eq!(users(ports, org), []);
    assert_eq!(ports.invitations.list(org, None, 9).unwrap(), [other]);
}

pub fn an_invitation_for_the_verified_address_makes_a_user_once(ports: &Ports) {
    let org = ports.org();
    let (invited, token) = invitation(ports, org, "ann@example.org", 1);
    ports.invitations.insert(invited.clone(), 9).unwrap();
    let attempt = ann(ports, Some("Ann@Example.ORG"), VIEWERS);
    let (_, user) = signed_in(sign_in(ports, org, &attempt, 2));
    assert_eq!(user.role, invited.role, "that of the invitation");
    assert_eq!(ports.invitations.list(org, None, 9).unwrap(), []);
    let (session, _) = new_session(org, &ports.ids, &ports.clock, 3);
    let name = "Eve".to_owned();
    let eve = contacts_core::invitation::NewUser { id: UserId(ports.ids.next()), name };
    assert_eq!(ports.invitations.accept(org, token.hash(), &eve, &session).unwrap(), None);
}

pub fn an_expired_invitation_makes_no_user(ports: &Ports) {
    let org = ports.org();
    let (invited, _) = invitation(ports, org, "ann@example.org", 1);
    ports.invitations.insert(invited.clone(), 9).unwrap();
    ports.clock.advance(INVITATION_LIFE.unsigned_abs());
    let outcome = sign_in(ports, org, &ann(ports, Some("ann@example.org"), NOBODY), 2);
    assert_eq!(outcome, SignInOutcome::Refused(Refusal::NotInvited));
}

pub fn a_user_with_the_address_is_not_taken_over(ports: &Ports) {
    let org = ports.org();
    let mut attempt = ann(ports, Some("ann@example.org"), VIEWERS);
    signed_in(sign_in(ports, org, &attempt, 1));
    attempt.identity = identity("somebody-else");
    attempt.new_user = UserId(ports.ids.next());
    let outcome = sign_in(ports, org, &attempt, 2);
    assert_eq!(outcome, SignInOutcome::Refused(Refusal::AddressTaken));
    assert_eq!(users(ports, org).len(), 1);
}

pub fn a_deactivated_user_is_refused(ports: &Ports) {
    let org = ports.org();
    let (_, user) = signed_in(sign_in(ports, org, &ann(ports, None, VIEWERS), 1));
    let off = UserPatch { role: None, active: Some(false) };
    let now = ports.clock.now();
    ports.sessions.change_user(org, user.id, off, Actor::System, now).unwrap().unwrap();
    let outcome = sign_in(ports, org, &ann(ports, None, given(Role::Administrator)), 2);
    assert_eq!(outcome, SignInOutcome::Refused(Refusal::Deactivated));
    assert_eq!(users(ports, org)[0].role, Role::Viewer, "nothing changes");
    assert_eq!(ports.sessions.count_sessions(org, &[user.id], now).unwrap(), [].into());
}

pub fn a_role_of_a_claim_replaces_the_users(ports: &Ports) {
    let org = ports.org();
    let (invited, _) = invitation(ports, org, "ann@example.org", 1);
    ports.invitations.insert(invited.clone(), 9).unwrap();
    let attempt = ann(ports, Some("ann@example.org"), given(Role::Manager));
    let (_, user) = signed_in(sign_in(ports, org, &attempt, 2));
    assert_eq!(user.role, Role::Manager, "also instead of the invitation's");
    let attempt = ann(ports, None, given(Role::Viewer));
    let (_, user) = signed_in(sign_in(ports, org, &attempt, 3));
    assert_eq!(user.role, Role::Viewer);
    assert_eq!(users(ports, org)[0].role, Role::Viewer);
}

pub fn the_last_active_administrator_keeps_the_role(ports: &Ports) {
    let org = ports.org();
    let (_, ann_user) =
        signed_in(sign_in(ports, org, &ann(ports, None, given(Role::Administrator)), 1));
    let (_, user_now) = signed_in(sign_in(ports, org, &ann(ports, None, given(Role::Viewer)), 2));
    assert_eq!(user_now.role, Role::Administrator);
    let mut other = user(org, &ports.ids, &ports.clock, "Bob");
    other.role = Role::Administrator;
    ports.sessions.insert_user(&other, Actor::System).unwrap();
    let (_, user_now) = signed_in(sign_in(ports, org, &ann(ports, None, given(Role::Viewer)), 3));
    assert_eq!((user_now.id, user_now.role), (ann_user.id, Role::Viewer));
}

pub fn a_taken_name_gets_a_number(ports: &Ports) {
    let org = ports.org();
    for (at, name) in ["Ann Lee", "Ann Lee 2", "Ann Lee 3"].into_iter().enumerate() {
        let mut attempt = ann(ports, None, VIEWERS);
        attempt.identity = identity(&format!("ann-{at}"));
        let random = 1 + u8::try_from(at).unwrap();
        let (_, user) = signed_in(sign_in(ports, org, &attempt, random));
        assert_eq!(user.name, name);
    }
}

pub fn of_many_first_sign_ins_at_once_one_makes_the_user(ports: &Ports) {
    const MANY: u8 = 6;
    let org = ports.org();
    let start = Barrier::new(usize::from(MANY));
    let enter = &|at: u8| {
        let attempt = ann(ports, Some("ann@example.org"), VIEWERS);
        start.wait();
        signed_in(sign_in(ports, org, &attempt, 1 + at)).1.id
    };
    let entered: Vec<_> = thread::scope(|scope| {
        let all: Vec<_> = (0..MANY).map(|at| scope.spawn(move || enter(at))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let users = users(ports, org);
    assert_eq!(users.len(), 1);
    assert_eq!(entered, vec![users[0].id; usize::from(MANY)]);
}

pub fn sign_ins_are_recorded_with_the_issuer(ports: &Ports) {
    let org = ports.org();
    let (session, user) =
        signed_in(sign_in(ports, org, &ann(ports, Some("ann@example.org"), VIEWERS), 1));
    ports.clock.tick();
    signed_in(sign_in(ports, org, &ann(ports, None, given(Role::Editor)), 2));
    let entries = ports.trail.list(org, &TrailFilter::default(), None, 9).unwrap();
    assert!(entries.iter().all(|entry| entry.actor == user.actor()), "{entries:?}");
    assert!(!format!("{entries:?}").contains("ann"), "{entries:?}");
    let first = entries.iter().find(|entry| entry.event.subject == Some(session.id.0)).unwrap();
    assert_eq!(first.event.details, ["Example Ltd"]);
    let mut kinds: Vec<_> = entries.iter().map(|entry| entry.event.kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["role_changed", "signed_in", "signed_in", "user_added"]);
}

pub fn an_identity_is_bound_to_a_user_once(ports: &Ports) {
    let org = ports.org();
    let (_, bob, _) = crate::samples::signed_in(ports, org, "Bob", 1);
    let (_, eve, _) = crate::samples::signed_in(ports, org, "Eve", 3);
    let now = ports.clock.tick();
    let connect =
        |user| ports.identities.connect(org, user, &identity("bob-1"), "Example Ltd", now);
    assert!(connect(bob.id).unwrap());
    assert!(connect(bob.id).unwrap(), "it is bound already");
    assert!(!connect(eve.id).unwrap(), "it stays with Bob");
    let mut attempt = ann(ports, Some("bob@example.org"), NOBODY);
    attempt.identity = identity("bob-1");
    assert_eq!(signed_in(sign_in(ports, org, &attempt, 5)).1.id, bob.id);
    let entries = ports.trail.list(org, &TrailFilter::default(), None, 99).unwrap();
    let connected = TrailEvent::identity_connected(bob.id, "Example Ltd");
    let mut recorded = entries.iter().filter(|entry| entry.event == connected);
    assert_eq!(recorded.next().map(|entry| entry.actor), Some(bob.actor()));
    assert_eq!(recorded.next(), None);
    let patch = UserPatch { role: None, active: Some(false) };
    ports.sessions.change_user(org, eve.id, patch, Actor::System, now).unwrap();
    let other = ports.org();
    for (org, user) in [(org, eve.id), (org, UserId(ports.ids.next())), (other, bob.id)] {
        let refused = ports.identities.connect(org, user, &identity("x"), "Example Ltd", now);
        assert!(matches!(refused, Err(Error::NotFound("user"))), "{refused:?}");
    }
}

pub fn the_identities_of_a_user_are_removed(ports: &Ports) {
    let org = ports.org();
    let (_, user) = signed_in(sign_in(ports, org, &ann(ports, None, VIEWERS), 1));
    let now = ports.clock.tick();
    assert!(
        ports.identities.connect(org, user.id, &identity("ann-2"), "Example Ltd", now).unwrap()
    );
    let remove = |org| ports.identities.disconnect(org, user.id, Actor::System, now).unwrap();
    assert!(!remove(ports.org()));
    assert!(remove(org));
    assert!(!remove(org));
    assert_eq!(ports.identities.of_users(org, &[user.id]).unwrap(), [].into());
    let outcome = sign_in(ports, org, &ann(ports, None, NOBODY), 2);
    assert_eq!(outcome, SignInOutcome::Refused(Refusal::NotInvited));
    let entries = ports.trail.list(org, &TrailFilter::default(), None, 99).unwrap();
    let removed = TrailEvent::identities_removed(user.id);
    assert_eq!(entries.iter().filter(|entry| entry.event == removed).count(), 1);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let (_, user) = signed_in(sign_in(ports, org, &ann(ports, None, VIEWERS), 1));
    let outcome = sign_in(ports, other, &ann(ports, None, NOBODY), 2);
    assert_eq!(outcome, SignInOutcome::Refused(Refusal::NotInvited));
    assert_eq!(ports.identities.of_users(other, &[user.id]).unwrap(), [].into());
    let (_, there) = signed_in(sign_in(ports, other, &ann(ports, None, VIEWERS), 3));
    assert_ne!(there.id, user.id);
}
