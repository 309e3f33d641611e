//! Users and their sessions: how people prove who they are (R2).

mod service;

use time::{Duration, OffsetDateTime};

pub use self::service::{SessionService, SignedIn};
use crate::key::KeyHash;
use crate::org::id;
use crate::{Actor, Invalid, OrgId, Result, text};

id! {
    /// A user's id.
    UserId
}

id! {
    /// A session's id. Not secret.
    SessionId
}

/// For how long a sign-in link works.
pub const LINK_LIFE: Duration = Duration::hours(1);

/// For how long a session lasts at most.
pub const SESSION_LIFE: Duration = Duration::days(30);

/// After how long without a request a session ends.
pub const SESSION_IDLE: Duration = Duration::days(7);

/// How exactly it is known when a session was last seen: not every request is to be a write.
pub const SEEN_EVERY: Duration = Duration::hours(1);

/// A person who works for an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// For whom they work.
    pub org: OrgId,
    /// What they are called: one of this name in an organisation.
    pub name: String,
    /// When they were made.
    pub created_at: OffsetDateTime,
}

impl User {
    /// Makes a user.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] when the name is empty or longer than 100 characters.
    pub fn new(id: UserId, org: OrgId, name: &str, created_at: OffsetDateTime) -> Result<Self> {
        let name = text::nfc(&text::collapse(text::trim(name)));
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(Invalid::one("name", "must have 1 to 100 characters").into());
        }
        Ok(Self { id, org, name, created_at })
    }

    /// The user as whoever does something (R4).
    pub fn actor(&self) -> Actor {
        Actor::User(self.id.0)
    }
}

/// What lets a user in, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInLink {
    /// For whom the user works.
    pub org: OrgId,
    /// Whom it lets in.
    pub user: UserId,
    /// What is kept of its token.
    pub hash: KeyHash,
    /// When it ends by itself.
    pub expires_at: OffsetDateTime,
}

/// A session that a link is to open; whose it is, the link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// What is kept of its token.
    pub hash: KeyHash,
    /// What it runs in, as a person recognises it: see [`agent`].
    pub agent: String,
    /// When it begins.
    pub at: OffsetDateTime,
}

/// A user who is signed in somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// For whom the user works.
    pub org: OrgId,
    /// Whose it is.
    pub user: UserId,
    /// What is kept of its token.
    pub hash: KeyHash,
    /// What it runs in, as a person recognises it.
    pub agent: String,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When it was last used, as exactly as [`SEEN_EVERY`] says.
    pub last_seen_at: OffsetDateTime,
    /// When it ends by itself, however much it is used.
    pub expires_at: OffsetDateTime,
    /// When it was ended.
    pub revoked_at: Option<OffsetDateTime>,
}

impl Session {
    /// The session that a link has opened.
    pub fn open(org: OrgId, user: UserId, new: &NewSession) -> Self {
        Self {
            id: new.id,
            org,
            user,
            hash: new.hash,
            agent: new.agent.clone(),
            created_at: new.at,
            last_seen_at: new.at,
            expires_at: new.at + SESSION_LIFE,
            revoked_at: None,
        }
    }

    /// Whether it may be used.
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        self.revoked_at.is_none() && now < self.expires_at && now < self.last_seen_at + SESSION_IDLE
    }

    /// Whether it is to be noted that it is in use.
    pub fn is_unseen(&self, now: OffsetDateTime) -> bool {
        self.last_seen_at + SEEN_EVERY <= now
    }
}

/// What a session runs in, as it may be kept: 200 characters at most, none of them invisible.
pub fn agent(text: &str) -> String {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    text::trim(&shown).to_owned()
}

/// Keeps users, links and sessions.
///
/// Every implementation passes `contacts_testkit::session_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait SessionRepository: Send + Sync {
    /// Adds a user.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Taken`] when the organisation has one of this name.
    fn insert_user(&self, user: &User) -> Result<()>;

    /// All users of an organisation, the oldest first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn users(&self, org: OrgId) -> Result<Vec<User>>;

    /// Adds a link.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be kept.
    fn insert_link(&self, link: &SignInLink) -> Result<()>;

    /// Uses a link up and opens a session with it, in one transaction. Nothing when there is no
    /// such link, when it has ended, or when it was used: of many at once, one gets in.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn sign_in(
        &self,
        org: OrgId,
        link: KeyHash,
        new: &NewSession,
    ) -> Result<Option<(Session, User)>>;

    /// Finds the session of a hash, live or not, and whose it is.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn find(&self, org: OrgId, hash: KeyHash) -> Result<Option<(Session, User)>>;

    /// Notes that a session is in use, unless a later use is known.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn touch(&self, org: OrgId, session: SessionId, now: OffsetDateTime) -> Result<()>;

    /// A user's sessions, live or not, the newest first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId, user: UserId) -> Result<Vec<Session>>;

    /// Ends a session of a user and returns it; one that was ended stays so since when it was.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn revoke(
        &self,
        org: OrgId,
        user: UserId,
        session: SessionId,
        now: OffsetDateTime,
    ) -> Result<Option<Session>>;
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_session_ends_after_a_week_of_rest_and_after_a_month_of_use() {
        let (at, one) = (OffsetDateTime::UNIX_EPOCH, Uuid::from_u128(1));
        let hash = KeyHash([0; 32]);
        let new = NewSession { id: SessionId(one), hash, agent: String::new(), at };
        let mut session = Session::open(OrgId(one), UserId(one), &new);
        assert!(session.is_live(at + Duration::days(7) - Duration::seconds(1)));
        assert!(!session.is_live(at + Duration::days(7)));
        session.last_seen_at = at + Duration::days(29);
        assert!(session.is_live(at + Duration::days(30) - Duration::seconds(1)));
        assert!(!session.is_live(at + Duration::days(30)));
        session.revoked_at = Some(at);
        assert!(!session.is_live(at + Duration::days(29)));
    }

    #[test]
    fn an_agent_is_cut_short_and_holds_nothing_invisible() {
        assert_eq!(agent("  Fire\u{7}fox\n"), "Firefox");
        assert_eq!(agent(&"é".repeat(300)).chars().count(), 200);
    }
}
