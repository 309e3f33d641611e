//! Identities of users in memory.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::identity::{
    Identity, IdentityRepository, IdentitySignIn, Refusal, SignInOutcome,
};
use contacts_core::session::{NewSession, Session, User, UserId, UserPatch};
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Error, OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::world::Rows;

impl IdentityRepository for World {
    fn sign_in(
        &self,
        org: OrgId,
        attempt: &IdentitySignIn,
        session: &NewSession,
    ) -> Result<SignInOutcome> {
        self.rows(org, |rows| {
            let found = match rows.identities.get(&attempt.identity).copied() {
                Some(user) => rows.known_user(user, attempt, session)?,
                None => rows.first_user(org, attempt, session),
            };
            let mut user = match found {
                Ok(user) => user,
                Err(refusal) => return Ok(SignInOutcome::Refused(refusal)),
            };
            user.last_seen_at = user.last_seen_at.max(Some(session.at));
            let stored = rows.sessions.users.iter_mut().find(|stored| stored.id == user.id);
            stored.into_iter().for_each(|stored| stored.last_seen_at = user.last_seen_at);
            let session = Session::open(org, user.id, session);
            rows.sessions.open.push(session.clone());
            let event = TrailEvent::signed_in_at(session.id, &attempt.provider);
            rows.record(event, user.actor(), session.created_at);
            Ok(SignInOutcome::SignedIn(Box::new((session, user))))
        })
    }

    fn connect(
        &self,
        org: OrgId,
        user: UserId,
        identity: &Identity,
        provider: &str,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.rows(org, |rows| {
            let mut users = rows.sessions.users.iter();
            let found = users.find(|found| found.id == user && found.is_active()).cloned();
            let found = found.ok_or(Error::NotFound("user"))?;
            if let Some(owner) = rows.identities.get(identity) {
                return Ok(*owner == user);
            }
            rows.identities.insert(identity.clone(), user);
            rows.record(TrailEvent::identity_connected(user, provider), found.actor(), now);
            Ok(true)
        })
    }

    fn disconnect(
        &self,
        org: OrgId,
        user: UserId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.rows(org, |rows| {
            let before = rows.identities.len();
            rows.identities.retain(|_, owner| *owner != user);
            let is_removed = rows.identities.len() < before;
            if is_removed {
                rows.record(TrailEvent::identities_removed(user), actor, now);
            }
            Ok(is_removed)
        })
    }

    fn of_users(
        &self,
        org: OrgId,
        users: &[UserId],
    ) -> Result<BTreeMap<UserId, BTreeSet<Identity>>> {
        self.read(org, |rows| {
            let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
            for (identity, user) in rows.identities.iter().filter(|(_, user)| users.contains(user))
            {
                found.entry(*user).or_default().insert(identity.clone());
            }
            Ok(found)
        })
    }
}

impl Rows {
    /// Returns the user of an identity, with the role that the issuer gives.
    fn known_user(
        &mut self,
        id: UserId,
        attempt: &IdentitySignIn,
        session: &NewSession,
    ) -> Result<Result<User, Refusal>> {
        let users = &mut self.sessions.users;
        let administrators = users.iter().filter(|user| user.is_active_administrator()).count();
        let user = users.iter_mut().find(|user| user.id == id);
        let user = user.ok_or(Error::NotFound("user"))?;
        if !user.is_active() {
            return Ok(Err(Refusal::Deactivated));
        }
        let patch = UserPatch { role: attempt.access.role, active: None };
        let events = match user.apply(patch, administrators, session.at) {
            // The last administrator keeps the role.
            Err(Error::Conflict(_)) => Vec::new(),
            applied => applied?,
        };
        let user = user.clone();
        for event in events {
            self.record(event, user.actor(), session.at);
        }
        Ok(Ok(user))
    }

    /// Makes the user of a first sign-in.
    fn first_user(
        &mut self,
        org: OrgId,
        attempt: &IdentitySignIn,
        session: &NewSession,
    ) -> Result<User, Refusal> {
        let users = &self.sessions.users;
        if attempt.email.is_some() && users.iter().any(|user| user.email == attempt.email) {
            return Err(Refusal::AddressTaken);
        }
        let email = attempt.email.as_ref();
        let invitation = self
            .invitations
            .iter()
            .position(|one| Some(&one.email) == email && one.is_live(session.at));
        let is_free = |name: &String| users.iter().all(|user| user.name != *name);
        let name = attempt.names().find(is_free).unwrap_or_default();
        let invited = invitation.map(|at| &self.invitations[at]);
        let user = attempt.first_user(org, invited, name, session.at);
        let user = user.ok_or(Refusal::NotInvited)?;
        invitation.map(|at| self.invitations.remove(at));
        self.sessions.users.push(user.clone());
        self.identities.insert(attempt.identity.clone(), user.id);
        self.record(TrailEvent::user_added(&user), user.actor(), session.at);
        Ok(user)
    }
}
