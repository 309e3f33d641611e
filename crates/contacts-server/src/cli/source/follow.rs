//! Running a source and waiting for its end.

use std::time::Duration;

use clap::Args;
use contacts_core::sync::{ConnectedSource, SyncRun, SyncService, SyncState};
use contacts_core::{Actor, Error};
use contacts_worker::WorkerConfig;

use super::{Which, run_line};
use crate::cli::{listen_to_signals, out, with_services};
use crate::config::DatabaseConfig;
use crate::report::{Done, Failure};
use crate::signals::Stop;

/// A source to be run.
#[derive(Args, Debug)]
pub(in crate::cli) struct Run {
    #[command(flatten)]
    which: Which,
    /// Read everything again, as if for the first time
    #[arg(long)]
    from_start: bool,
}

pub(super) fn run(config: &DatabaseConfig, args: &Run) -> Done {
    let stop = listen_to_signals()?;
    with_services(config, |services| {
        let source = args.which.find(services)?;
        let sources = &services.sources;
        let asked = sources.ask(source.org, source.id, args.from_start, Actor::System)?;
        // Whatever server runs beside may take the run as well; whoever does, it is done.
        let config = WorkerConfig {
            threads: 0,
            sync_threads: 1,
            poll: Duration::from_millis(20),
            ..WorkerConfig::default()
        };
        let workers = services.worker(config).start().map_err(|_refused| {
            Failure::new("the system has no more threads for this user: raise the limit")
        })?;
        let ended = to_the_end(sources, &source, &asked, &stop);
        workers.stop();
        conclude(&ended?)
    })
}

fn to_the_end(
    sources: &SyncService,
    source: &ConnectedSource,
    asked: &SyncRun,
    stop: &Stop,
) -> Done<SyncRun> {
    loop {
        let run = sources.get_run(source.org, source.id, asked.id)?;
        if !run.state.is_open() {
            return Ok(run);
        }
        if stop.wait_for(Duration::from_millis(50)) {
            match sources.cancel(source.org, source.id, asked.id) {
                // It came to its end a moment before: the next look shows it.
                Err(Error::Conflict(_)) => {}
                cancelled => return Ok(cancelled?),
            }
        }
    }
}

fn conclude(run: &SyncRun) -> Done {
    out::say(run_line(run))?;
    match run.state {
        SyncState::Failed => {
            Err(Failure::new(run.problem.clone().unwrap_or_else(|| "the run failed".to_owned())))
        }
        SyncState::Cancelled => {
            Err(Failure::interrupted("the run was cancelled: what was taken before stays"))
        }
        _ => Ok(()),
    }
}
