//! `contacts user`: lists and invites users, deactivates and reactivates them (R60).

use clap::{Args, Subcommand};
use contacts_core::page::read_all;
use contacts_core::session::{self, UserPatch};
use contacts_core::{Actor, OrgId, Services};

use super::sign_in_link::role_of;
use super::{key, org, out, with_services};
use crate::config::{DatabaseConfig, PlaceConfig};
use crate::report::{Done, Failure};

/// Subcommands of `contacts user`.
#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// List the users, oldest first
    List {
        /// The organisation, by id or name, where there are several
        #[arg(long, value_name = "ORG")]
        org: Option<String>,
    },
    /// Invite a person, and print the link by which the person becomes a user; no mail is sent
    Invite(Invite),
    /// Deactivate a user: all sessions end, and no link signs the user in
    Deactivate(Named),
    /// Reactivate a deactivated user
    Reactivate(Named),
}

/// Arguments of `contacts user invite`.
#[derive(Args, Debug)]
pub(super) struct Invite {
    /// The email address of the person
    email: String,
    /// The role of the person: viewer, editor, manager or administrator
    #[arg(long, value_name = "ROLE")]
    role: String,
    /// The organisation, by id or name, where there are several
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
    #[command(flatten)]
    place: PlaceConfig,
}

/// A user of an organisation.
#[derive(Args, Debug)]
pub(super) struct Named {
    /// The user's name
    name: String,
    /// The organisation, by id or name, where there are several
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
}

pub(super) fn run(config: &DatabaseConfig, args: &User) -> Done {
    match args {
        User::List { org } => with_services(config, |services| {
            let org = org::pick(services, org.as_deref())?.id;
            let page = |after, limit| services.sessions.users(org, after, limit);
            let users = read_all(page, |user| user.id)?;
            users.iter().try_for_each(|user| out::print_line(line(user)))
        }),
        User::Invite(new) => invite(config, new),
        User::Deactivate(named) => set_active(config, named, false),
        User::Reactivate(named) => set_active(config, named, true),
    }
}

fn invite(config: &DatabaseConfig, new: &Invite) -> Done {
    let public_url = new.place.public_url_elsewhere()?;
    let role = role_of(&new.role)?;
    with_services(config, |services| {
        let org = org::pick(services, new.org.as_deref())?.id;
        let random = key::random()?;
        let invited = services.invitations.invite(org, &new.email, role, Actor::System, random)?;
        let (email, role) = (&invited.invitation.email, role.as_str());
        out::remark(format_args!("This link makes {email} a user ({role}) once, within a week:"));
        out::print_line(format_args!("{public_url}/join#{}", invited.token.reveal()))
    })
}

fn set_active(config: &DatabaseConfig, named: &Named, active: bool) -> Done {
    with_services(config, |services| {
        let org = org::pick(services, named.org.as_deref())?.id;
        let user = find(services, org, &named.name)?;
        let patch = UserPatch { role: None, active: Some(active) };
        let user = services.sessions.change_user(org, user.id, patch, Actor::System)?;
        out::print_line(line(&user))
    })
}

fn find(services: &Services, org: OrgId, name: &str) -> Done<session::User> {
    services.sessions.find_user(org, name)?.ok_or_else(|| {
        Failure::usage(format!("there is no user {name}: contacts user list shows the names"))
    })
}

/// The line of a user: id, role, when last seen, name and address.
fn line(user: &session::User) -> String {
    let seen = user.last_seen_at.map_or_else(|| "never".to_owned(), |at| at.date().to_string());
    let state = if user.is_active() { user.role.as_str() } else { "deactivated" };
    let email = user.email.as_ref().map(|email| format!("  {email}")).unwrap_or_default();
    format!("{}  {state:<13}  seen {seen:<10}  {}{email}", user.id, user.name)
}
