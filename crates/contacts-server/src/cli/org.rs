//! `contacts org`: making and listing organisations.

use clap::Subcommand;
use contacts_core::OrgId;
use contacts_core::contact::Region;
use contacts_core::org::Organisation;

use super::{out, with_services};
use crate::config::DatabaseConfig;
use crate::report::{Done, Failure};
use crate::wiring::Services;

/// What to do with organisations.
#[derive(Debug, Subcommand)]
pub(super) enum Org {
    /// Makes an organisation and prints its id
    Create {
        /// What people call it
        name: String,
        /// The region in which its phone numbers are read, such as DE
        #[arg(long, value_name = "CODE")]
        region: Option<String>,
    },
    /// Lists the organisations, oldest first
    List,
}

pub(super) fn run(config: &DatabaseConfig, args: &Org) -> Done {
    match args {
        Org::Create { name, region } => {
            let region = region.as_deref().map(parse_region).transpose()?;
            with_services(config, |services| {
                let organisation = create(services, name, region)?;
                out::remark(format_args!(
                    "Made it. To make a key: contacts key create --org {} --name NAME --scope read,write",
                    organisation.id
                ));
                out::say(organisation.id)
            })
        }
        Org::List => with_services(config, |services| {
            for Organisation { id, name, region, .. } in services.organisations.list()? {
                let region = region.map(|region| format!("  {region}")).unwrap_or_default();
                out::say(format_args!("{id}  {name}{region}"))?;
            }
            Ok(())
        }),
    }
}

/// Makes an organisation.
pub(super) fn create(
    services: &Services,
    name: &str,
    region: Option<Region>,
) -> Done<Organisation> {
    let id = OrgId(services.ids.next());
    let organisation = Organisation::new(id, name, region, services.clock.now())?;
    services.organisations.insert(&organisation)?;
    Ok(organisation)
}

/// The organisation that a command is about: the only one, or the one of an id or a name.
pub(super) fn pick(services: &Services, wanted: Option<&str>) -> Done<Organisation> {
    choose(services.organisations.list()?, wanted)
}

fn choose(organisations: Vec<Organisation>, wanted: Option<&str>) -> Done<Organisation> {
    let names = names(&organisations);
    let Some(wanted) = wanted.map(str::trim) else {
        return match <[Organisation; 1]>::try_from(organisations) {
            Ok([only]) => Ok(only),
            Err(none) if none.is_empty() => Err(Failure::new(
                "there is no organisation yet: make one with contacts org create NAME",
            )),
            Err(_several) => Err(Failure::usage(format!(
                "there are several organisations: say which with --org ({names})"
            ))),
        };
    };
    let is_it = |organisation: &Organisation| {
        organisation.id.0.to_string() == wanted.to_lowercase()
            || organisation.name.to_lowercase() == wanted.to_lowercase()
    };
    let found: Vec<_> = organisations.into_iter().filter(is_it).collect();
    match <[Organisation; 1]>::try_from(found) {
        Ok([only]) => Ok(only),
        Err(none) if none.is_empty() => Err(Failure::usage(format!(
            "there is no organisation {wanted}: see contacts org list ({names})"
        ))),
        Err(_several) => Err(Failure::usage(format!(
            "several organisations are called {wanted}: give --org the id, see contacts org list"
        ))),
    }
}

fn names(organisations: &[Organisation]) -> String {
    const MOST: usize = 10;
    let mut names: Vec<_> = organisations.iter().take(MOST).map(|o| o.name.as_str()).collect();
    if organisations.len() > MOST {
        names.push("…");
    }
    names.join(", ")
}

fn parse_region(code: &str) -> Done<Region> {
    Region::parse(code).ok_or_else(|| {
        Failure::usage(format!("{code} is no region: give the two letters of one, such as DE"))
    })
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;

    fn some(names: &[&str]) -> Vec<Organisation> {
        let organisation = |(number, name): (u128, &&str)| {
            let id = OrgId(Uuid::from_u128(number));
            Organisation::new(id, name, None, OffsetDateTime::UNIX_EPOCH).unwrap()
        };
        (1..).zip(names).map(organisation).collect()
    }

    fn chosen(names: &[&str], wanted: Option<&str>) -> Result<String, String> {
        let chosen = choose(some(names), wanted);
        chosen.map(|o| o.name).map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_only_one_is_meant() {
        assert_eq!(chosen(&["Acme"], None).unwrap(), "Acme");
    }

    #[test]
    fn of_several_one_must_be_named_by_name_or_id() {
        let both = ["Acme", "Beta"];
        assert!(chosen(&both, None).unwrap_err().ends_with("with --org (Acme, Beta)"));
        assert_eq!(chosen(&both, Some("beta")).unwrap(), "Beta");
        let id = Uuid::from_u128(2).to_string();
        assert_eq!(chosen(&both, Some(&id)).unwrap(), "Beta");
        assert!(chosen(&both, Some("Gamma")).unwrap_err().contains("no organisation Gamma"));
    }

    #[test]
    fn of_two_with_one_name_the_id_is_needed() {
        assert!(chosen(&["Acme", "Acme"], Some("Acme")).unwrap_err().contains("give --org the id"));
    }
}
