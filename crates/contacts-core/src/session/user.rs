//! Users: the people who work for an organisation (R60).

use time::OffsetDateTime;

use super::UserId;
use crate::contact::EmailAddress;
use crate::key::Role;
use crate::trail::TrailEvent;
use crate::{Actor, Error, Invalid, OrgId, Result, text};

/// A person who works for an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Id of the user.
    pub id: UserId,
    /// Organisation of the user.
    pub org: OrgId,
    /// The name, unique in the organisation.
    pub name: String,
    /// The address that the user was invited by, unique in the organisation.
    pub email: Option<EmailAddress>,
    /// What the user may do (R60).
    pub role: Role,
    /// When the user was created.
    pub created_at: OffsetDateTime,
    /// When the user last signed in or used a session, to within [`super::SEEN_EVERY`].
    pub last_seen_at: Option<OffsetDateTime>,
    /// When the user was deactivated. A deactivated user cannot sign in.
    pub deactivated_at: Option<OffsetDateTime>,
}

/// A patch of a user; an absent member stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserPatch {
    /// What the user may do.
    pub role: Option<Role>,
    /// Whether the user can sign in.
    pub active: Option<bool>,
}

impl User {
    /// Makes a user without an address.
    ///
    /// # Errors
    ///
    /// Those of [`User::parse_name`].
    pub fn new(
        id: UserId,
        org: OrgId,
        name: &str,
        role: Role,
        created_at: OffsetDateTime,
    ) -> Result<Self> {
        Ok(Self {
            id,
            org,
            name: Self::parse_name(name)?,
            email: None,
            role,
            created_at,
            last_seen_at: None,
            deactivated_at: None,
        })
    }

    /// Returns the normalised name of a user.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when the name is empty or longer than 100 characters.
    pub fn parse_name(name: &str) -> Result<String> {
        let name = text::nfc(&text::collapse(text::trim(name)));
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(Invalid::one("name", "must have 1 to 100 characters").into());
        }
        Ok(name)
    }

    /// Whether the user can sign in.
    pub fn is_active(&self) -> bool {
        self.deactivated_at.is_none()
    }

    /// Whether the user is an administrator who can sign in. An organisation keeps one (R60).
    pub fn is_active_administrator(&self) -> bool {
        self.is_active() && self.role == Role::Administrator
    }

    /// Applies a patch, and returns what the audit trail records. `administrators` is the number of
    /// active administrators of the organisation before the change, this user included.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when the only active administrator would no longer be one (R60).
    pub fn apply(
        &mut self,
        patch: UserPatch,
        administrators: usize,
        now: OffsetDateTime,
    ) -> Result<Vec<TrailEvent>> {
        let before = self.clone();
        self.role = patch.role.unwrap_or(self.role);
        match patch.active {
            Some(true) => self.deactivated_at = None,
            Some(false) => drop(self.deactivated_at.get_or_insert(now)),
            None => {}
        }
        let is_one_less = before.is_active_administrator() && !self.is_active_administrator();
        if is_one_less && administrators <= 1 {
            *self = before;
            let reason = "the organisation needs an active administrator: make another user one \
                          first";
            return Err(Error::Conflict(reason.to_owned()));
        }
        let mut events = Vec::new();
        if before.role != self.role {
            events.push(TrailEvent::role_changed(self));
        }
        match (before.is_active(), self.is_active()) {
            (true, false) => events.push(TrailEvent::user_deactivated(self.id)),
            (false, true) => events.push(TrailEvent::user_reactivated(self.id)),
            _ => {}
        }
        Ok(events)
    }

    /// The user as an actor (R4).
    pub fn actor(&self) -> Actor {
        Actor::User(self.id.0)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::trail::TrailKind;

    const AT: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn user(role: Role) -> User {
        let one = Uuid::from_u128(1);
        User::new(UserId(one), OrgId(one), "Ann", role, AT).unwrap()
    }

    fn kinds(user: &mut User, patch: UserPatch, administrators: usize) -> Vec<TrailKind> {
        let events = user.apply(patch, administrators, AT).unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }

    #[test]
    fn the_only_administrator_is_neither_demoted_nor_deactivated() {
        let demoted = UserPatch { role: Some(Role::Manager), active: None };
        let deactivated = UserPatch { role: None, active: Some(false) };
        for patch in [demoted, deactivated] {
            let mut ann = user(Role::Administrator);
            assert!(matches!(ann.apply(patch, 1, AT), Err(Error::Conflict(_))), "{patch:?}");
            assert_eq!(ann, user(Role::Administrator), "nothing changes");
            assert_eq!(kinds(&mut ann, patch, 2).len(), 1);
        }
    }

    #[test]
    fn a_deactivated_administrator_can_be_demoted() {
        let mut ann = user(Role::Administrator);
        ann.deactivated_at = Some(AT);
        let patch = UserPatch { role: Some(Role::Viewer), active: None };
        assert_eq!(kinds(&mut ann, patch, 1), [TrailKind::RoleChanged]);
    }

    #[test]
    fn only_what_changes_is_recorded() {
        let mut ann = user(Role::Editor);
        let off = UserPatch { role: Some(Role::Editor), active: Some(false) };
        assert_eq!(kinds(&mut ann, off, 1), [TrailKind::UserDeactivated]);
        assert_eq!(kinds(&mut ann, off, 1), []);
        let on = UserPatch { role: Some(Role::Viewer), active: Some(true) };
        assert_eq!(kinds(&mut ann, on, 1), [TrailKind::RoleChanged, TrailKind::UserReactivated]);
    }
}
