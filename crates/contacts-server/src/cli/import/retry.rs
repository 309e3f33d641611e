//! `contacts import retry`: imports corrected rows into the import that skipped them (R58).

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use contacts_core::Actor;
use contacts_core::file::FileContent;
use contacts_core::import::ImportId;
use contacts_worker::WorkerConfig;
use uuid::Uuid;

use super::{follow, summary};
use crate::cli::inspect::unreadable;
use crate::cli::progress::Progress;
use crate::cli::{listen_to_signals, org, out, with_services};
use crate::config::DatabaseConfig;
use crate::report::{Done, Failure};

/// Arguments of `contacts import retry`.
#[derive(Args, Debug)]
pub(in crate::cli) struct RetryImport {
    /// The import's id
    id: Uuid,
    /// The corrected file of the skipped rows, as --skipped has written it. Without it, the rows
    /// that were corrected on the page or over the API are imported
    file: Option<PathBuf>,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    /// The organisation, by id or name, where there are several
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
}

/// Imports corrected rows.
pub(in crate::cli) fn retry(database: &DatabaseConfig, args: &RetryImport) -> Done {
    if let Some(file) = &args.file {
        File::open(file).map_err(|error| Failure::new(unreadable(file, &error)))?;
    }
    let stop = listen_to_signals()?;
    with_services(database, |services| {
        let org = org::pick(services, args.org.as_deref())?.id;
        let (imports, id) = (&services.imports, ImportId(args.id));
        let started = match &args.file {
            Some(file) => {
                let open =
                    || -> io::Result<Box<dyn FileContent>> { Ok(Box::new(File::open(file)?)) };
                imports.retry_from_file(org, id, &open, Actor::System)?
            }
            None => imports.retry(org, id, Actor::System)?,
        };
        let config = WorkerConfig { poll: Duration::from_millis(20), ..WorkerConfig::one() };
        let workers = services.worker(config).start().map_err(|_refused| {
            Failure::new("the system has no more threads for this user: raise the limit")
        })?;
        let progress = Progress::of_rows(started.corrected_rows);
        let ended = follow::to_the_end(imports, &started, &stop, &progress);
        workers.stop();
        let ended = ended?;
        if args.json {
            out::print_line(summary::json(&ended))?;
        } else {
            let issues = imports.issues(org, id, 0, summary::MAX_ISSUES + 1)?;
            summary::lines(&ended.tally, issues.iter()).iter().try_for_each(out::print_line)?;
        }
        match (ended.problem, ended.corrected_rows) {
            (Some(problem), _) => Err(Failure::new(problem)),
            (None, 0) => Ok(()),
            (None, rows) => Err(Failure::interrupted(format!(
                "{} not imported: run the command again without a file to import the rest",
                out::count(rows, "corrected row was", "corrected rows were")
            ))),
        }
    })
}
