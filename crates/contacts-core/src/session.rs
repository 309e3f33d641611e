//! Users and their sessions, with which people authenticate (R2).

mod service;
mod user;

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

pub use self::service::{SessionService, SignedIn};
pub use self::user::{User, UserPatch};
use crate::key::KeyHash;
use crate::org::id;
use crate::{Actor, OrgId, Result, text};

id! {
    /// A user's id.
    UserId
}

id! {
    /// A session's id. Not secret.
    SessionId
}

/// How long a sign-in link is valid.
pub const LINK_LIFE: Duration = Duration::hours(1);

/// Maximum duration of a session.
pub const SESSION_LIFE: Duration = Duration::days(30);

/// Maximum time between two requests of a session.
pub const SESSION_IDLE: Duration = Duration::days(7);

/// Precision of [`Session::last_seen_at`], so that not every request causes a write.
pub const SEEN_EVERY: Duration = Duration::hours(1);

/// A link that signs a user in, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInLink {
    /// Organisation of the link.
    pub org: OrgId,
    /// The user.
    pub user: UserId,
    /// The hash of the token.
    pub hash: KeyHash,
    /// When the link expires.
    pub expires_at: OffsetDateTime,
}

/// A session to open with a sign-in link; the link determines the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// Id of the session.
    pub id: SessionId,
    /// The hash of the token.
    pub hash: KeyHash,
    /// The description of the browser; see [`agent`].
    pub agent: String,
    /// When the session begins.
    pub at: OffsetDateTime,
}

/// A session of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Id of the session.
    pub id: SessionId,
    /// Organisation of the session.
    pub org: OrgId,
    /// The user.
    pub user: UserId,
    /// The hash of the token.
    pub hash: KeyHash,
    /// The description of the browser.
    pub agent: String,
    /// When the session began.
    pub created_at: OffsetDateTime,
    /// When the session was last used, to within [`SEEN_EVERY`].
    pub last_seen_at: OffsetDateTime,
    /// When the session expires, however much it is used.
    pub expires_at: OffsetDateTime,
    /// When the session was revoked.
    pub revoked_at: Option<OffsetDateTime>,
}

impl Session {
    /// Makes the session that a sign-in link opens.
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

    /// Whether the session is neither revoked nor expired.
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        self.revoked_at.is_none() && now < self.expires_at && now < self.last_seen_at + SESSION_IDLE
    }

    /// Whether [`Session::last_seen_at`] is due for an update.
    pub fn is_unseen(&self, now: OffsetDateTime) -> bool {
        self.last_seen_at + SEEN_EVERY <= now
    }
}

/// Returns the description of the browser as it is stored: at most 200 characters, without control
/// characters.
pub fn agent(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    text::trim(&visible).to_owned()
}

/// Stores users, sign-in links and sessions.
///
/// Every implementation passes `contacts_testkit::session_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait SessionRepository: Send + Sync {
    /// Adds a user, and records it in the audit trail (R61).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Taken`] when the organisation has a user of this name.
    fn insert_user(&self, user: &User, actor: Actor) -> Result<()>;

    /// Finds the user with a name.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn find_user(&self, org: OrgId, name: &str) -> Result<Option<User>>;

    /// Returns up to `limit` users of an organisation after a user, in the order of their ids,
    /// which is the oldest first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn users(&self, org: OrgId, after: Option<UserId>, limit: usize) -> Result<Vec<User>>;

    /// Applies a patch to the locked user, as [`User::apply`] does, records what it changes (R61),
    /// and returns the user; `None` when there is none. Changes of several users at once leave an
    /// active administrator. A user who is deactivated loses all sessions and links in the same
    /// transaction.
    ///
    /// # Errors
    ///
    /// Those of [`User::apply`].
    fn change_user(
        &self,
        org: OrgId,
        user: UserId,
        patch: UserPatch,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<User>>;

    /// Returns the number of valid sessions of each of these users, without those who have none.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn count_sessions(
        &self,
        org: OrgId,
        users: &[UserId],
        now: OffsetDateTime,
    ) -> Result<BTreeMap<UserId, u64>>;

    /// Revokes the sessions of a user, and records it if there was a valid one (R61). Returns the
    /// number of valid sessions that it revoked; `None` when there is no such user.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be revoked.
    fn end_sessions(
        &self,
        org: OrgId,
        user: UserId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<u64>>;

    /// Adds a link.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be written.
    fn insert_link(&self, link: &SignInLink) -> Result<()>;

    /// Consumes a link, opens a session with it, and records that in the audit trail (R61), in one
    /// transaction. `None` when there is no such link, when it has expired or was used, or when its
    /// user is deactivated: of several concurrent requests, one succeeds.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn sign_in(
        &self,
        org: OrgId,
        link: KeyHash,
        new: &NewSession,
    ) -> Result<Option<(Session, User)>>;

    /// Finds the session with a hash, even if it is expired or revoked, and its user.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn find(&self, org: OrgId, hash: KeyHash) -> Result<Option<(Session, User)>>;

    /// Sets when a session and its user were last seen, unless a later time is stored.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be written.
    fn touch(&self, org: OrgId, session: SessionId, now: OffsetDateTime) -> Result<()>;

    /// Returns up to `limit` sessions of a user after a session, expired and revoked ones too, in
    /// descending order of their ids, which is the newest first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn list(
        &self,
        org: OrgId,
        user: UserId,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<Session>>;

    /// Revokes a session of a user, records that the user did it (R61), and returns it; `None` when
    /// there is none. A session that is revoked already keeps its time of revocation, and is not
    /// recorded again.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
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
    fn a_session_expires_after_a_week_without_use_and_after_a_month() {
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
    fn an_agent_is_cut_to_200_characters_without_control_characters() {
        assert_eq!(agent("  Fire\u{7}fox\n"), "Firefox");
        assert_eq!(agent(&"é".repeat(300)).chars().count(), 200);
    }
}
