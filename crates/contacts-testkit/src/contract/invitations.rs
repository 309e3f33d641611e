//! The contract of [`contacts_core::invitation::InvitationRepository`] (R60).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::sync::Barrier;
use std::thread;

use contacts_core::invitation::{
    INVITATION_LIFE, Invitation, InvitationId, KEEP_INVITATIONS, NewUser,
};
use contacts_core::key::{Role, Token};
use contacts_core::session::{Session, User, UserId};
use contacts_core::trail::TrailFilter;
use contacts_core::{Actor, Clock, Error, Ids, OrgId, Result};

use super::check::walk;
use crate::Ports;
use crate::samples::{invitation, new_session, user};

const LIMIT: usize = 1_000;

fn named(ports: &Ports, name: &str) -> NewUser {
    NewUser { id: UserId(ports.ids.next()), name: name.to_owned() }
}

/// Stores an invitation and returns its id and its token.
fn invite(ports: &Ports, org: OrgId, email: &str, random: u8) -> (InvitationId, Token) {
    let (new, token) = invitation(ports, org, email, random);
    ports.invitations.insert(new.clone(), LIMIT).unwrap();
    (new.id, token)
}

/// Uses an invitation with a session whose secret is `random`.
fn accept(
    ports: &Ports,
    org: OrgId,
    token: &Token,
    name: &str,
    random: u8,
) -> Result<Option<(Session, User)>> {
    let (session, _) = new_session(org, &ports.ids, &ports.clock, random);
    ports.invitations.accept(org, token.hash(), &named(ports, name), &session)
}

pub fn an_invitation_makes_a_user_and_signs_the_user_in(ports: &Ports) {
    let org = ports.org();
    let (mut new, token) = invitation(ports, org, "Ann@Example.org", 1);
    new.role = Role::Manager;
    ports.invitations.insert(new.clone(), LIMIT).unwrap();
    ports.clock.tick();
    let (asked, secret) = new_session(org, &ports.ids, &ports.clock, 2);
    let ann = named(ports, "Ann Lee");
    let (session, user) =
        ports.invitations.accept(org, token.hash(), &ann, &asked).unwrap().unwrap();
    assert_eq!(session, Session::open(org, ann.id, &asked));
    assert_eq!((user.id, user.role, user.last_seen_at), (ann.id, Role::Manager, Some(asked.at)));
    assert_eq!(user.email.as_ref().unwrap().as_str(), "Ann@Example.org");
    assert_eq!(ports.sessions.find(org, secret.hash()).unwrap(), Some((session, user.clone())));
    assert_eq!(ports.sessions.users(org, None, 9).unwrap(), [user]);
    assert_eq!(ports.invitations.list(org, None, 9).unwrap(), []);
}

pub fn an_invitation_is_used_once(ports: &Ports) {
    let org = ports.org();
    let (_, token) = invite(ports, org, "ann@example.org", 1);
    assert!(accept(ports, org, &token, "Ann", 2).unwrap().is_some());
    assert_eq!(accept(ports, org, &token, "Bob", 3).unwrap(), None);
    assert_eq!(ports.sessions.users(org, None, 9).unwrap().len(), 1);
}

pub fn of_many_who_use_an_invitation_at_once_one_becomes_a_user(ports: &Ports) {
    const MANY: u8 = 6;
    let org = ports.org();
    let (_, token) = invite(ports, org, "ann@example.org", 1);
    let start = Barrier::new(usize::from(MANY));
    let join = &|at: u8| {
        start.wait();
        accept(ports, org, &token, &format!("Ann {at}"), 100 + at).unwrap().is_some()
    };
    let joined = thread::scope(|scope| {
        let all: Vec<_> = (0..MANY).map(|at| scope.spawn(move || join(at))).collect();
        all.into_iter().map(|one| one.join().unwrap()).filter(|joined| *joined).count()
    });
    assert_eq!((joined, ports.sessions.users(org, None, 9).unwrap().len()), (1, 1));
}

pub fn an_expired_or_revoked_invitation_makes_no_user(ports: &Ports) {
    let org = ports.org();
    let (_, late) = invite(ports, org, "ann@example.org", 1);
    let (id, revoked) = invite(ports, org, "bob@example.org", 2);
    let revoke = || ports.invitations.revoke(org, id, Actor::System, ports.clock.now()).unwrap();
    assert!(revoke());
    assert!(!revoke());
    assert_eq!(accept(ports, org, &revoked, "Bob", 3).unwrap(), None);
    ports.clock.advance(INVITATION_LIFE.unsigned_abs());
    assert_eq!(accept(ports, org, &late, "Ann", 4).unwrap(), None);
    let listed = ports.invitations.list(org, None, 9).unwrap();
    assert_eq!(listed.len(), 1, "an expired invitation is listed");
    assert!(!listed[0].is_live(ports.clock.now()));
    assert_eq!(ports.sessions.users(org, None, 9).unwrap(), []);
}

