//! `contacts org`: creates and lists organisations.

use clap::Subcommand;
use contacts_core::contact::Region;
use contacts_core::org::Organisation;
use contacts_core::{OrgId, Services};

use super::{out, with_services};
use crate::config::DatabaseConfig;
use crate::report::{Done, Failure};

/// Subcommands of `contacts org`.
#[derive(Debug, Subcommand)]
pub(super) enum Org {
    /// Create an organisation, and print its id
    Create {
        /// The name of the organisation
        name: String,
        /// The region of phone numbers without a country code, such as DE
        #[arg(long, value_name = "CODE")]
        region: Option<String>,
    },
    /// List the organisations, oldest first
    List,
}

pub(super) fn run(config: &DatabaseConfig, args: &Org) -> Done {
    match args {
        Org::Create { name, region } => {
            let region = region.as_deref().map(parse_region).transpose()?;
            with_services(config, |services| {
                let organisation = create(services, name, region)?;
                out::remark(format_args!(
                    "Created. To create a key: contacts key create --org {} --name NAME --scope read,write",
                    organisation.id
                ));
                out::print_line(organisation.id)
            })
        }
        Org::List => with_services(config, |services| {
            for Organisation { id, name, region, .. } in services.organisations.list()? {
                let region = region.map(|region| format!("  {region}")).unwrap_or_default();
                out::print_line(format_args!("{id}  {name}{region}"))?;
            }
            Ok(())
        }),
    }
}

/// Creates an organisation.
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

/// The organisation of a command: the one with the id or name, or else the only one.
pub(super) fn pick(services: &Services, requested: Option<&str>) -> Done<Organisation> {
    choose(services.organisations.list()?, requested)
}

fn choose(organisations: Vec<Organisation>, requested: Option<&str>) -> Done<Organisation> {
    let names = names(&organisations);
    let Some(requested) = requested.map(str::trim) else {
        return match <[Organisation; 1]>::try_from(organisations) {
            Ok([only]) => Ok(only),
            Err(none) if none.is_empty() => Err(Failure::new(
                "there is no organisation yet: create one with contacts org create NAME",
            )),
            Err(_several) => Err(Failure::usage(format!(
                "there are several organisations: choose one with --org ({names})"
            ))),
        };
    };
    let is_it = |organisation: &Organisation| {
        organisation.id.0.to_string() == requested.to_lowercase()
            || organisation.name.to_lowercase() == requested.to_lowercase()
    };
    let found: Vec<_> = organisations.into_iter().filter(is_it).collect();
    match <[Organisation; 1]>::try_from(found) {
        Ok([only]) => Ok(only),
        Err(none) if none.is_empty() => Err(Failure::usage(format!(
            "there is no organisation {requested}: see contacts org list ({names})"
        ))),
        Err(_several) => Err(Failure::usage(format!(
            "several organisations have the name {requested}: give --org an id, see contacts org list"
        ))),
    }
}

fn names(organisations: &[Organisation]) -> String {
    const MAX_NAMES: usize = 10;
    let mut names: Vec<_> = organisations.iter().take(MAX_NAMES).map(|o| o.name.as_str()).collect();
    if organisations.len() > MAX_NAMES {
        names.push("…");
    }
    names.join(", ")
}

fn parse_region(code: &str) -> Done<Region> {
    Region::parse(code).ok_or_else(|| {
        Failure::usage(format!("{code} is not a region: give a code of two letters, such as DE"))
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

    fn chosen(names: &[&str], requested: Option<&str>) -> Result<String, String> {
        let chosen = choose(some(names), requested);
        chosen.map(|o| o.name).map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_only_organisation_is_the_default() {
        assert_eq!(chosen(&["Acme"], None).unwrap(), "Acme");
    }

    #[test]
    fn of_several_organisations_one_must_be_named() {
        let both = ["Acme", "Beta"];
        assert!(chosen(&both, None).unwrap_err().ends_with("with --org (Acme, Beta)"));
        assert_eq!(chosen(&both, Some("beta")).unwrap(), "Beta");
        let id = Uuid::from_u128(2).to_string();
        assert_eq!(chosen(&both, Some(&id)).unwrap(), "Beta");
        assert!(chosen(&both, Some("Gamma")).unwrap_err().contains("no organisation Gamma"));
    }

    #[test]
    fn of_two_with_the_same_name_the_id_is_needed() {
        assert!(chosen(&["Acme", "Acme"], Some("Acme")).unwrap_err().contains("give --org an id"));
    }
}
