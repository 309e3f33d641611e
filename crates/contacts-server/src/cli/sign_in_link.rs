//! `contacts sign-in-link`: creates a link that signs a user in on the page.

use clap::Args;
use contacts_core::key::{Role, Token};
use contacts_core::session::{User, UserPatch};
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
    /// The user's name; with --role, a user who does not exist is created [default: the first user]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The role that the user gets: viewer, editor, manager or administrator [default: the user
    /// keeps theirs]
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
/// user's role if one is given. A user who does not exist needs a role, so that a typing error adds
/// nobody; an organisation without users gets an administrator.
pub(super) fn make(
    services: &Services,
    org: OrgId,
    name: Option<&str>,
    role: Option<Role>,
) -> Done<(User, Token)> {
    let found = match name {
        Some(name) => services.sessions.find_user(org, name)?,
        None => services.sessions.users(org, None, 1)?.into_iter().next(),
    };
    let mut user = match (found, name) {
        (Some(user), _) => user,
        (None, None) => services.sessions.user(org, OWNER, role.unwrap_or(Role::Administrator))?,
        (None, Some(name)) => {
            let role = role.ok_or_else(|| unknown_user(name))?;
            services.sessions.user(org, name, role)?
        }
    };
    if role.is_some_and(|role| role != user.role) {
        let patch = UserPatch { role, active: None };
        user = services.sessions.change_user(org, user.id, patch, Actor::System)?;
    }
    let link = services.sessions.link(&user, key::random()?)?;
    Ok((user, link))
}

fn unknown_user(name: &str) -> Failure {
    Failure::usage(format!(
        "there is no user {name}: contacts user list shows the names; to create this user, give \
         the role, such as --role editor"
    ))
}

pub(super) fn role_of(name: &str) -> Done<Role> {
    let name = name.trim();
    Role::parse(name)
        .ok_or_else(|| Failure::usage(format!("{name} is not a role: use one of {}", Role::NAMES)))
}

/// The link as a browser opens it. Browsers do not send the part after the `#` to servers, so no
/// log contains the token, and no program that checks links in messages uses it up.
pub(super) fn address(public_url: &PublicUrl, link: &Token) -> String {
    format!("{public_url}/sign-in#{}", link.reveal())
}
