//! Invitations in memory.

use contacts_core::invitation::{
    Invitation, InvitationId, InvitationRepository, NewUser, address_taken,
};
use contacts_core::key::KeyHash;
use contacts_core::session::{NewSession, Session, User};
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Error, OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::world::Rows;

impl Rows {
    fn has_user_with(&self, invitation: &Invitation) -> bool {
        let email = Some(&invitation.email);
        self.sessions.users.iter().any(|user| user.email.as_ref() == email)
    }
}

impl InvitationRepository for World {
    fn insert(&self, mut invitation: Invitation, limit: usize) -> Result<Invitation> {
        self.rows(invitation.org, |rows| {
            if rows.has_user_with(&invitation) {
                return Err(address_taken());
            }
            let earlier = rows.invitations.iter().position(|one| one.email == invitation.email);
            if let Some(at) = earlier {
                invitation.id = rows.invitations.swap_remove(at).id;
            } else if rows.invitations.len() >= limit {
                return Err(Error::limit_reached(limit, "invitations"));
            }
            rows.invitations.push(invitation.clone());
            let event = TrailEvent::user_invited(&invitation);
            rows.record(event, invitation.actor, invitation.created_at);
            Ok(invitation)
        })
    }

    fn list(
        &self,
        org: OrgId,
        after: Option<InvitationId>,
        limit: usize,
    ) -> Result<Vec<Invitation>> {
        self.read(org, |rows| {
            let mut invitations = rows.invitations.clone();
            invitations.retain(|one| after.is_none_or(|after| one.id < after));
            invitations.sort_by_key(|one| std::cmp::Reverse(one.id));
            invitations.truncate(limit);
            Ok(invitations)
        })
    }

    fn revoke(
        &self,
        org: OrgId,
        id: InvitationId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.rows(org, |rows| {
            let before = rows.invitations.len();
            rows.invitations.retain(|one| one.id != id);
            let was_there = rows.invitations.len() < before;
            if was_there {
                rows.record(TrailEvent::invitation_revoked(id), actor, now);
            }
            Ok(was_there)
        })
    }

    fn accept(
        &self,
        org: OrgId,
        hash: KeyHash,
        new: &NewUser,
        session: &NewSession,
    ) -> Result<Option<(Session, User)>> {
        self.rows(org, |rows| {
            let is_valid = |one: &Invitation| one.hash == hash && one.is_live(session.at);
            let Some(at) = rows.invitations.iter().position(is_valid) else { return Ok(None) };
            if rows.has_user_with(&rows.invitations[at]) {
                return Err(address_taken());
            }
            if rows.sessions.users.iter().any(|user| user.name == new.name) {
                return Err(Error::Taken("name"));
            }
            let user = rows.invitations.remove(at).accept(new, session.at);
            let session = Session::open(org, user.id, session);
            rows.sessions.users.push(user.clone());
            rows.sessions.open.push(session.clone());
            rows.record(TrailEvent::user_added(&user), user.actor(), session.created_at);
            rows.record(TrailEvent::signed_in(session.id), user.actor(), session.created_at);
            Ok(Some((session, user)))
        })
    }
}
