//! `contacts source`: making, running and listing connected sources.

mod add;
mod ask;
mod follow;

use clap::{Args, Subcommand};
use contacts_core::OrgId;
use contacts_core::import::SkipCode;
use contacts_core::sync::{ConnectedSource, DefinitionPatch, SyncRun};

use super::show::plain;
use super::{org, out, with_services};
use crate::config::DatabaseConfig;
use crate::report::{Done, Failure};
use crate::wiring::Services;

/// What to do with connected sources.
#[derive(Debug, Subcommand)]
pub(super) enum Source {
    /// Lists the connectors that the operator allows, or says how one is set up
    Connectors {
        /// The connector
        name: Option<String>,
    },
    /// Lists the streams of a system, or shows the first records of one
    Look(Box<ask::Look>),
    /// Makes a source
    Add(Box<add::Add>),
    /// Lists the sources
    List {
        /// The organisation, by id or name, where there are several
        #[arg(long, value_name = "ORG")]
        org: Option<String>,
    },
    /// Tries whether a source can be reached
    Check(Which),
    /// Shows the first records of a source
    Sample(Which),
    /// Runs a source now and waits for its end
    Run(follow::Run),
    /// Stops a source from running by itself
    Pause(Which),
    /// Lets a source run by itself again
    Resume(Which),
    /// Lists the runs of a source, newest first, and what was said in the last one
    Runs(Which),
    /// Deletes a source and its runs; its contacts stay
    Delete(Which),
    /// Seals all secret settings with the first key of CONTACTS_SOURCES_KEYS
    Reseal,
}

/// Which source is meant.
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
        let wanted = self.source.trim().to_lowercase();
        let is_it = |source: &ConnectedSource| {
            source.id.to_string() == wanted || source.name.to_lowercase() == wanted
        };
        let mut sources = services.sources.list(org)?.into_iter().map(|(source, _)| source);
        sources.find(is_it).ok_or_else(|| {
            let wanted = plain(&self.source);
            Failure::usage(format!("there is no source {wanted}: see contacts source list"))
        })
    }
}

pub(super) fn run(config: &DatabaseConfig, args: &Source) -> Done {
    match args {
        Source::Connectors { name } => {
            with_services(config, |services| ask::connectors(services, name.as_deref()))
        }
        Source::Look(look) => with_services(config, |services| ask::look(services, look)),
        Source::Add(new) => with_services(config, |services| add::add(services, new)),
        Source::List { org } => with_services(config, |services| {
            let org = org::pick(services, org.as_deref())?.id;
            let sources = services.sources.list(org)?;
            sources.iter().try_for_each(|(source, last)| out::say(line(source, last.as_ref())))
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
            services.sources.delete(source.org, source.id)?;
            out::say(format_args!("Deleted {}  {}", source.id, plain(&source.name)))
        }),
        Source::Reseal => with_services(config, |services| {
            let orgs: Vec<OrgId> = services.organisations.list()?.iter().map(|o| o.id).collect();
            let mut resealed = 0;
            for org in orgs {
                resealed += services.sources.reseal(org)?;
            }
            let sources = out::count(resealed as u64, "source", "sources");
            out::say(format_args!("Sealed the secret settings of {sources} anew"))
        }),
    }
}

fn pause(services: &Services, which: &Which, paused: bool) -> Done {
    let source = which.find(services)?;
    let patch = DefinitionPatch { paused: Some(paused), ..DefinitionPatch::default() };
    let source = services.sources.update(source.org, source.id, patch)?;
    out::say(line(&source, None))
}

fn runs(services: &Services, which: &Which) -> Done {
    let source = which.find(services)?;
    let runs = services.sources.runs(source.org, source.id, None, 20)?;
    runs.iter().try_for_each(|run| out::say(run_line(run)))?;
    let log = runs.first().map(|run| run.log.as_slice()).unwrap_or_default();
    log.iter().try_for_each(|line| out::say(format_args!("    {}", plain(line))))
}

/// A source in a line.
fn line(source: &ConnectedSource, last: Option<&SyncRun>) -> String {
    let when = match (&source.schedule, source.paused, source.next_run_at) {
        (_, true, _) => "paused".to_owned(),
        (None, ..) => "runs by hand".to_owned(),
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

/// A run in a line.
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
        line.push_str(&format!(", {} vanished", out::grouped(run.vanished)));
    }
    if let Some(seconds) =
        run.started_at.zip(run.ended_at).map(|(from, to)| (to - from).whole_seconds())
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
