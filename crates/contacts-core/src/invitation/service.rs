//! Use cases of invitations.

use std::sync::Arc;

use super::{INVITATION_LIFE, Invitation, InvitationId, InvitationRepository, NewUser};
use crate::contact::EmailAddress;
use crate::key::{Role, Token};
use crate::session::{NewSession, SessionId, SignedIn, User, UserId, agent};
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Ports, Result};

/// The use cases of invitations.
#[derive(Clone)]
pub struct InvitationService {
    invitations: Arc<dyn InvitationRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

/// A new invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// The token of its link, which is not stored.
    pub token: Token,
}

impl InvitationService {
    /// Maximum number of invitations of an organisation that were not used.
    pub const MAX_INVITATIONS: usize = 1_000;

    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            invitations: ports.invitations.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        }
    }

    /// Invites a person to become a user with a role. The link is valid once, within
    /// [`INVITATION_LIFE`]. An invitation for the same address keeps its id, and its earlier link no
    /// longer works. `random` is the secret: 32 bytes from the system's random source.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `email`; [`Error::Conflict`] when a user has the address, or there
    /// are too many invitations.
    pub fn invite(
        &self,
        org: OrgId,
        email: &str,
        role: Role,
        actor: Actor,
        random: [u8; 32],
    ) -> Result<Invited> {
        let email = EmailAddress::parse(email).map_err(|reason| Invalid::one("email", reason))?;
        let token = Token::new(org, random);
        let now = self.clock.now();
        let invitation = Invitation {
            id: InvitationId(self.ids.next()),
            org,
            email,
            role,
            hash: token.hash(),
            actor,
            created_at: now,
            expires_at: now + INVITATION_LIFE,
        };
        let invitation = self.invitations.insert(invitation, Self::MAX_INVITATIONS)?;
        Ok(Invited { invitation, token })
    }

    /// Returns up to `limit` invitations that were not used after an invitation, the newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(
        &self,
        org: OrgId,
        after: Option<InvitationId>,
        limit: usize,
    ) -> Result<Vec<Invitation>> {
        self.invitations.list(org, after, limit)
    }

    /// Revokes an invitation: its link no longer works.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn revoke(&self, org: OrgId, id: InvitationId, actor: Actor) -> Result<()> {
        let was_there = self.invitations.revoke(org, id, actor, self.clock.now())?;
        if was_there { Ok(()) } else { Err(Error::NotFound("invitation")) }
    }

    /// Uses an invitation: makes its user, with a name, and signs the user in. `random` is the
    /// session's secret: 32 bytes from the system's random source. `None` when the invitation is
    /// unknown, expired, revoked, replaced or used.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `name`; [`Error::Taken`] when another user has the name;
    /// [`Error::Conflict`] when another user has the address.
    pub fn accept(
        &self,
        link: &Token,
        name: &str,
        agent_text: &str,
        random: [u8; 32],
    ) -> Result<Option<SignedIn>> {
        let new = NewUser { id: UserId(self.ids.next()), name: User::parse_name(name)? };
        let token = Token::new(link.org(), random);
        let session = NewSession {
            id: SessionId(self.ids.next()),
            hash: token.hash(),
            agent: agent(agent_text),
            at: self.clock.now(),
        };
        let accepted = self.invitations.accept(link.org(), link.hash(), &new, &session)?;
        Ok(accepted.map(|(session, user)| SignedIn { user, session, token }))
    }
}
