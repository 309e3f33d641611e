//! Use cases of users and sessions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    LINK_LIFE, NewSession, Session, SessionId, SessionRepository, SignInLink, User, UserId,
    UserPatch, agent,
};
use crate::key::{Role, Token};
use crate::{Actor, Clock, Error, Ids, OrgId, Ports, Result};

/// The use cases of users and sessions.
#[derive(Clone)]
pub struct SessionService {
    sessions: Arc<dyn SessionRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

/// A user who has just signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The user.
    pub user: User,
    /// The session.
    pub session: Session,
    /// The session's token, which is not stored.
    pub token: Token,
}

impl SessionService {
    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            sessions: ports.sessions.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        }
    }

    /// Finds the user with a name.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `name`.
    pub fn find_user(&self, org: OrgId, name: &str) -> Result<Option<User>> {
        self.sessions.find_user(org, &User::parse_name(name)?)
    }

    /// Finds the user with a name, or creates one with a role. Only the operator does this.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `name`.
    pub fn user(&self, org: OrgId, name: &str, role: Role) -> Result<User> {
        let user = User::new(UserId(self.ids.next()), org, name, role, self.clock.now())?;
        match self.sessions.insert_user(&user, Actor::System) {
            Err(Error::Taken(_)) => {
                self.sessions.find_user(org, &user.name)?.ok_or(Error::NotFound("user"))
            }
            inserted => inserted.map(|()| user),
        }
    }

    /// Returns up to `limit` users after a user, oldest first.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn users(&self, org: OrgId, after: Option<UserId>, limit: usize) -> Result<Vec<User>> {
        self.sessions.users(org, after, limit)
    }

    /// Returns the number of valid sessions of each of these users, without those who have none.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn count(&self, org: OrgId, users: &[User]) -> Result<BTreeMap<UserId, u64>> {
        let users: Vec<_> = users.iter().map(|user| user.id).collect();
        self.sessions.count_sessions(org, &users, self.clock.now())
    }

    /// Changes the role of a user, deactivates or reactivates one (R60). A deactivated user is
    /// signed out everywhere.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when no active administrator would be left.
    pub fn change_user(
        &self,
        org: OrgId,
        user: UserId,
        patch: UserPatch,
        actor: Actor,
    ) -> Result<User> {
        let user = self.sessions.change_user(org, user, patch, actor, self.clock.now())?;
        user.ok_or(Error::NotFound("user"))
    }

    /// Ends all sessions of a user, and returns their number.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn end_all(&self, org: OrgId, user: UserId, actor: Actor) -> Result<u64> {
        let ended = self.sessions.end_sessions(org, user, actor, self.clock.now())?;
        ended.ok_or(Error::NotFound("user"))
    }

    /// Creates a link that signs a user in, once and within [`LINK_LIFE`]. `random` is its secret:
    /// 32 bytes from the system's random source. The token is returned only here and is not stored.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when the user is deactivated.
    pub fn link(&self, user: &User, random: [u8; 32]) -> Result<Token> {
        if !user.is_active() {
            return Err(Error::Conflict("the user is deactivated: reactivate them first".into()));
        }
        let token = Token::new(user.org, random);
        let expires_at = self.clock.now() + LINK_LIFE;
        let link = SignInLink { org: user.org, user: user.id, hash: token.hash(), expires_at };
        self.sessions.insert_link(&link)?;
        Ok(token)
    }

    /// Consumes a link and opens a session. `random` is the session's secret: 32 bytes from the
    /// system's random source. `None` when the link is unknown, expired or used.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn sign_in(
        &self,
        link: &Token,
        agent_text: &str,
        random: [u8; 32],
    ) -> Result<Option<SignedIn>> {
        let token = Token::new(link.org(), random);
        let new = NewSession {
            id: SessionId(self.ids.next()),
            hash: token.hash(),
            agent: agent(agent_text),
            at: self.clock.now(),
        };
        let opened = self.sessions.sign_in(link.org(), link.hash(), &new)?;
        Ok(opened.map(|(session, user)| SignedIn { user, session, token }))
    }

    /// Finds the session of a token, even if it is expired or revoked, and its user. Updates the
    /// time of last use of a valid session, at most once every [`super::SEEN_EVERY`].
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn find(&self, token: &Token) -> Result<Option<(Session, User)>> {
        let now = self.clock.now();
        let Some((mut session, user)) = self.sessions.find(token.org(), token.hash())? else {
            return Ok(None);
        };
        if session.is_live(now) && session.is_unseen(now) {
            self.sessions.touch(session.org, session.id, now)?;
            session.last_seen_at = now;
        }
        Ok(Some((session, user)))
    }

    /// Returns up to `limit` valid sessions of a user after a session, newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(
        &self,
        org: OrgId,
        user: UserId,
        mut after: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<Session>> {
        let now = self.clock.now();
        let mut valid = Vec::new();
        loop {
            let read = self.sessions.list(org, user, after, limit)?;
            let is_end = read.len() < limit;
            after = read.last().map(|session| session.id);
            valid.extend(read.into_iter().filter(|session| session.is_live(now)));
            if is_end || valid.len() >= limit {
                valid.truncate(limit);
                return Ok(valid);
            }
        }
    }

    /// Revokes a session of a user permanently.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn revoke(&self, org: OrgId, user: UserId, session: SessionId) -> Result<Session> {
        let revoked = self.sessions.revoke(org, user, session, self.clock.now())?;
        revoked.ok_or(Error::NotFound("session"))
    }
}
