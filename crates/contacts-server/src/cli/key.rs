//! `contacts key`: making, listing and revoking API keys.

use std::collections::BTreeSet;

use clap::{Args, Subcommand};
use contacts_core::OrgId;
use contacts_core::key::{ApiKey, KeyId, NewKey, Scope, Token};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{org, out, with_services};
use crate::config::DatabaseConfig;
use crate::report::{Done, Failure};
use crate::wiring::Services;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Makes a key and prints its token, this once
    Create(Create),
    /// Lists the keys, newest first
    List {
        /// The organisation, by id or name, where there are several
        #[arg(long, value_name = "ORG")]
        org: Option<String>,
    },
    /// Revokes a key for ever
    Revoke {
        /// The key's id
        id: String,
        /// The organisation, by id or name, where there are several
        #[arg(long, value_name = "ORG")]
        org: Option<String>,
    },
}

/// A key to be made.
#[derive(Args, Debug)]
pub(super) struct Create {
    /// What people call it
    #[arg(long)]
    name: String,
    /// What it may do: read, write, admin, or capture alone
    #[arg(long, value_delimiter = ',', required = true, value_name = "SCOPES")]
    scope: Vec<String>,
    /// When it ends: a date, or a time such as 2027-01-01T12:00:00Z
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
                out::remark(format_args!("Made the key {}. Its token is shown this once:", key.id));
                out::say(token.reveal())
            })
        }
        Key::List { org } => with_services(config, |services| {
            let org = org::pick(services, org.as_deref())?.id;
            let now = services.clock.now();
            services.keys.list(org)?.iter().try_for_each(|key| out::say(line(key, now)))
        }),
        Key::Revoke { id, org } => {
            let id = Uuid::try_parse(id.trim()).map_err(|_no_id| {
                Failure::usage("that is no key's id: contacts key list shows them")
            })?;
            with_services(config, |services| {
                let org = org::pick(services, org.as_deref())?.id;
                let key = services.keys.revoke(org, KeyId(id))?;
                out::say(format_args!("Revoked {}  {}", key.id, key.name))
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
    Ok(services.keys.issue(org, &NewKey { name, scopes, expires_at, random })?)
}

/// 32 bytes that nobody can guess.
pub(super) fn random() -> Done<[u8; 32]> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|_none| {
        Failure::new("the system has no random numbers: give this process access to /dev/urandom")
    })?;
    Ok(random)
}

fn line(key: &ApiKey, now: OffsetDateTime) -> String {
    let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let state = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {}", at.date()),
        (None, Some(at)) if key.is_live(now) => format!("until {}", at.date()),
        (None, Some(at)) => format!("expired {}", at.date()),
        (None, None) => "live".to_owned(),
    };
    format!(
        "{}  {}  {}  made {}  {state}",
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
            Failure::usage(format!("{name} is no scope: use read, write, capture or admin"))
        })
    };
    names.iter().map(parse).collect()
}

/// A date means its beginning, in UTC.
fn time_of(text: &str) -> Done<OffsetDateTime> {
    let text = text.trim();
    let date = Date::parse(text, format_description!("[year]-[month]-[day]"));
    date.map(|date| date.midnight().assume_utc())
        .or_else(|_no_date| OffsetDateTime::parse(text, &Rfc3339))
        .map_err(|_no_time| {
            Failure::usage(format!(
                "{text} is no time: give --expires a date such as 2027-01-01, or 2027-01-01T12:00:00Z"
            ))
        })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_date_and_a_time_both_say_when_a_key_ends() {
        assert_eq!(time_of("2027-01-01").unwrap(), datetime!(2027-01-01 0:00 UTC));
        assert_eq!(time_of("2027-01-01T12:00:00Z").unwrap(), datetime!(2027-01-01 12:00 UTC));
        assert!(time_of("soon").unwrap_err().to_string().starts_with("soon is no time"));
    }

    #[test]
    fn an_unknown_scope_is_named() {
        let failure = scopes(&["read".to_owned(), "root".to_owned()]).unwrap_err();
        assert_eq!(failure.to_string(), "root is no scope: use read, write, capture or admin");
    }
}
