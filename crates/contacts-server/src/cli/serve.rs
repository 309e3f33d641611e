//! `contacts serve` and `contacts work`.

mod first;

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use actix_web::rt::System;
use clap::Args;
use contacts_http::{Api, ApiConfig, PublicUrl};
use contacts_worker::Workers;

use self::first::First;
use super::{listen_to_signals, out, sign_in_link};
use crate::config::{DatabaseConfig, JobConfig, WebConfig};
use crate::report::{Done, Failure};
use crate::signals::Stop;
use crate::wiring::Server;

/// What to serve.
#[derive(Args, Debug)]
pub(super) struct Serve {
    #[command(flatten)]
    web: WebConfig,
    #[command(flatten)]
    jobs: JobConfig,
    /// Leave the jobs to `contacts work` elsewhere
    #[arg(long)]
    no_worker: bool,
}

/// How to work.
#[derive(Args, Debug)]
pub(super) struct Work {
    #[command(flatten)]
    jobs: JobConfig,
}

/// Serves until somebody asks to stop.
pub(super) fn serve(database: &DatabaseConfig, args: &Serve) -> Done {
    let stop = listen_to_signals()?;
    // Before anything is started: a port that is taken is the likeliest mistake.
    let (listener, address) = take_port(args.web.listen())?;
    let config = args.web.api(address)?;
    let server = Server::find(database)?;
    let done = serve_over(&server, listener, config, args, &stop);
    let left = server.leave();
    done.and(left)
}

/// Runs jobs until somebody asks to stop.
pub(super) fn work(database: &DatabaseConfig, args: &Work) -> Done {
    let stop = listen_to_signals()?;
    let server = Server::find(database)?;
    let done = start_workers(&server, &args.jobs).and_then(|workers| {
        out::say(format_args!("Working on jobs of {}. Ctrl-C stops it.", server.place()))?;
        stop.wait();
        tracing::info!("stopping");
        workers.stop();
        Ok(())
    });
    let left = server.leave();
    done.and(left)
}

fn serve_over(
    server: &Server,
    listener: TcpListener,
    config: ApiConfig,
    args: &Serve,
    stop: &Stop,
) -> Done {
    let services = server.open(args.web.pool())?.sending(args.jobs.outbound());
    services.migrate()?;
    let first = first::ensure(&services)?;
    let workers = if args.no_worker { None } else { Some(start_workers(server, &args.jobs)?) };
    let stopping = Arc::new(AtomicBool::new(false));
    let public_url = config.public_url.clone();
    let api = services.api(config, stopping.clone())?;
    System::new().block_on(answer(api, listener, workers, stop, || {
        announce(&public_url, &server.place(), first.as_ref());
    }))
}

/// Answers requests until somebody asks to stop, and then finishes those that are open while the
/// workers finish the chunks they are at.
async fn answer(
    api: Api,
    listener: TcpListener,
    workers: Option<Workers>,
    stop: &Stop,
    ready: impl FnOnce(),
) -> Done {
    let refused = |_: io::Error| {
        Failure::new("the system refuses to serve: raise this user's limits on threads and files")
    };
    let stopping = api.stopping.clone();
    let page = contacts_web::routes(api.config.public_url.is_https());
    let http = contacts_http::server(api, listener, page).map_err(refused)?;
    let handle = http.handle();
    ready();
    let asked = stop.clone();
    let ending = thread::spawn(move || {
        asked.wait();
        tracing::info!("stopping");
        stopping.store(true, Ordering::Relaxed);
        // The request to stop is sent now; what it returns only says when it is done.
        drop(handle.stop(true));
        drop(workers);
    });
    let served = http.await.map_err(refused);
    stop.ask();
    // A worker that panicked has said so.
    let _ = ending.join();
    served
}

fn start_workers(server: &Server, config: &JobConfig) -> Done<Workers> {
    let services = server.open(config.pool())?.sending(config.outbound());
    services.migrate()?;
    services.worker(config.worker()).start().map_err(|_refused| {
        Failure::new(
            "the system has no more threads for this user: set CONTACTS_WORKER_THREADS lower",
        )
    })
}

fn take_port(address: &str) -> Done<(TcpListener, SocketAddr)> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|error| {
        Failure::new(match error.kind() {
            ErrorKind::AddrInUse => format!(
                "the address {address} is taken: stop the program that listens there, or choose another with --listen"
            ),
            ErrorKind::PermissionDenied => format!(
                "this user may not listen on {address}: choose a port above 1023 with --listen"
            ),
            ErrorKind::AddrNotAvailable => format!(
                "{address} is no address of this machine: choose one that is with --listen"
            ),
            _ => format!(
                "{address} is nothing to listen on: give --listen an address and a port, such as 127.0.0.1:8080"
            ),
        })
    })
}

fn announce(public_url: &PublicUrl, place: &str, first: Option<&First>) {
    let mut lines = vec![
        format!("Informly Contacts is ready at {public_url}"),
        format!("  API    {public_url}/docs"),
        format!("  Data   {place}"),
    ];
    if let Some(First { organisation, key, link }) = first {
        lines.push(format!("  Org    {} ({})", organisation.name, organisation.id));
        if let Some(key) = key {
            lines.push(format!("  Key    {}   (shown this once)", key.reveal()));
        }
        if let Some(link) = link {
            let link = sign_in_link::address(public_url, link);
            lines.push(format!("  Page   {link}   (signs in once, within an hour)"));
        }
    }
    lines.push("Ctrl-C stops it.".to_owned());
    // A service whose output nobody reads serves all the same.
    let _ = out::say(lines.join("\n"));
    tracing::info!(%public_url, "ready");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_told() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let failure = take_port(&address).unwrap_err().to_string();
        assert!(failure.starts_with(&format!("the address {address} is taken: ")), "{failure}");
    }

    #[test]
    fn nonsense_is_nothing_to_listen_on() {
        let failure = take_port("nonsense").unwrap_err().to_string();
        assert!(failure.starts_with("nonsense is nothing to listen on: "), "{failure}");
    }
}
