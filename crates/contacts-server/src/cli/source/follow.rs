//! Runs a source and waits for the end.

use std::time::Duration;

use clap::Args;
use contacts_core::run::RunState;
use contacts_core::sync::{ConnectedSource, SyncRun, SyncService};
use contacts_core::{Actor, Error};
use contacts_worker::WorkerConfig;

use super::{Which, run_line};
use crate::cli::{listen_to_signals, out, with_services};
use crate::config::DatabaseConfig;
use crate::report::{Done, Failure};
use crate::signals::Stop;

/// Arguments of `contacts source run`.
#[derive(Args, Debug)]
pub(in crate::cli) struct Run {
    #[command(flatten)]
    which: Which,
    /// Read all records again, as in the first run
    #[arg(long)]
    from_start: bool,
}

pub(super) fn run(config: &DatabaseConfig, args: &Run) -> Done {
    let stop = listen_to_signals()?;
    with_services(config, |services| {
        let source = args.which.find(services)?;
        let sources = &services.sources;
        let requested = sources.ask(source.org, source.id, args.from_start, Actor::System)?;
        // A running server may take the run, too: either way it is done.
        let config = WorkerConfig {
            threads: 0,
            sync_threads: 1,
            poll: Duration::from_millis(20),
            ..WorkerConfig::default()
        };
        let workers = services.worker(config).start().map_err(|_refused| {
            Failure::new("the system has no more threads for this user: raise the limit")
        })?;
        let ended = wait_for_end(sources, &source, &requested, &stop);
        workers.stop();
        report_result(&ended?)
    })
}

fn wait_for_end(
    sources: &SyncService,
    source: &ConnectedSource,
    requested: &SyncRun,
    stop: &Stop,
) -> Done<SyncRun> {
    loop {
        let run = sources.get_run(source.org, source.id, requested.id)?;
        if !run.state.is_open() {
            return Ok(run);
        }
        if stop.wait_for(Duration::from_millis(50)) {
            match sources.cancel(source.org, source.id, requested.id) {
                // It has just ended: the next read shows that.
                Err(Error::Conflict(_)) => {}
                cancelled => return Ok(cancelled?),
            }
        }
    }
}

fn report_result(run: &SyncRun) -> Done {
    out::print_line(run_line(run))?;
    match run.state {
        RunState::Failed => {
            Err(Failure::new(run.problem.clone().unwrap_or_else(|| "the run failed".to_owned())))
        }
        RunState::Cancelled => {
            Err(Failure::interrupted("the run was cancelled: records read before stay"))
        }
        _ => Ok(()),
    }
}
