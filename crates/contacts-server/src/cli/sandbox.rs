//! `contacts sandbox`: the API and the page over a world in memory.

use std::time::Duration;

use clap::Args;
use contacts_http::{ApiConfig, PublicUrl};

use super::serve::{StopFlags, serve_until_stopped, take_port};
use super::{listen_to_signals, out};
use crate::config::{DatabaseConfig, PlaceConfig};
use crate::report::{Done, Failure};
use crate::sandbox::{self, Credentials, JobMode, Sandbox as World};

/// How the sandbox is served.
#[derive(Args, Debug)]
pub(super) struct Sandbox {
    #[command(flatten)]
    place: PlaceConfig,
    /// When jobs run: before the answer to the request that queued them, or when
    /// POST /sandbox/jobs/run asks for it
    #[arg(long, value_enum, default_value_t = JobMode::AtOnce, value_name = "WHEN")]
    jobs: JobMode,
}

/// Serves the sandbox until a signal stops it.
pub(super) fn run(database: &DatabaseConfig, args: &Sandbox) -> Done {
    if database.url().is_some() {
        return Err(Failure::usage(
            "the sandbox keeps everything in memory and uses no database: unset DATABASE_URL, or \
             start contacts serve",
        ));
    }
    let stop = listen_to_signals()?;
    let (listener, address) = take_port(&args.place.listen)?;
    let public_url = args.place.public_url(address)?;
    let world = World::new(database.connectors()?, args.jobs);
    let credentials = world.reset()?;
    let config = ApiConfig { public_url: public_url.clone(), ..ApiConfig::default() };
    let api = world.api(config)?;
    let flags = StopFlags { draining: api.draining.clone(), stopping: api.stopping.clone() };
    let serve = || sandbox::serve(world, api, listener);
    serve_until_stopped(serve, flags, None, Duration::ZERO, &stop, || {
        announce(&public_url, &credentials);
    })
}

fn announce(public_url: &PublicUrl, credentials: &Credentials) {
    let mut lines = vec![
        format!("The sandbox of Informly Contacts is ready at {public_url}"),
        format!("  {:<11} {public_url}/docs", "API"),
        format!(
            "  {:<11} {public_url}/sign-in#{}   (once after each reset)",
            "Page", credentials.link
        ),
    ];
    for (scope, key) in &credentials.keys {
        lines.push(format!("  {:<11} {key}", scope.as_str()));
    }
    lines.push("Everything is in memory and is lost at the end. Ctrl-C stops it.".to_owned());
    // The sandbox serves without a reader of its output, too.
    let _ = out::print_line(lines.join("\n"));
}
