//! `contacts key`: creates, lists and revokes API keys.

use std::collections::BTreeSet;

use clap::{Args, Subcommand};
use contacts_core::key::{ApiKey, KeyId, NewKey, Scope, Token};
use contacts_core::page::read_all;
use contacts_core::{Actor, OrgId, Services, parse_time};
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{org, out, with_services};
use crate::config::DatabaseConfig;
use crate::report::{Done, Failure};

/// Subcommands of `contacts key`.
#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Create a key, and print its token, which is not shown again
    Create(Create),
    /// List the keys, newest first
    List {
        /// The organisation, by id or name, where there are several
        #[arg(long, value_name = "ORG")]
        org: Option<String>,
    },
    /// Revoke a key permanently
    Revoke {
        /// The key's id
        id: String,
        /// The organisation, by id or name, where there are several
        #[arg(long, value_name = "ORG")]
        org: Option<String>,
    },
}

/// Arguments of `contacts key create`.
#[derive(Args, Debug)]
pub(super) struct Create {
    /// The name of the key
    #[arg(long)]
    name: String,
    /// Permissions, comma-separated: read, write, export, import, merge, bulk_delete and admin, or
    /// capture alone
    #[arg(long, value_delimiter = ',', required = true, value_name = "SCOPES")]
    scope: Vec<String>,
    /// When the key expires: a date, or a time such as 2027-01-01T12:00:00Z
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// The organisation, by id or name, where there are several
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
}

pub(super) fn run(config: &DatabaseConfig, args: &Key) -> Done {
    match args {
        Key::Create(new) => {
            let scopes = scopes(&new.scope)?;
            let expires_at = new.expires.as_deref().map(time_of).transpose()?;
            with_services(config, |services| {
                let org = org::pick(services, new.org.as_deref())?.id;
                let (key, token) = issue(services, org, &new.name, scopes, expires_at)?;
                out::remark(format_args!(
                    "Created the key {}. Its token is not shown again:",
                    key.id
                ));
                out::print_line(token.reveal())
            })
        }
        Key::List { org } => with_services(config, |services| {
            let org = org::pick(services, org.as_deref())?.id;
            let now = services.clock.now();
            let keys =
                read_all(|after, limit| services.keys.list(org, after, limit), |key| key.id)?;
            keys.iter().try_for_each(|key| out::print_line(line(key, now)))
        }),
        Key::Revoke { id, org } => {
            let id = Uuid::try_parse(id.trim()).map_err(|_no_id| {
                Failure::usage("the id of the key is invalid: contacts key list shows the ids")
            })?;
            with_services(config, |services| {
                let org = org::pick(services, org.as_deref())?.id;
                let key = services.keys.revoke(org, KeyId(id), Actor::System)?;
                out::print_line(format_args!("Revoked {}  {}", key.id, key.name))
            })
        }
    }
}

/// Issues a key.
pub(super) fn issue(
    services: &Services,
    org: OrgId,
    name: &str,
    scopes: BTreeSet<Scope>,
    expires_at: Option<OffsetDateTime>,
) -> Done<(ApiKey, Token)> {
    let random = random()?;
    Ok(services.keys.issue(org, &NewKey { name, scopes, expires_at, random }, Actor::System)?)
}

/// 32 bytes that nobody can guess.
pub(super) fn random() -> Done<[u8; 32]> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|_none| {
        Failure::new(
            "the system provides no random numbers: give this process access to /dev/urandom",
        )
    })?;
    Ok(random)
}

fn line(key: &ApiKey, now: OffsetDateTime) -> String {
    let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let state = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {}", at.date()),
        (None, Some(at)) if key.is_live(now) => format!("until {}", at.date()),
        (None, Some(at)) => format!("expired {}", at.date()),
        (None, None) => "active".to_owned(),
    };
    format!(
        "{}  {}  {}  created {}  {state}",
        key.id,
        key.name,
        scopes.join(","),
        key.created_at.date()
    )
}

fn scopes(names: &[String]) -> Done<BTreeSet<Scope>> {
    let parse = |name: &String| {
        let name = name.trim();
        Scope::parse(name).ok_or_else(|| {
            Failure::usage(format!("{name} is not a scope: use some of {}", Scope::NAMES))
        })
    };
    names.iter().map(parse).collect()
}

/// Parses a date, which is its midnight in UTC, or a time.
fn time_of(text: &str) -> Done<OffsetDateTime> {
    let text = text.trim();
    let date = Date::parse(text, format_description!("[year]-[month]-[day]"));
    date.map(|date| date.midnight().assume_utc())
        .ok()
        .or_else(|| parse_time(text))
        .ok_or_else(|| {
            Failure::usage(format!(
                "{text} is not a time: give --expires a date such as 2027-01-01, or 2027-01-01T12:00:00Z"
            ))
        })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_key_expires_at_a_date_or_a_time() {
        assert_eq!(time_of("2027-01-01").unwrap(), datetime!(2027-01-01 0:00 UTC));
        assert_eq!(time_of("2027-01-01T12:00:00Z").unwrap(), datetime!(2027-01-01 12:00 UTC));
        assert!(time_of("soon").unwrap_err().to_string().starts_with("soon is not a time"));
    }

    #[test]
    fn an_unknown_scope_is_named() {
        let failure = scopes(&["read".to_owned(), "root".to_owned()]).unwrap_err();
        assert_eq!(
            failure.to_string(),
            format!("root is not a scope: use some of {}", Scope::NAMES)
        );
    }
}
