//! The contract of [`contacts_core::session::SessionRepository`] (R2).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::sync::Barrier;
use std::thread;

use contacts_core::key::{Role, Token};
use contacts_core::session::{
    LINK_LIFE, SEEN_EVERY, SESSION_LIFE, Session, SessionId, User, UserId, UserPatch,
};
use contacts_core::{Actor, Clock, Error, Ids, OrgId, Result};
use time::Duration;

use super::check::walk;
use crate::Ports;
use crate::samples::{new_session, sign_in_link, signed_in, user};

/// Sets the role of a user.
fn set_role(ports: &Ports, org: OrgId, user: UserId, role: Role) -> Result<Option<User>> {
    let patch = UserPatch { role: Some(role), active: None };
    ports.sessions.change_user(org, user, patch, Actor::System, ports.clock.now())
}

/// Deactivates or reactivates a user.
fn set_active(ports: &Ports, org: OrgId, user: UserId, active: bool) -> Result<Option<User>> {
    let patch = UserPatch { role: None, active: Some(active) };
    ports.sessions.change_user(org, user, patch, Actor::System, ports.clock.now())
}

const INSTANT: std::time::Duration = std::time::Duration::from_micros(1);

pub fn users_are_listed_as_they_were_written_the_oldest_first(ports: &Ports) {
    let org = ports.org();
    assert_eq!(ports.sessions.users(org, None, 1_000).unwrap(), []);
    let mut users = Vec::new();
    for name in ["Zoë Weiß", "Ann", "ann"] {
        let user = user(org, &ports.ids, &ports.clock, name);
        ports.sessions.insert_user(&user, Actor::System).unwrap();
        users.push(user);
        ports.clock.tick();
    }
    for limit in [1, 2, 1_000] {
        let read = |after, limit| ports.sessions.users(org, after, limit).unwrap();
        assert_eq!(walk(limit, read, |user, _| user.id), users);
    }
    assert_eq!(ports.sessions.find_user(org, "ann").unwrap().as_ref(), users.last());
    assert_eq!(ports.sessions.find_user(org, "ANN").unwrap(), None);
    assert_eq!(ports.sessions.find_user(ports.org(), "ann").unwrap(), None);
}

pub fn a_name_is_one_users_in_an_organisation(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let named = |org| user(org, &ports.ids, &ports.clock, "Ann");
    ports.sessions.insert_user(&named(org), Actor::System).unwrap();
    let again = ports.sessions.insert_user(&named(org), Actor::System);
    assert!(matches!(again, Err(Error::Taken(_))), "{again:?}");
    ports.sessions.insert_user(&named(other), Actor::System).unwrap();
    assert_eq!(ports.sessions.users(org, None, 1_000).unwrap().len(), 1);
}

pub fn a_role_is_read_wherever_the_user_is(ports: &Ports) {
    let org = ports.org();
    let (_, mut ann, token) = signed_in(ports, org, "Ann", 1);
    let (_, bob, _) = signed_in(ports, org, "Bob", 3);
    for role in Role::ALL {
        ann.role = role;
        assert_eq!(set_role(ports, org, ann.id, role).unwrap().as_ref(), Some(&ann));
        assert_eq!(ports.sessions.find_user(org, "Ann").unwrap().as_ref(), Some(&ann));
        assert_eq!(ports.sessions.users(org, None, 9).unwrap(), [ann.clone(), bob.clone()]);
        assert_eq!(ports.sessions.find(org, token.hash()).unwrap().unwrap().1, ann);
    }
    let unknown = UserId(ports.ids.next());
    assert_eq!(set_role(ports, org, unknown, Role::Viewer).unwrap(), None);
    assert_eq!(set_role(ports, ports.org(), ann.id, Role::Viewer).unwrap(), None);
}

pub fn the_last_active_administrator_stays_one(ports: &Ports) {
    let org = ports.org();
    let (_, ann, _) = signed_in(ports, org, "Ann", 1);
    let (_, bob, _) = signed_in(ports, org, "Bob", 3);
    signed_in(ports, ports.org(), "Another organisation's", 5);
    let set = |user, role| set_role(ports, org, user, role);
    assert!(set(bob.id, Role::Editor).is_ok());
    for role in [Role::Viewer, Role::Editor, Role::Manager] {
        let refused = set(ann.id, role);
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    }
    let refused = set_active(ports, org, ann.id, false);
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert_eq!(set(ann.id, Role::Administrator).unwrap().as_ref(), Some(&ann));
    assert!(set(bob.id, Role::Viewer).is_ok(), "another user's role is free");
    assert!(set(bob.id, Role::Administrator).is_ok());
    set_active(ports, org, bob.id, false).unwrap();
    assert!(set(ann.id, Role::Viewer).is_err(), "a deactivated administrator does not count");
    set_active(ports, org, bob.id, true).unwrap();
    assert!(set(ann.id, Role::Viewer).is_ok());
}

