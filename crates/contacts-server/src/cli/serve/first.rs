//! The first organisation, its key and its user, so that a new service can be used at once.

use contacts_core::key::{Scope, Token};
use contacts_core::org::Organisation;

use crate::cli::{key, org, sign_in_link};
use crate::report::Done;
use crate::wiring::Services;

/// What a first start has made.
pub(super) struct First {
    pub(super) organisation: Organisation,
    /// Of its first key.
    pub(super) key: Option<Token>,
    /// Lets its first user in.
    pub(super) link: Option<Token>,
}

/// Makes an organisation when there is none; and a key and a user when there is one that never
/// had any: a start that was cut short before is made good.
pub(super) fn ensure(services: &Services) -> Done<Option<First>> {
    let mut organisations = services.organisations.list()?;
    let organisation = match (organisations.pop(), organisations.is_empty()) {
        (None, _) => org::create(services, "My organisation", None)?,
        (Some(only), true) => only,
        (Some(_), false) => return Ok(None),
    };
    let key = if services.keys.list(organisation.id)?.is_empty() {
        let scopes = [Scope::Read, Scope::Write, Scope::Admin].into();
        Some(key::issue(services, organisation.id, "First key", scopes, None)?.1)
    } else {
        None
    };
    let link = if services.sessions.users(organisation.id)?.is_empty() {
        Some(sign_in_link::make(services, organisation.id, None)?.1)
    } else {
        None
    };
    let is_first = key.is_some() || link.is_some();
    Ok(is_first.then_some(First { organisation, key, link }))
}
