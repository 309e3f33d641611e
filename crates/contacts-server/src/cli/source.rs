//! `contacts source`: creates, runs and lists connected sources.

mod add;
mod ask;
mod follow;

use clap::{Args, Subcommand};
use contacts_core::import::SkipCode;
use contacts_core::sync::{ConnectedSource, RawSourcePatch, SyncRun};
use contacts_core::{Actor, OrgId, Services};

use super::show::plain;
use super::{org, out, with_services};
use crate::config::DatabaseConfig;
use crate::report::{Done, Failure};

/// Subcommands of `contacts source`.
#[derive(Debug, Subcommand)]
pub(super) enum Source {
    /// List the connectors that the operator allows, or the settings of one
    Connectors {
        /// The connector
        name: Option<String>,
    },
    /// List the streams of a system, or show the first records of one
    Look(Box<ask::Look>),
    /// Create a source
    Add(Box<add::Add>),
    /// List the sources
    List {
        /// The organisation, by id or name, where there are several
        #[arg(long, value_name = "ORG")]
        org: Option<String>,
    },
    /// Check whether a source can be reached
    Check(Which),
    /// Show the first records of a source
    Sample(Which),
    /// Run a source now, and wait for the end
    Run(follow::Run),
    /// Pause the schedule of a source
    Pause(Which),
    /// Resume the schedule of a source
    Resume(Which),
    /// List the runs of a source, newest first, with the log of the last one
    Runs(Which),
    /// Delete a source and its runs; its contacts stay
    Delete(Which),
    /// Encrypt all secret settings again, with the first key of CONTACTS_SOURCES_KEYS
    Reseal,
}

/// The source of a command.
#[derive(Args, Debug)]
pub(super) struct Which {
    /// The source, by id or name
    source: String,
    /// The organisation, by id or name, where there are several
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
}

impl Which {
    fn find(&self, services: &Services) -> Done<ConnectedSource> {
        let org = org::pick(services, self.org.as_deref())?.id;
        let requested = self.source.trim().to_lowercase();
        let is_it = |source: &ConnectedSource| {
            source.id.to_string() == requested || source.name.to_lowercase() == requested
        };
        let mut sources = services.sources.list(org)?.into_iter().map(|(source, _)| source);
        sources.find(is_it).ok_or_else(|| {
            let requested = plain(&self.source);
            Failure::usage(format!("there is no source {requested}: see contacts source list"))
        })
    }
}

pub(super) fn run(config: &DatabaseConfig, args: &Source) -> Done {
    match args {
        Source::Connectors { name } => {
            with_services(config, |services| ask::connectors(services, name.as_deref()))
        }
        Source::Look(show_sample) => {
            with_services(config, |services| ask::show_sample(services, show_sample))
        }
        Source::Add(new) => with_services(config, |services| add::add(services, new)),
        Source::List { org } => with_services(config, |services| {
            let org = org::pick(services, org.as_deref())?.id;
            let sources = services.sources.list(org)?;
            sources
                .iter()
                .try_for_each(|(source, last)| out::print_line(line(source, last.as_ref())))
        }),
        Source::Check(which) => {
            with_services(config, |services| ask::check(services, &which.find(services)?))
        }
        Source::Sample(which) => {
            with_services(config, |services| ask::sample(services, &which.find(services)?))
        }
        Source::Run(run) => follow::run(config, run),
        Source::Pause(which) => with_services(config, |services| pause(services, which, true)),
        Source::Resume(which) => with_services(config, |services| pause(services, which, false)),
        Source::Runs(which) => with_services(config, |services| runs(services, which)),
        Source::Delete(which) => with_services(config, |services| {
            let source = which.find(services)?;
            services.sources.delete(source.org, source.id, Actor::System)?;
            out::print_line(format_args!("Deleted {}  {}", source.id, plain(&source.name)))
        }),
        Source::Reseal => with_services(config, |services| {
            let orgs: Vec<OrgId> = services.organisations.list()?.iter().map(|o| o.id).collect();
            let mut resealed = 0;
            for org in orgs {
                resealed += services.sources.reseal(org)?;
            }
            let sources = out::count(resealed as u64, "source", "sources");
            out::print_line(format_args!("Encrypted the secret settings of {sources} again"))
        }),
    }
}

fn pause(services: &Services, which: &Which, paused: bool) -> Done {
    let source = which.find(services)?;
    let patch = RawSourcePatch { paused: Some(paused), ..RawSourcePatch::default() };
    let source = services.sources.update(source.org, source.id, None, patch, Actor::System)?;
    out::print_line(line(&source, None))
}

fn runs(services: &Services, which: &Which) -> Done {
    let source = which.find(services)?;
    let runs = services.sources.runs(source.org, source.id, None, 20)?;
    runs.iter().try_for_each(|run| out::print_line(run_line(run)))?;
    let log = runs.first().map(|run| run.log.as_slice()).unwrap_or_default();
    log.iter().try_for_each(|line| out::print_line(format_args!("    {}", plain(line))))
}

/// A source as a line.
fn line(source: &ConnectedSource, last: Option<&SyncRun>) -> String {
    let when = match (&source.schedule, source.paused, source.next_run_at) {
        (_, true, _) => "paused".to_owned(),
        (None, ..) => "no schedule".to_owned(),
        (Some(schedule), _, Some(next)) => format!("{schedule}, next {}", minute(next)),
        (Some(schedule), ..) => schedule.to_string(),
    };
    let mut line = format!(
        "{}  {}  {} of {}  {when}",
        source.id,
        plain(&source.name),
        plain(&source.stream),
        source.connector
    );
    if let Some(last) = last {
        line.push_str(&format!("  last {}", last.state.as_str()));
    }
    if let Some(problem) = &source.problem {
        line.push_str(&format!("  {}", plain(problem)));
    }
    line
}

/// A run as a line.
fn run_line(run: &SyncRun) -> String {
    let tally = &run.tally;
    let unchanged = tally.skipped.get(&SkipCode::Unchanged).copied().unwrap_or_default();
    let mut line = format!(
        "{}  {}  {} added, {} updated, {} unchanged",
        minute(run.created_at),
        run.state.as_str(),
        out::grouped(tally.added),
        out::grouped(tally.updated),
        out::grouped(unchanged),
    );
    if tally.skips() > unchanged {
        line.push_str(&format!(", {} skipped", out::grouped(tally.skips() - unchanged)));
    }
    if run.vanished > 0 {
        line.push_str(&format!(", {} removed at the source", out::grouped(run.vanished)));
    }
    if let Some(seconds) =
        run.started_at.zip(run.finished_at).map(|(from, to)| (to - from).whole_seconds())
    {
        line.push_str(&format!("  in {seconds} s"));
    }
    if let Some(problem) = &run.problem {
        line.push_str(&format!("  {}", plain(problem)));
    }
    line
}

fn minute(at: time::OffsetDateTime) -> String {
    let (hour, minute, _) = at.to_hms();
    format!("{} {hour:02}:{minute:02} UTC", at.date())
}