pub fn a_new_invitation_for_an_address_replaces_the_earlier_one(ports: &Ports) {
    let org = ports.org();
    let (id, first) = invite(ports, org, "ann@example.org", 1);
    let (mut again, second) = invitation(ports, org, "ANN@example.org", 2);
    again.role = Role::Viewer;
    let stored = ports.invitations.insert(again.clone(), 1).unwrap();
    assert_eq!(stored, Invitation { id, ..again }, "the id stays");
    assert_eq!(ports.invitations.list(org, None, 9).unwrap(), [stored]);
    assert_eq!(accept(ports, org, &first, "Ann", 3).unwrap(), None);
    let (_, user) = accept(ports, org, &second, "Ann", 4).unwrap().unwrap();
    assert_eq!(user.role, Role::Viewer);
}

pub fn a_taken_name_or_address_leaves_the_invitation(ports: &Ports) {
    let org = ports.org();
    let bob = user(org, &ports.ids, &ports.clock, "Bob");
    ports.sessions.insert_user(&bob, Actor::System).unwrap();
    let (_, token) = invite(ports, org, "ann@example.org", 1);
    let refused = accept(ports, org, &token, "Bob", 2);
    assert!(matches!(refused, Err(Error::Taken(_))), "{refused:?}");
    assert!(accept(ports, org, &token, "Ann", 3).unwrap().is_some());
    let (again, _) = invitation(ports, org, "Ann@Example.org", 4);
    let refused = ports.invitations.insert(again.clone(), LIMIT);
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert_eq!(ports.invitations.list(org, None, 9).unwrap(), []);
}

pub fn the_newest_invitation_is_listed_first(ports: &Ports) {
    let org = ports.org();
    let mut expected = Vec::new();
    for (at, email) in ["ann@example.org", "bob@example.org", "cleo@example.org"].iter().enumerate()
    {
        let (mut new, _) = invitation(ports, org, email, at as u8 + 1);
        new.actor = Actor::User(ports.ids.next());
        ports.invitations.insert(new.clone(), LIMIT).unwrap();
        expected.insert(0, new);
        ports.clock.tick();
    }
    for limit in [1, 2, 1_000] {
        let read = |after, limit| ports.invitations.list(org, after, limit).unwrap();
        assert_eq!(walk(limit, read, |one, _| one.id), expected);
    }
}

pub fn the_number_of_invitations_is_limited(ports: &Ports) {
    let org = ports.org();
    let add =
        |email: &str, random| ports.invitations.insert(invitation(ports, org, email, random).0, 2);
    add("ann@example.org", 1).unwrap();
    add("bob@example.org", 2).unwrap();
    let refused = add("cleo@example.org", 3);
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    add("bob@example.org", 4).unwrap();
    assert_eq!(ports.invitations.list(org, None, 9).unwrap().len(), 2);
}

pub fn invitations_are_recorded_without_addresses(ports: &Ports) {
    let org = ports.org();
    let (first, token) = invite(ports, org, "ann@example.org", 1);
    let (second, _) = invite(ports, org, "bob@example.org", 2);
    ports.invitations.revoke(org, second, Actor::System, ports.clock.now()).unwrap();
    let (session, user) = accept(ports, org, &token, "Ann", 3).unwrap().unwrap();
    let mut entries = ports.trail.list(org, &TrailFilter::default(), None, 9).unwrap();
    entries.sort_by_key(|entry| entry.id);
    let recorded: Vec<_> = entries
        .iter()
        .map(|entry| (entry.event.kind.as_str(), entry.event.subject.unwrap(), entry.actor))
        .collect();
    let expected = [
        ("user_invited", first.0, Actor::System),
        ("user_invited", second.0, Actor::System),
        ("invitation_revoked", second.0, Actor::System),
        ("user_added", user.id.0, user.actor()),
        ("signed_in", session.id.0, user.actor()),
    ];
    assert_eq!(recorded, expected);
    assert_eq!(entries[0].event.details, ["editor"]);
    assert!(!format!("{entries:?}").contains("example.org"));
}

pub fn expired_invitations_are_deleted_after_a_month(ports: &Ports) {
    let org = ports.org();
    invite(ports, org, "ann@example.org", 1);
    let sweep = || {
        ports.housekeeping.sweep(ports.clock.now()).unwrap();
        ports.invitations.list(org, None, 9).unwrap().len()
    };
    let instant = std::time::Duration::from_micros(1);
    ports.clock.advance((INVITATION_LIFE + KEEP_INVITATIONS).unsigned_abs() - instant);
    assert_eq!(sweep(), 1);
    ports.clock.advance(instant);
    assert_eq!(sweep(), 0);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let (id, token) = invite(ports, org, "ann@example.org", 1);
    assert_eq!(ports.invitations.list(other, None, 9).unwrap(), []);
    let now = ports.clock.now();
    assert!(!ports.invitations.revoke(other, id, Actor::System, now).unwrap());
    assert_eq!(accept(ports, other, &token, "Ann", 2).unwrap(), None);
    let (same, _) = invite(ports, other, "ann@example.org", 3);
    assert_ne!(id, same);
    assert!(accept(ports, org, &token, "Ann", 4).unwrap().is_some());
    assert_eq!(ports.invitations.list(other, None, 9).unwrap().len(), 1);
}
