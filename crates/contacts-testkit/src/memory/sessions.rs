//! Users, sign-in links and sessions in memory.

use contacts_core::key::KeyHash;
use contacts_core::session::{
    NewSession, Session, SessionId, SessionRepository, SignInLink, User, UserId,
};
use contacts_core::{Error, OrgId, Result};
use time::OffsetDateTime;

use crate::World;

/// Users, sign-in links and sessions.
#[derive(Default)]
pub(crate) struct Sessions {
    users: Vec<User>,
    links: Vec<SignInLink>,
    open: Vec<Session>,
}

impl Sessions {
    pub(crate) fn sweep(&mut self, now: OffsetDateTime) {
        self.links.retain(|link| now < link.expires_at);
        self.open.retain(|session| session.is_live(now));
    }
}

impl SessionRepository for World {
    fn insert_user(&self, user: &User) -> Result<()> {
        self.rows(user.org, |rows| {
            let users = &mut rows.sessions.users;
            if users.iter().any(|known| known.name == user.name) {
                return Err(Error::Taken("user"));
            }
            users.push(user.clone());
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
            let session = Session::open(org, link.user, new);
            open.push(session.clone());
            let user = users.iter().find(|user| user.id == link.user);
            Ok(user.map(|user| (session, user.clone())))
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
            if let Some(session) = rows.sessions.open.iter_mut().find(|stored| stored.id == session)
            {
                session.last_seen_at = session.last_seen_at.max(now);
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
            session.revoked_at.get_or_insert(now);
            Ok(Some(session.clone()))
        })
    }
}
