//! Signing in and out.

use std::sync::Arc;

use super::{
    LINK_LIFE, NewSession, Session, SessionId, SessionRepository, SignInLink, User, UserId, agent,
};
use crate::key::Token;
use crate::{Clock, Error, Ids, OrgId, Result};

/// The use cases of users and sessions.
#[derive(Clone)]
pub struct SessionService {
    /// Keeps them.
    pub sessions: Arc<dyn SessionRepository>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
}

/// Somebody who came in just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// Their session.
    pub session: Session,
    /// What proves it from now on. It is kept nowhere.
    pub token: Token,
}

impl SessionService {
    /// The user of a name, who is made when there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `name`.
    pub fn user(&self, org: OrgId, name: &str) -> Result<User> {
        let user = User::new(UserId(self.ids.next()), org, name, self.clock.now())?;
        match self.sessions.insert_user(&user) {
            Err(Error::Taken(_)) => {
                let named = |known: &User| known.name == user.name;
                let known = self.sessions.users(org)?.into_iter().find(named);
                known.ok_or(Error::NotFound("user"))
            }
            inserted => inserted.map(|()| user),
        }
    }

    /// All users, the oldest first.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn users(&self, org: OrgId) -> Result<Vec<User>> {
        self.sessions.users(org)
    }

    /// Makes what lets a user in, once and within [`LINK_LIFE`], of 32 bytes that nobody can
    /// guess. It is returned this once and kept nowhere.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn link(&self, user: &User, random: [u8; 32]) -> Result<Token> {
        let token = Token::new(user.org, random);
        let expires_at = self.clock.now() + LINK_LIFE;
        let link = SignInLink { org: user.org, user: user.id, hash: token.hash(), expires_at };
        self.sessions.insert_link(&link)?;
        Ok(token)
    }

    /// Uses a link up, and opens a session with a token of 32 bytes that nobody can guess.
    /// Nothing when the link is not good (any more).
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

    /// The session of a token and whose it is, live or not. That a live one is in use is noted,
    /// once in a while.
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

    /// A user's live sessions, the newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(&self, org: OrgId, user: UserId) -> Result<Vec<Session>> {
        let now = self.clock.now();
        let mut sessions = self.sessions.list(org, user)?;
        sessions.retain(|session| session.is_live(now));
        Ok(sessions)
    }

    /// Ends a session of a user for ever.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn revoke(&self, org: OrgId, user: UserId, session: SessionId) -> Result<Session> {
        let revoked = self.sessions.revoke(org, user, session, self.clock.now())?;
        revoked.ok_or(Error::NotFound("session"))
    }
}
