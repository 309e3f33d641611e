//! Misspelt domains of addresses on the command line (R58).

use contacts_core::import::{Analysis, DomainReplacements, Plan, Target};

use crate::cli::out;
use crate::cli::show::plain;
use crate::report::{Done, Failure};

/// Reads the arguments of `--replace-domain`.
pub(super) fn parse(arguments: &[String]) -> Done<DomainReplacements> {
    let pair = |argument: &String| match argument.split_once('=') {
        Some((domain, by)) => Ok((domain.trim().to_owned(), by.trim().to_owned())),
        None => Err(Failure::usage(format!(
            "--replace-domain {} has no second domain: write --replace-domain gmial.com=gmail.com",
            plain(argument)
        ))),
    };
    let domains = arguments.iter().map(pair).collect::<Done<_>>()?;
    DomainReplacements::parse(domains).map_err(|error| Failure::usage(error.to_string()))
}

/// Returns a line for each domain of the columns of addresses that seems to be misspelt.
pub(super) fn lines(analysis: &Analysis, plan: &Plan) -> Vec<String> {
    let is_address = |column: usize| {
        matches!(plan.columns.get(column), Some(Some(Target::Email | Target::OtherEmails)))
    };
    let offers = analysis.domains.iter().filter(|offer| is_address(offer.column));
    let line = offers.map(|offer| {
        let (domain, meant) = (plain(&offer.domain), plain(&offer.suggestion));
        let addresses = out::count(offer.addresses, "address", "addresses");
        match plan.domains.iter().find(|(replaced, _)| *replaced == offer.domain) {
            Some((_, by)) => format!("{domain}: {addresses}, read as {}", plain(by)),
            None => format!("{domain}: {addresses}. Add --replace-domain {domain}={meant}?"),
        }
    });
    line.collect()
}
