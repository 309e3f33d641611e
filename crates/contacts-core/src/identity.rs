//! Sign-in at issuers of OpenID Connect (R60).
//!
//! An [`Issuer`] proves who a person is. The person's [`Identity`] belongs to a user of an
//! organisation, who is made at the first sign-in if the [`AccessRules`] of the issuer admit the
//! person.

mod access;
mod attempt;
mod provider;
mod service;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use time::OffsetDateTime;

pub use self::access::{Access, AccessRules, RoleClaim};
pub use self::attempt::{ATTEMPT_LIFE, Attempt, ReturnPath};
pub use self::provider::{
    AuthorizationRequest, Issuer, IssuerError, OrganisationRule, Provider, Providers,
};
pub use self::service::{SignInService, StartedSignIn};
use crate::contact::EmailAddress;
use crate::invitation::Invitation;
use crate::session::{NewSession, Session, User, UserId};
use crate::{Actor, OrgId, Result};

/// A person at an issuer. Its parts are compared byte by byte.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    issuer: String,
    subject: String,
}

impl Identity {
    /// Makes an identity of the claims `iss` and `sub`; `None` when one of them is empty or longer
    /// than 255 characters.
    pub fn new(issuer: &str, subject: &str) -> Option<Self> {
        let is_valid = |text: &str| {
            (1..=255).contains(&text.chars().count()) && !text.chars().any(char::is_control)
        };
        let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
        (is_valid(&issuer) && is_valid(&subject)).then_some(Self { issuer, subject })
    }

    /// The URL of the issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The id of the person at the issuer.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

/// Omits the subject, which is personal.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity(… at {})", self.issuer)
    }
}

/// The verified claims of an ID token: what an issuer states about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The person's identity: the claims `iss` and `sub`.
    pub identity: Identity,
    /// The name of the person.
    pub name: Option<String>,
    /// The address of the person. `None` unless the issuer states that it is verified.
    pub email: Option<EmailAddress>,
    /// The texts of each claim by its name. The names of nested claims are joined by dots, such as
    /// `realm_access.roles`.
    pub values: BTreeMap<String, BTreeSet<String>>,
}

/// A sign-in that the access rules of an issuer allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentitySignIn {
    /// The identity that signs in.
    pub identity: Identity,
    /// The name of the issuer, for the audit trail.
    pub provider: String,
    /// The verified address.
    pub email: Option<EmailAddress>,
    /// What the rules of the issuer grant.
    pub access: Access,
    /// Id of the user, if one is made.
    pub new_user: UserId,
    /// Name of the user, if one is made and no other user has it.
    pub name: String,
}

impl IdentitySignIn {
    /// The names that are tried for a new user: the name itself, then with a number, because the
    /// names of an organisation's users are unique.
    pub fn names(&self) -> impl Iterator<Item = String> {
        const MAX: usize = 1_000;
        const LONGEST: usize = 90;
        let start: String = self.name.chars().take(LONGEST).collect();
        let numbered = (2..=MAX).map(move |number| format!("{} {number}", start.trim_end()));
        std::iter::once(self.name.clone()).chain(numbered)
    }

    /// Returns the user that the first sign-in creates. An invitation for the verified address allows
    /// it, and so do access rules that give new users a role. Returns `None` when neither does.
    pub fn first_user(
        &self,
        org: OrgId,
        invitation: Option<&Invitation>,
        name: String,
        at: OffsetDateTime,
    ) -> Option<User> {
        let invited = invitation.map(|invitation| invitation.role);
        Some(User {
            id: self.new_user,
            org,
            name,
            email: self.email.clone(),
            role: self.access.role.or(invited).or(self.access.new_user)?,
            created_at: at,
            last_seen_at: Some(at),
            deactivated_at: None,
        })
    }
}

/// What a sign-in by an identity led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInOutcome {
    /// The session that was opened, and its user.
    SignedIn(Box<(Session, User)>),
    /// Nothing was changed.
    Refused(Refusal),
}

/// The reason why a person is not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The rules of the issuer do not admit the person.
    AccessDenied,
    /// The person is no user, and nobody has invited the verified address.
    NotInvited,
    /// A user with the verified address exists, and has not signed in at this issuer.
    AddressTaken,
    /// The user is deactivated.
    Deactivated,
    /// The identity cannot be bound to the user, because another user signs in with it.
    IdentityTaken,
}

impl Refusal {
    /// The name in the audit trail and on the page.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::NotInvited => "not_invited",
            Self::AddressTaken => "address_taken",
            Self::Deactivated => "deactivated",
            Self::IdentityTaken => "identity_taken",
        }
    }
}

/// Stores the identities of users.
///
/// Every implementation passes `contacts_testkit::identity_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait IdentityRepository: Send + Sync {
    /// Opens a session for a person, and records that with the name of the issuer (R61), in one
    /// transaction.
    ///
    /// - A known identity signs its user in. The user gets the role of the access, if it has one,
    ///   unless no active administrator would be left.
    /// - Otherwise [`IdentitySignIn::first_user`] makes a user, and the identity is bound to that
    ///   user. A valid invitation for the address is used up. Of several concurrent first sign-ins
    ///   of a person, one makes the user.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn sign_in(
        &self,
        org: OrgId,
        attempt: &IdentitySignIn,
        session: &NewSession,
    ) -> Result<SignInOutcome>;

    /// Binds an identity to a user, and records that with the name of the issuer (R61). Does nothing
    /// when it is bound to the user already. Returns whether the identity is the user's: it stays
    /// with another user who has it.
    ///
    /// # Errors
    ///
    /// [`crate::Error::NotFound`] when there is no such active user.
    fn connect(
        &self,
        org: OrgId,
        user: UserId,
        identity: &Identity,
        provider: &str,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Removes all identities of a user, and records that (R61). Returns whether there were any.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be removed.
    fn disconnect(
        &self,
        org: OrgId,
        user: UserId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Returns the identities of each of these users, without those who have none.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn of_users(
        &self,
        org: OrgId,
        users: &[UserId],
    ) -> Result<BTreeMap<UserId, BTreeSet<Identity>>>;
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_identity_has_two_short_parts_and_its_debug_hides_the_person() {
        let ann = Identity::new("https://login.example.org", "ann-1").unwrap();
        assert!(!format!("{ann:?}").contains("ann-1"));
        assert_eq!(Identity::new("", "ann"), None);
        assert_eq!(Identity::new("https://login.example.org", ""), None);
        assert_eq!(Identity::new("https://login.example.org", &"a".repeat(256)), None);
        assert_eq!(Identity::new("https://login.example.org", "a\0"), None);
    }

    #[test]
    fn a_taken_name_gets_a_number_and_stays_valid() {
        let sign_in = IdentitySignIn {
            identity: Identity::new("https://login.example.org", "ann").unwrap(),
            provider: "Example".to_owned(),
            email: None,
            access: Access { role: None, new_user: None },
            new_user: UserId(Uuid::from_u128(1)),
            name: "é".repeat(100),
        };
        let names: Vec<_> = sign_in.names().collect();
        assert_eq!(names.len(), 1_000);
        assert_eq!(names[1], format!("{} 2", "é".repeat(90)));
        for name in &names {
            assert_eq!(User::parse_name(name).as_ref().ok(), Some(name));
        }
    }
}
