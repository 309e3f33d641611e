//! `contacts sign-in-link`: creates a link that signs a user in on the page.

use clap::Args;
use contacts_core::key::{Role, Token};
use contacts_core::session::User;
use contacts_core::{Actor, OrgId, Services};
use contacts_http::PublicUrl;

use super::{key, org, out, with_services};
use crate::config::{DatabaseConfig, PlaceConfig};
use crate::report::{Done, Failure};

/// The name of an organisation's first user.
const OWNER: &str = "Owner";

/// Arguments of `contacts sign-in-link`.
#[derive(Args, Debug)]
pub(super) struct SignInLink {
    /// The user's name; a user who does not exist is created [default: the first user]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The role that the user gets: viewer, editor, manager or administrator [default: a new user
    /// becomes an administrator, and others keep theirs]
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// The organisation, by id or name, where there are several
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
    #[command(flatten)]
    place: PlaceConfig,
}

pub(super) fn run(config: &DatabaseConfig, args: &SignInLink) -> Done {
    let public_url = args.place.public_url_elsewhere()?;
    let role = args.role.as_deref().map(role_of).transpose()?;
    with_services(config, |services| {
        let org = org::pick(services, args.org.as_deref())?.id;
        let (user, link) = make(services, org, args.user.as_deref(), role)?;
        let (name, role) = (&user.name, user.role.as_str());
        out::remark(format_args!("This link signs {name} ({role}) in once, within an hour:"));
        out::print_line(address(&public_url, &link))
    })
}

/// Creates a link for the user with a name, or else for the organisation's first user, and sets the
/// user's role if one is given.
pub(super) fn make(
    services: &Services,
    org: OrgId,
    name: Option<&str>,
    role: Option<Role>,
) -> Done<(User, Token)> {
    let first = match name {
        Some(_) => None,
        None => services.sessions.users(org, None, 1)?.into_iter().next(),
    };
    let new_role = role.unwrap_or(Role::Administrator);
    let mut user = match first {
        Some(first) => first,
        None => services.sessions.user(org, name.unwrap_or(OWNER), new_role)?,
    };
    if let Some(role) = role.filter(|role| *role != user.role) {
        user = services.sessions.set_role(org, user.id, role, Actor::System)?;
    }
    let link = services.sessions.link(&user, key::random()?)?;
    Ok((user, link))
}

fn role_of(name: &str) -> Done<Role> {
    let name = name.trim();
    Role::parse(name)
        .ok_or_else(|| Failure::usage(format!("{name} is not a role: use one of {}", Role::NAMES)))
}

/// The link as a browser opens it. Browsers do not send the part after the `#` to servers, so no
/// log contains the token, and no program that checks links in messages uses it up.
pub(super) fn address(public_url: &PublicUrl, link: &Token) -> String {
    format!("{public_url}/sign-in#{}", link.reveal())
}
