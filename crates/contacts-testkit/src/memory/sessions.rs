//! Users, sign-in links and sessions in memory.

use std::collections::BTreeMap;

use contacts_core::key::KeyHash;
use contacts_core::session::{
    NewSession, Session, SessionId, SessionRepository, SignInLink, User, UserId, UserPatch,
};
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Error, OrgId, Result};
use time::OffsetDateTime;

use crate::World;

/// Users, sign-in links and sessions.
#[derive(Default)]
pub(crate) struct Sessions {
    pub(super) users: Vec<User>,
    links: Vec<SignInLink>,
    pub(super) open: Vec<Session>,
}

impl Sessions {
    pub(crate) fn sweep(&mut self, now: OffsetDateTime) {
        self.links.retain(|link| now < link.expires_at);
        self.open.retain(|session| session.is_live(now));
    }
}

impl SessionRepository for World {
    fn insert_user(&self, user: &User, actor: Actor) -> Result<()> {
        self.rows(user.org, |rows| {
            let users = &mut rows.sessions.users;
            if users.iter().any(|known| known.name == user.name) {
                return Err(Error::Taken("user"));
            }
            users.push(user.clone());
            rows.record(TrailEvent::user_added(user), actor, user.created_at);
            Ok(())
        })
    }

    fn find_user(&self, org: OrgId, name: &str) -> Result<Option<User>> {
        self.read(org, |rows| {
            Ok(rows.sessions.users.iter().find(|user| user.name == name).cloned())
        })
    }

    fn users(&self, org: OrgId, after: Option<UserId>, limit: usize) -> Result<Vec<User>> {
        self.read(org, |rows| {
            let mut users = rows.sessions.users.clone();
            users.retain(|user| after.is_none_or(|after| user.id > after));
            users.sort_by_key(|user| user.id);
            users.truncate(limit);
            Ok(users)
        })
    }

    fn change_user(
        &self,
        org: OrgId,
        user: UserId,
        patch: UserPatch,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<User>> {
        self.rows(org, |rows| {
            let Sessions { users, links, open } = &mut rows.sessions;
            let administrators = users.iter().filter(|user| user.is_active_administrator()).count();
            let Some(user) = users.iter_mut().find(|stored| stored.id == user) else {
                return Ok(None);
            };
            let events = user.apply(patch, administrators, now)?;
            let user = user.clone();
            if !user.is_active() {
                links.retain(|link| link.user != user.id);
                revoke_all(open, user.id, now);
            }
            for event in events {
                rows.record(event, actor, now);
            }
            Ok(Some(user))
        })
    }

    fn count_sessions(
        &self,
        org: OrgId,
        users: &[UserId],
        now: OffsetDateTime,
    ) -> Result<BTreeMap<UserId, u64>> {
        self.read(org, |rows| {
            let mut counts = BTreeMap::new();
            for session in &rows.sessions.open {
                if users.contains(&session.user) && session.is_live(now) {
                    *counts.entry(session.user).or_default() += 1;
                }
            }
            Ok(counts)
        })
    }

    fn end_sessions(
        &self,
        org: OrgId,
        user: UserId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<u64>> {
        self.rows(org, |rows| {
            let Sessions { users, open, .. } = &mut rows.sessions;
            if !users.iter().any(|stored| stored.id == user) {
                return Ok(None);
            }
            let ended = revoke_all(open, user, now);
            if ended > 0 {
                rows.record(TrailEvent::sessions_ended(user), actor, now);
            }
            Ok(Some(ended))
        })
    }

    fn insert_link(&self, link: &SignInLink) -> Result<()> {
        self.rows(link.org, |rows| {
            rows.sessions.links.push(link.clone());
            Ok(())
        })
    }

    fn sign_in(
        &self,
        org: OrgId,
        link: KeyHash,
        new: &NewSession,
    ) -> Result<Option<(Session, User)>> {
        self.rows(org, |rows| {
            let Sessions { users, links, open } = &mut rows.sessions;
            let good = |stored: &SignInLink| stored.hash == link && new.at < stored.expires_at;
            let Some(at) = links.iter().position(good) else { return Ok(None) };
            let link = links.remove(at);
            let mut users = users.iter_mut();
            let user = users.find(|user| user.id == link.user && user.is_active());
            let Some(user) = user else { return Ok(None) };
            user.last_seen_at = user.last_seen_at.max(Some(new.at));
            let user = user.clone();
            let session = Session::open(org, link.user, new);
            open.push(session.clone());
            rows.record(TrailEvent::signed_in(session.id), user.actor(), new.at);
            Ok(Some((session, user)))
        })
    }

    fn find(&self, org: OrgId, hash: KeyHash) -> Result<Option<(Session, User)>> {
        self.read(org, |rows| {
            let Sessions { users, open, .. } = &rows.sessions;
            let found = open.iter().find(|session| session.hash == hash).and_then(|session| {
                let user = users.iter().find(|user| user.id == session.user)?;
                Some((session.clone(), user.clone()))
            });
            Ok(found)
        })
    }

    fn touch(&self, org: OrgId, session: SessionId, now: OffsetDateTime) -> Result<()> {
        self.rows(org, |rows| {
            let Sessions { users, open, .. } = &mut rows.sessions;
            let Some(session) = open.iter_mut().find(|stored| stored.id == session) else {
                return Ok(());
            };
            session.last_seen_at = session.last_seen_at.max(now);
            if let Some(user) = users.iter_mut().find(|user| user.id == session.user) {
                user.last_seen_at = user.last_seen_at.max(Some(now));
            }
            Ok(())
        })
    }

    fn list(
        &self,
        org: OrgId,
        user: UserId,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<Session>> {
        self.read(org, |rows| {
            let mut sessions = rows.sessions.open.clone();
            sessions.retain(|session| session.user == user);
            sessions.retain(|session| after.is_none_or(|after| session.id < after));
            sessions.sort_by_key(|session| std::cmp::Reverse(session.id));
            sessions.truncate(limit);
            Ok(sessions)
        })
    }

    fn revoke(
        &self,
        org: OrgId,
        user: UserId,
        session: SessionId,
        now: OffsetDateTime,
    ) -> Result<Option<Session>> {
        self.rows(org, |rows| {
            let wanted = |stored: &&mut Session| (stored.user, stored.id) == (user, session);
            let Some(session) = rows.sessions.open.iter_mut().find(wanted) else {
                return Ok(None);
            };
            let is_new = session.revoked_at.is_none();
            session.revoked_at.get_or_insert(now);
            let session = session.clone();
            if is_new {
                rows.record(TrailEvent::signed_out(session.id), Actor::User(user.0), now);
            }
            Ok(Some(session))
        })
    }
}

/// Revokes the sessions of a user, and returns the number of those that were valid.
fn revoke_all(sessions: &mut [Session], user: UserId, now: OffsetDateTime) -> u64 {
    let mut valid = 0;
    for session in sessions.iter_mut().filter(|session| session.user == user) {
        valid += u64::from(session.is_live(now));
        session.revoked_at.get_or_insert(now);
    }
    valid
}