pub fn of_administrators_who_are_demoted_and_deactivated_at_once_one_stays(ports: &Ports) {
    for _ in 0..8 {
        let org = ports.org();
        let users = ["Ann", "Bob", "Cleo"].map(|name| {
            let user = user(org, &ports.ids, &ports.clock, name);
            ports.sessions.insert_user(&user, Actor::System).unwrap();
            user.id
        });
        let start = Barrier::new(users.len());
        let leave = &|at: usize, user| {
            start.wait();
            let role = |role| set_role(ports, org, user, role);
            if at == 1 {
                role(Role::Viewer).is_ok()
            } else {
                set_active(ports, org, user, false).is_ok()
            }
        };
        let left = thread::scope(|scope| {
            let all: Vec<_> = users
                .into_iter()
                .enumerate()
                .map(|(at, user)| scope.spawn(move || leave(at, user)))
                .collect();
            all.into_iter().map(|one| one.join().unwrap()).filter(|ok| *ok).count()
        });
        assert_eq!(left, 2);
        let users = ports.sessions.users(org, None, 9).unwrap();
        assert_eq!(users.iter().filter(|user| user.is_active_administrator()).count(), 1);
    }
}

pub fn a_deactivated_user_is_signed_out_and_cannot_sign_in(ports: &Ports) {
    let org = ports.org();
    let (_, ann, _) = signed_in(ports, org, "Ann", 1);
    let (bobs, mut bob, token) = signed_in(ports, org, "Bob", 3);
    let link = sign_in_link(ports, &bob, 5);
    let at = ports.clock.tick();
    bob.deactivated_at = Some(at);
    assert_eq!(set_active(ports, org, bob.id, false).unwrap().as_ref(), Some(&bob));
    let (session, found) = ports.sessions.find(org, token.hash()).unwrap().unwrap();
    assert_eq!((session.revoked_at, &found), (Some(at), &bob));
    let (new, _) = new_session(org, &ports.ids, &ports.clock, 6);
    assert_eq!(ports.sessions.sign_in(org, link.hash(), &new).unwrap(), None);
    let late = sign_in_link(ports, &bob, 7);
    assert_eq!(ports.sessions.sign_in(org, late.hash(), &new).unwrap(), None, "a later link");
    ports.clock.tick();
    set_active(ports, org, bob.id, false).unwrap();
    let again = ports.sessions.find_user(org, "Bob").unwrap().unwrap();
    assert_eq!(again.deactivated_at, Some(at), "since the first time");
    bob.deactivated_at = None;
    assert_eq!(set_active(ports, org, bob.id, true).unwrap().as_ref(), Some(&bob));
    let (session, _) = ports.sessions.find(org, token.hash()).unwrap().unwrap();
    assert_eq!(
        (session.id, session.revoked_at),
        (bobs.id, Some(at)),
        "the old session stays ended"
    );
    assert_eq!(ports.sessions.sign_in(org, link.hash(), &new).unwrap(), None, "so does the link");
    let link = sign_in_link(ports, &bob, 8);
    assert!(ports.sessions.sign_in(org, link.hash(), &new).unwrap().is_some());
    assert_eq!(ports.sessions.list(org, ann.id, None, 9).unwrap()[0].revoked_at, None);
}

pub fn a_user_who_signs_in_while_being_deactivated_has_no_valid_session(ports: &Ports) {
    for _ in 0..8 {
        let org = ports.org();
        signed_in(ports, org, "Ann", 1);
        let bob = user(org, &ports.ids, &ports.clock, "Bob");
        ports.sessions.insert_user(&bob, Actor::System).unwrap();
        let link = sign_in_link(ports, &bob, 5);
        let (new, _) = new_session(org, &ports.ids, &ports.clock, 6);
        let start = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                ports.sessions.sign_in(org, link.hash(), &new).unwrap();
            });
            start.wait();
            set_active(ports, org, bob.id, false).unwrap();
        });
        let valid = ports.sessions.count_sessions(org, &[bob.id], ports.clock.now()).unwrap();
        assert_eq!(valid.len(), 0);
    }
}

