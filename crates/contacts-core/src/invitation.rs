//! Invitations, by which people become users of an organisation (R60).
//!
//! The service sends no mail: an administrator passes the link of an invitation on.

mod service;

use time::{Duration, OffsetDateTime};

pub use self::service::{InvitationService, Invited};
use crate::contact::EmailAddress;
use crate::key::{KeyHash, Role};
use crate::org::id;
use crate::session::{NewSession, Session, User, UserId};
use crate::{Actor, OrgId, Result};

id! {
    /// An invitation's id.
    InvitationId
}

/// How long the link of an invitation is valid.
pub const INVITATION_LIFE: Duration = Duration::days(7);

/// How long an expired invitation is listed, so that a new link can be made for it.
pub const KEEP_INVITATIONS: Duration = Duration::days(30);

/// An invitation that was not used yet. Its use deletes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Id of the invitation. Not secret.
    pub id: InvitationId,
    /// Organisation of the invitation.
    pub org: OrgId,
    /// The address of the invited person. An organisation has one invitation for an address.
    pub email: EmailAddress,
    /// The role of the future user.
    pub role: Role,
    /// The hash of the token of the link.
    pub hash: KeyHash,
    /// The user or the key that invited the person.
    pub actor: Actor,
    /// When the person was invited.
    pub created_at: OffsetDateTime,
    /// When the link expires.
    pub expires_at: OffsetDateTime,
}

impl Invitation {
    /// Whether the link has not expired.
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        now < self.expires_at
    }

    /// Returns the user that the invitation makes.
    pub fn accept(self, new: &NewUser, at: OffsetDateTime) -> User {
        User {
            id: new.id,
            org: self.org,
            name: new.name.clone(),
            email: Some(self.email),
            role: self.role,
            created_at: at,
            last_seen_at: Some(at),
            deactivated_at: None,
        }
    }
}

/// The details of a new user that the invitation does not contain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// Id of the user.
    pub id: UserId,
    /// The name, as [`User::parse_name`] returns it.
    pub name: String,
}

/// Stores invitations.
///
/// Every implementation passes `contacts_testkit::invitation_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait InvitationRepository: Send + Sync {
    /// Adds an invitation, records it in the audit trail (R61), and returns it. If the address was
    /// invited before, the new invitation takes the place of that one and has its id. The earlier
    /// link no longer works.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Conflict`] when a user has the address, or when the organisation already has
    /// `limit` invitations.
    fn insert(&self, invitation: Invitation, limit: usize) -> Result<Invitation>;

    /// Returns up to `limit` invitations after an invitation, expired ones too, in descending order
    /// of their ids: the address that was invited last is the first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(
        &self,
        org: OrgId,
        after: Option<InvitationId>,
        limit: usize,
    ) -> Result<Vec<Invitation>>;

    /// Deletes an invitation, and records that (R61). Returns whether there was one.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be deleted.
    fn revoke(
        &self,
        org: OrgId,
        id: InvitationId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Uses a valid invitation: deletes it, adds its user, opens a session, and records the user and
    /// the sign-in (R61), in one transaction. `None` when there is no such invitation, or when it
    /// has expired, was replaced or was used: of several concurrent requests, one succeeds.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Taken`] when a user has the name, and [`crate::Error::Conflict`] when one has
    /// the address. The invitation stays then.
    fn accept(
        &self,
        org: OrgId,
        hash: KeyHash,
        user: &NewUser,
        session: &NewSession,
    ) -> Result<Option<(Session, User)>>;
}

/// The error for an address that a user of the organisation has.
pub fn address_taken() -> crate::Error {
    crate::Error::Conflict("a user of the organisation has this email address already".to_owned())
}
