//! The first organisation, its API key and its user, which a new service needs.

use contacts_core::Services;
use contacts_core::key::{Scope, Token};
use contacts_core::org::Organisation;

use crate::cli::{key, org, sign_in_link};
use crate::report::Done;

/// What a first start has created.
pub(super) struct First {
    pub(super) organisation: Organisation,
    /// The token of the first key.
    pub(super) key: Option<Token>,
    /// The token of the link that signs the first user in.
    pub(super) link: Option<Token>,
}

/// Creates an organisation when there is none. When there is one without keys or users, because a
/// first start was interrupted, creates these.
pub(super) fn ensure(services: &Services) -> Done<Option<First>> {
    let mut organisations = services.organisations.list()?;
    let organisation = match (organisations.pop(), organisations.is_empty()) {
        (None, _) => org::create(services, "My organisation", None)?,
        (Some(only), true) => only,
        (Some(_), false) => return Ok(None),
    };
    let key = if services.keys.list(organisation.id, None, 1)?.is_empty() {
        let scopes = [Scope::Read, Scope::Write, Scope::Admin].into();
        Some(key::issue(services, organisation.id, "First key", scopes, None)?.1)
    } else {
        None
    };
    let link = if services.sessions.users(organisation.id, None, 1)?.is_empty() {
        Some(sign_in_link::make(services, organisation.id, None, None)?.1)
    } else {
        None
    };
    let is_first = key.is_some() || link.is_some();
    Ok(is_first.then_some(First { organisation, key, link }))
}
