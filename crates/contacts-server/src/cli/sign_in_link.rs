//! `contacts sign-in-link`: letting a user in on the page.

use clap::Args;
use contacts_core::OrgId;
use contacts_core::key::Token;
use contacts_core::session::User;
use contacts_http::PublicUrl;

use super::{key, org, out, with_services};
use crate::config::{DatabaseConfig, PlaceConfig};
use crate::report::Done;
use crate::wiring::Services;

/// What an organisation's first user is called.
const OWNER: &str = "Owner";

/// For whom the link is.
#[derive(Args, Debug)]
pub(super) struct SignInLink {
    /// The user's name, who is made when there is none of it; without it, the first user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The organisation, by id or name, where there are several
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
    #[command(flatten)]
    place: PlaceConfig,
}

pub(super) fn run(config: &DatabaseConfig, args: &SignInLink) -> Done {
    let public_url = args.place.public_url_elsewhere()?;
    with_services(config, |services| {
        let org = org::pick(services, args.org.as_deref())?.id;
        let (user, link) = make(services, org, args.user.as_deref())?;
        out::remark(format_args!("Signs {} in, once, within an hour:", user.name));
        out::say(address(&public_url, &link))
    })
}

/// Makes a link for the user of a name, or else for the organisation's first.
pub(super) fn make(services: &Services, org: OrgId, name: Option<&str>) -> Done<(User, Token)> {
    let first = match name {
        Some(_) => None,
        None => services.sessions.users(org)?.into_iter().next(),
    };
    let user = match first {
        Some(first) => first,
        None => services.sessions.user(org, name.unwrap_or(OWNER))?,
    };
    let link = services.sessions.link(&user, key::random()?)?;
    Ok((user, link))
}

/// The link as a browser opens it. What comes after the `#` is sent to no server, so neither a
/// log nor whoever looks at links before people do uses it up.
pub(super) fn address(public_url: &PublicUrl, link: &Token) -> String {
    format!("{public_url}/sign-in#{}", link.reveal())
}