pub fn valid_sessions_are_counted_and_ended(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let (_, ann, _) = signed_in(ports, org, "Ann", 1);
    let (_, bob, token) = signed_in(ports, org, "Bob", 3);
    let cleo = user(org, &ports.ids, &ports.clock, "Cleo");
    ports.sessions.insert_user(&cleo, Actor::System).unwrap();
    for random in [5, 7] {
        let link = sign_in_link(ports, &bob, random);
        let (new, _) = new_session(org, &ports.ids, &ports.clock, random + 1);
        ports.sessions.sign_in(org, link.hash(), &new).unwrap().unwrap();
    }
    let all = [ann.id, bob.id, cleo.id];
    let count = |org, users: &[UserId]| {
        let counts = ports.sessions.count_sessions(org, users, ports.clock.now()).unwrap();
        counts.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(count(org, &all), [(ann.id, 1), (bob.id, 3)]);
    assert_eq!(count(org, &[bob.id]), [(bob.id, 3)]);
    assert_eq!(count(other, &all), []);
    let (session, _) = ports.sessions.find(org, token.hash()).unwrap().unwrap();
    ports.sessions.revoke(org, bob.id, session.id, ports.clock.tick()).unwrap();
    assert_eq!(count(org, &[bob.id]), [(bob.id, 2)]);
    let end = |org, user| {
        ports.sessions.end_sessions(org, user, Actor::System, ports.clock.now()).unwrap()
    };
    assert_eq!(end(other, bob.id), None);
    assert_eq!(end(org, bob.id), Some(2));
    assert_eq!((end(org, bob.id), end(org, cleo.id)), (Some(0), Some(0)));
    assert_eq!(count(org, &all), [(ann.id, 1)]);
    ports.clock.advance(SESSION_LIFE.unsigned_abs());
    assert_eq!(count(org, &all), [], "expired sessions do not count");
}

pub fn a_link_opens_a_session_as_it_was_asked_for(ports: &Ports) {
    let org = ports.org();
    let mut ann = user(org, &ports.ids, &ports.clock, "Ann");
    ports.sessions.insert_user(&ann, Actor::System).unwrap();
    let link = sign_in_link(ports, &ann, 1);
    let (mut new, token) = new_session(org, &ports.ids, &ports.clock, 2);
    new.agent = "Zürich \"desk\" \\ Firefox".to_owned();
    let session = Session::open(org, ann.id, &new);
    assert_eq!(session.expires_at, ports.clock.now() + SESSION_LIFE);
    let opened = ports.sessions.sign_in(org, link.hash(), &new).unwrap();
    ann.last_seen_at = Some(new.at);
    assert_eq!(opened, Some((session.clone(), ann.clone())));
    assert_eq!(
        ports.sessions.list(org, ann.id, None, 1_000).unwrap(),
        std::slice::from_ref(&session)
    );
    assert_eq!(ports.sessions.find(org, token.hash()).unwrap(), Some((session, ann)));
}

pub fn a_link_lets_in_once(ports: &Ports) {
    let org = ports.org();
    let (session, ann, _) = signed_in(ports, org, "Ann", 1);
    let first = sign_in_link(ports, &ann, 10);
    let second = sign_in_link(ports, &ann, 11);
    let (new, _) = new_session(org, &ports.ids, &ports.clock, 12);
    assert!(ports.sessions.sign_in(org, first.hash(), &new).unwrap().is_some());
    let (again, _) = new_session(org, &ports.ids, &ports.clock, 13);
    assert_eq!(ports.sessions.sign_in(org, first.hash(), &again).unwrap(), None);
    assert_eq!(
        ports.sessions.list(org, ann.id, None, 1_000).unwrap().len(),
        2,
        "with {}",
        session.id
    );
    assert!(ports.sessions.sign_in(org, second.hash(), &again).unwrap().is_some());
}

pub fn of_many_who_use_a_link_at_once_one_gets_in(ports: &Ports) {
    const MANY: u8 = 8;
    let org = ports.org();
    let ann = user(org, &ports.ids, &ports.clock, "Ann");
    ports.sessions.insert_user(&ann, Actor::System).unwrap();
    let link = sign_in_link(ports, &ann, 1);
    let start = Barrier::new(usize::from(MANY));
    let enter = &|random: u8| {
        let (new, _) = new_session(org, &ports.ids, &ports.clock, random);
        start.wait();
        ports.sessions.sign_in(org, link.hash(), &new).unwrap().is_some()
    };
    let signed_in = thread::scope(|scope| {
        let all: Vec<_> = (0..MANY).map(|n| scope.spawn(move || enter(100 + n))).collect();
        all.into_iter().map(|one| one.join().unwrap()).filter(|signed_in| *signed_in).count()
    });
    assert_eq!(signed_in, 1);
    assert_eq!(ports.sessions.list(org, ann.id, None, 1_000).unwrap().len(), 1);
}

pub fn an_expired_link_signs_nobody_in(ports: &Ports) {
    let org = ports.org();
    let ann = user(org, &ports.ids, &ports.clock, "Ann");
    ports.sessions.insert_user(&ann, Actor::System).unwrap();
    let (late, early) = (sign_in_link(ports, &ann, 1), sign_in_link(ports, &ann, 2));
    ports.clock.advance(LINK_LIFE.unsigned_abs() - INSTANT);
    let (new, _) = new_session(org, &ports.ids, &ports.clock, 3);
    assert!(ports.sessions.sign_in(org, early.hash(), &new).unwrap().is_some());
    ports.clock.advance(INSTANT);
    let (new, _) = new_session(org, &ports.ids, &ports.clock, 4);
    assert_eq!(ports.sessions.sign_in(org, late.hash(), &new).unwrap(), None);
    assert_eq!(ports.sessions.list(org, ann.id, None, 1_000).unwrap().len(), 1);
}

pub fn a_missing_record_is_none(ports: &Ports) {
    let org = ports.org();
    let unknown = Token::new(org, [1; 32]).hash();
    let (new, _) = new_session(org, &ports.ids, &ports.clock, 2);
    let (user, id) = (UserId(ports.ids.next()), SessionId(ports.ids.next()));
    assert_eq!(ports.sessions.sign_in(org, unknown, &new).unwrap(), None);
    assert_eq!(ports.sessions.find(org, unknown).unwrap(), None);
    assert_eq!(ports.sessions.list(org, user, None, 1_000).unwrap(), []);
    let now = ports.clock.now();
    ports.sessions.touch(org, id, now).unwrap();
    assert_eq!(ports.sessions.revoke(org, user, id, now).unwrap(), None);
}

pub fn sessions_are_listed_newest_first_for_their_user_only(ports: &Ports) {
    let org = ports.org();
    let (first, ann, _) = signed_in(ports, org, "Ann", 1);
    signed_in(ports, org, "Bob", 3);
    ports.clock.tick();
    let link = sign_in_link(ports, &ann, 5);
    let (new, _) = new_session(org, &ports.ids, &ports.clock, 6);
    let (second, _) = ports.sessions.sign_in(org, link.hash(), &new).unwrap().unwrap();
    let expected = [second, first];
    for limit in [1, 2, 1_000] {
        let read = |after, limit| ports.sessions.list(org, ann.id, after, limit).unwrap();
        assert_eq!(walk(limit, read, |session, _| session.id), expected);
    }
}

pub fn a_session_is_seen_later_and_never_earlier(ports: &Ports) {
    let org = ports.org();
    let (session, _, token) = signed_in(ports, org, "Ann", 1);
    let seen = || {
        let (session, user) = ports.sessions.find(org, token.hash()).unwrap().unwrap();
        (session.last_seen_at, user.last_seen_at)
    };
    assert_eq!(seen(), (session.created_at, Some(session.created_at)));
    let later = session.created_at + SEEN_EVERY * 3;
    ports.sessions.touch(org, session.id, later).unwrap();
    assert_eq!(seen(), (later, Some(later)));
    ports.sessions.touch(org, session.id, session.created_at).unwrap();
    assert_eq!(seen(), (later, Some(later)));
}

pub fn an_ended_session_is_still_found_and_stays_ended_since_when_it_was(ports: &Ports) {
    let org = ports.org();
    let (mut session, ann, token) = signed_in(ports, org, "Ann", 1);
    let (other, bob, _) = signed_in(ports, org, "Bob", 3);
    let first = ports.clock.tick();
    let foreign = ports.sessions.revoke(org, bob.id, session.id, first).unwrap();
    assert_eq!(foreign, None, "it is not Bob's");
    session.revoked_at = Some(first);
    let revoke = |now| ports.sessions.revoke(org, ann.id, session.id, now).unwrap();
    assert_eq!(revoke(first), Some(session.clone()));
    assert_eq!(revoke(ports.clock.tick()), Some(session.clone()));
    assert_eq!(ports.sessions.find(org, token.hash()).unwrap(), Some((session, ann)));
    assert_eq!(ports.sessions.list(org, bob.id, None, 1_000).unwrap(), [other]);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let (session, ann, token) = signed_in(ports, org, "Ann", 1);
    let link = sign_in_link(ports, &ann, 3);
    let (new, _) = new_session(other, &ports.ids, &ports.clock, 4);
    let now = ports.clock.now();
    assert_eq!(ports.sessions.users(other, None, 1_000).unwrap(), []);
    assert_eq!(ports.sessions.sign_in(other, link.hash(), &new).unwrap(), None);
    assert_eq!(ports.sessions.find(other, token.hash()).unwrap(), None);
    assert_eq!(ports.sessions.list(other, ann.id, None, 1_000).unwrap(), []);
    ports.sessions.touch(other, session.id, now + Duration::hours(3)).unwrap();
    assert_eq!(ports.sessions.revoke(other, ann.id, session.id, now).unwrap(), None);
    assert_eq!(ports.sessions.list(org, ann.id, None, 1_000).unwrap(), [session]);
    assert!(ports.sessions.sign_in(org, link.hash(), &new).unwrap().is_some());
}
