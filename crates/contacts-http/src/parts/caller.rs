//! The caller of a request (R1, R2). The organisation and the scopes come only from the credential.

use std::collections::BTreeSet;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use contacts_core::key::{ApiKey, Role, Scope, allows};
use contacts_core::session::{Session, SessionId, User, UserId};
use contacts_core::{Actor, OrgId};
use uuid::Uuid;

use crate::parts::problem::{Code, Problem};

/// The caller of a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) org: OrgId,
    pub(crate) actor: Actor,
    /// The name of the key or the user; `None` for a user of another service.
    pub(crate) name: Option<String>,
    pub(crate) scopes: BTreeSet<Scope>,
    /// The role of a user; `None` for a key, and for a JWT without one.
    pub(crate) role: Option<Role>,
    /// The session of a user who is signed in on the page.
    pub(crate) session: Option<SessionId>,
}

impl Caller {
    /// Returns the id of the key or the user.
    pub(crate) fn credential(&self) -> Uuid {
        self.actor.parts().1.unwrap_or_default()
    }

    pub(crate) fn may(&self, scope: Scope) -> bool {
        allows(&self.scopes, scope)
    }

    /// Refuses a caller without a scope that the operation requires for this request.
    pub(crate) fn check(&self, scope: Scope) -> Result<(), Problem> {
        if self.may(scope) { Ok(()) } else { Err(Problem::scope_missing(&[scope])) }
    }
}

impl From<ApiKey> for Caller {
    fn from(key: ApiKey) -> Self {
        let ApiKey { org, id, name, scopes, .. } = key;
        Self { org, actor: Actor::Key(id), name: Some(name), scopes, role: None, session: None }
    }
}

/// A signed-in user has the scopes of the role.
impl From<(Session, User)> for Caller {
    fn from((session, user): (Session, User)) -> Self {
        Self {
            org: session.org,
            actor: user.actor(),
            name: Some(user.name),
            scopes: user.role.scopes(),
            role: Some(user.role),
            session: Some(session.id),
        }
    }
}

/// The scopes that a handler requires of its caller, given by the handler's first argument. The API
/// description states them (R44).
pub(crate) trait Requires {
    /// The scopes of which the caller needs one. Empty when no credential is needed. Where there
    /// are several, the request decides which of them it needs, and the handler calls
    /// [`Caller::check`].
    const SCOPES: &'static [Scope];
}

impl<T> Requires for Data<T> {
    const SCOPES: &'static [Scope] = &[];
}

/// Declares that the arguments of a handler require the same scopes as the first of them.
macro_rules! first_requires {
    ($(($first:ident $(, $other:ident)*))+) => {$(
        impl<$first: Requires $(, $other)*> Requires for ($first, $($other,)*) {
            const SCOPES: &'static [Scope] = $first::SCOPES;
        }
    )+};
}

first_requires! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) }

impl Requires for () {
    const SCOPES: &'static [Scope] = &[];
}

/// Declares a caller who was admitted for one of some scopes. As the first argument of a handler it
/// is checked before the body is read.
macro_rules! scoped {
    ($(#[$doc:meta])* $name:ident $($scope:ident)+) => {
        $(#[$doc])*
        pub(crate) struct $name(pub(crate) Caller);

        impl Requires for $name {
            const SCOPES: &'static [Scope] = &[$(Scope::$scope),+];
        }

        impl FromRequest for $name {
            type Error = Problem;
            type Future = Ready<Result<Self, Problem>>;

            fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready(caller(req, Self::SCOPES).map(Self))
            }
        }
    };
}

scoped! {
    /// A caller with the scope `read`.
    CanRead Read
}
scoped! {
    /// A caller with the scope `write`.
    CanWrite Write
}
scoped! {
    /// A caller with the scope `export`.
    CanExport Export
}
scoped! {
    /// A caller with the scope `import`.
    CanImport Import
}
scoped! {
    /// A caller with the scope `merge`.
    CanMerge Merge
}
scoped! {
    /// A caller who may start some kind of bulk action; its kind decides which scope it needs.
    CanAct Write Export BulkDelete
}
scoped! {
    /// A caller who may undo some kind of bulk action; its kind decides which scope it needs.
    CanUndo Write Merge
}
scoped! {
    /// A caller who may cancel some kind of run; its kind decides which scope it needs.
    CanCancel Write Export Import Merge BulkDelete Admin
}
scoped! {
    /// A caller with the scope `capture`.
    CanCapture Capture
}
scoped! {
    /// A caller with the scope `admin`.
    CanAdmin Admin
}

/// A user who is signed in on the page.
pub(crate) struct SignedIn {
    pub(crate) org: OrgId,
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
}

impl Requires for SignedIn {
    const SCOPES: &'static [Scope] = &[Scope::Read];
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let signed_in =
            caller(req, Self::SCOPES).and_then(|caller| match (caller.actor, caller.session) {
                (Actor::User(user), Some(session)) => {
                    Ok(Self { org: caller.org, user: UserId(user), session })
                }
                _ => Err(Problem::new(Code::Forbidden, "only who signed in on the page has this")),
            });
        ready(signed_in)
    }
}

fn caller(req: &HttpRequest, scopes: &[Scope]) -> Result<Caller, Problem> {
    let extensions = req.extensions();
    let caller = extensions.get::<Caller>().ok_or_else(unauthenticated_problem)?;
    if scopes.iter().any(|scope| caller.may(*scope)) {
        Ok(caller.clone())
    } else {
        Err(Problem::scope_missing(scopes))
    }
}

/// Returns the same problem for every invalid credential, so that callers cannot learn why a
/// credential is invalid.
pub(crate) fn unauthenticated_problem() -> Problem {
    Problem::unauthenticated("the credential is unknown, revoked or expired")
}
