//! `contacts audit`: checks that what is stored is consistent.

use std::time::Duration;

use clap::Args;
use contacts_core::audit::{Check, Finding};
use contacts_core::{Error, OrgId};
use contacts_embed::Contacts;
use uuid::Uuid;

use super::{listen_to_signals, org, out, with_database};
use crate::config::DatabaseConfig;
use crate::report::{Done, Failure};
use crate::signals::Stop;

/// Exit status when something was found.
const FOUND: u8 = 1;

/// Exit status when a check could not be run to its end.
const INCOMPLETE: u8 = 3;

/// Arguments of `contacts audit`.
#[derive(Args, Debug)]
#[command(after_help = help())]
pub(super) struct Audit {
    /// Check one organisation only, by id or name
    #[arg(long, value_name = "ORG", conflicts_with = "after")]
    org: Option<String>,
    /// Continue after this organisation, by id: the one that an interrupted audit has printed
    #[arg(long, value_name = "ORG")]
    after: Option<Uuid>,
    /// Run this check only. May be repeated [default: all]
    #[arg(long, value_name = "NAME", value_parser = parse_check)]
    check: Vec<Check>,
    /// How many seconds one check of one organisation may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
          value_parser = clap::value_parser!(u64).range(1..=3_600))]
    timeout: u64,
}

/// Audits organisations, and prints a line for each finding.
pub(super) fn audit(database: &DatabaseConfig, args: &Audit) -> Done {
    let stop = listen_to_signals()?;
    let mut progress = Progress::default();
    // The schema is not migrated: an audit changes nothing.
    let ran = with_database(database, |contacts| run(contacts, args, &stop, &mut progress));
    if let Err(failure) = ran {
        let Some(sentence) = failure.sentence() else { return Err(failure) };
        let sentence = format!("{sentence}{}", progress.hint());
        // The status of findings is not that of a failure.
        let status = if failure.status() == FOUND { INCOMPLETE } else { failure.status() };
        return Err(Failure::with_status(sentence, status));
    }
    progress.result()
}

fn run(contacts: &Contacts, args: &Audit, stop: &Stop, progress: &mut Progress) -> Done {
    let orgs = match &args.org {
        Some(_) => vec![org::pick(contacts, args.org.as_deref())?.id],
        None => contacts.audit.organisations(args.after.map(OrgId)).map_err(no_organisation)?,
    };
    let checks = if args.check.is_empty() { Check::ALL } else { &args.check };
    for org in orgs {
        for check in checks {
            if stop.is_asked() {
                return Err(Failure::interrupted("the audit was interrupted"));
            }
            match contacts.audit.check(org, *check, Duration::from_secs(args.timeout)) {
                Ok(Some(finding)) => {
                    progress.findings += 1;
                    out::print_line(line(org, &finding))?;
                }
                Ok(None) => {}
                Err(Error::Busy) => {
                    progress.skipped += 1;
                    out::remark(format_args!(
                        "{org}\t{}\tskipped: it took longer than {} seconds",
                        check.as_str(),
                        args.timeout
                    ));
                }
                Err(error) => return Err(failure(error)),
            }
        }
        progress.orgs += 1;
        progress.last = Some(org);
    }
    Ok(())
}

/// What an audit has done so far.
#[derive(Default)]
struct Progress {
    orgs: u64,
    findings: u64,
    skipped: u64,
    /// The last organisation whose checks all ran.
    last: Option<OrgId>,
}

impl Progress {
    /// How to continue an audit that did not reach its end.
    fn hint(&self) -> String {
        let hint = |org| format!("; to continue: contacts audit --after {org}");
        self.last.map(hint).unwrap_or_default()
    }

    fn result(&self) -> Done {
        let orgs = out::count(self.orgs, "organisation", "organisations");
        let findings = out::count(self.findings, "finding", "findings");
        out::remark(format_args!("Checked {orgs}: {findings}."));
        if self.findings > 0 {
            return Err(Failure::silent(FOUND));
        }
        if self.skipped > 0 {
            let checks = out::count(self.skipped, "check was", "checks were");
            let sentence = format!("{checks} skipped: run again with a longer --timeout");
            return Err(Failure::with_status(sentence, INCOMPLETE));
        }
        Ok(())
    }
}

/// A finding as columns that tabs separate: organisation, check, examples, fault.
fn line(org: OrgId, finding: &Finding) -> String {
    let Finding { check, examples, has_more } = finding;
    let more = if *has_more { ",…" } else { "" };
    format!("{org}\t{}\t{}{more}\t{}", check.as_str(), examples.join(","), check.fault())
}

fn no_organisation(error: Error) -> Failure {
    match error {
        Error::NotFound(_) => {
            Failure::usage("there is no organisation with the id of --after: see contacts org list")
        }
        error => failure(error),
    }
}

fn failure(error: Error) -> Failure {
    let may_lack_tables = matches!(error, Error::Store(_));
    let failure = Failure::from(error);
    if !may_lack_tables {
        return failure;
    }
    Failure::new(format!(
        "{failure}; or run contacts migrate, if the schema is older than this program"
    ))
}

fn parse_check(name: &str) -> Result<Check, String> {
    Check::parse(name).ok_or_else(|| {
        let names: Vec<_> = Check::ALL.iter().map(|check| check.as_str()).collect();
        format!("it is none of {}", names.join(", "))
    })
}

fn help() -> String {
    let mut help = String::from(
        "Prints one line for each finding: the organisation, the check, up to five rows as \
         table:id, and what is\nwrong, separated by tabs. The exit status is 0 when nothing is \
         found, 1 with findings, 2 for wrong\narguments, 3 when a check could not be run, and \
         130 when interrupted.\n\nChecks:\n",
    );
    for check in Check::ALL {
        help.push_str(&format!("  {:20}  {}\n", check.as_str(), check.fault()));
    }
    help
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_four_columns_and_at_most_five_examples() {
        let examples = (1..=6).map(|n| format!("jobs:{n}")).collect();
        let finding = Finding::of(Check::JobWithoutRun, examples).unwrap();
        let line = line(OrgId(Uuid::nil()), &finding);
        let columns: Vec<_> = line.split('\t').collect();
        assert_eq!(columns.len(), 4);
        assert_eq!(columns[1..3], ["job_without_run", "jobs:1,jobs:2,jobs:3,jobs:4,jobs:5,…"]);
    }

    #[test]
    fn names_of_checks_are_unique_and_parsed() {
        for check in Check::ALL {
            assert_eq!(parse_check(check.as_str()), Ok(*check));
        }
        assert!(parse_check("x").unwrap_err().contains("duplicate_address"));
    }
}
