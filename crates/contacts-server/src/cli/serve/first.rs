//! The first organisation and its key, so that a new service can be used at once.

use contacts_core::key::{Scope, Token};
use contacts_core::org::Organisation;

use crate::cli::{key, org};
use crate::report::Done;
use crate::wiring::Services;

/// What a first start has made.
pub(super) struct First {
    pub(super) organisation: Organisation,
    pub(super) token: Token,
}

/// Makes an organisation when there is none, and a key when there is one that never had any: a
/// start that was cut short between the two is made good.
pub(super) fn ensure(services: &Services) -> Done<Option<First>> {
    let mut organisations = services.organisations.list()?;
    let organisation = match (organisations.pop(), organisations.is_empty()) {
        (None, _) => org::create(services, "My organisation", None)?,
        (Some(only), true) if services.keys.list(only.id)?.is_empty() => only,
        (Some(_), _) => return Ok(None),
    };
    let scopes = [Scope::Read, Scope::Write, Scope::Admin].into();
    let (_, token) = key::issue(services, organisation.id, "First key", scopes, None)?;
    Ok(Some(First { organisation, token }))
}
