//! `contacts serve` and `contacts work`.

mod first;

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use actix_web::dev;
use actix_web::rt::System;
use clap::Args;
use contacts_core::Services;
use contacts_core::identity::OrganisationRule;
use contacts_http::{ApiConfig, PublicUrl};
use contacts_worker::Workers;

use self::first::First;
use super::{listen_to_signals, out, sign_in_link};
use crate::config::{DatabaseConfig, JobConfig, StopConfig, WebConfig};
use crate::report::{Done, Failure};
use crate::signals::{Stop, StopCause, StopDeadline};
use crate::wiring::{self, Server};

/// Arguments of `contacts serve`.
#[derive(Args, Debug)]
pub(super) struct Serve {
    #[command(flatten)]
    web: WebConfig,
    #[command(flatten)]
    jobs: JobConfig,
    #[command(flatten)]
    stop: StopConfig,
    /// Seconds for which requests are still answered after SIGTERM, while /readyz answers 503, so
    /// that proxies send no more of them. Ctrl-C skips this
    #[arg(long, env = "CONTACTS_DRAIN_SECONDS", default_value = "5", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=3600))]
    drain_seconds: u64,
    /// Run no jobs in this process; `contacts work` runs them elsewhere
    #[arg(long)]
    no_worker: bool,
}

/// Arguments of `contacts work`.
#[derive(Args, Debug)]
pub(super) struct Work {
    #[command(flatten)]
    jobs: JobConfig,
    #[command(flatten)]
    stop: StopConfig,
}

/// Serves until the process is asked to stop.
pub(super) fn serve(database: &DatabaseConfig, args: &Serve) -> Done {
    let stop = listen_to_signals()?;
    let drain = Duration::from_secs(args.drain_seconds);
    let limit = args.stop.limit();
    let deadline = StopDeadline::new(&stop, move |cause| grace(drain, cause) + limit);
    let deadline = deadline.map_err(|_refused| out_of_threads())?;
    // Before anything is started: a port that is taken is the likeliest mistake.
    let (listener, address) = take_port(args.web.listen())?;
    let config = ApiConfig { shutdown: args.stop.request_limit(), ..args.web.api(address)? };
    let server = Server::find(database)?;
    let done = serve_over(&server, listener, config, args, &stop);
    // An embedded database may need longer to write its data out.
    drop(deadline);
    let left = server.begin_shutdown();
    done.and(left)
}

/// Runs jobs until the process is asked to stop.
pub(super) fn work(database: &DatabaseConfig, args: &Work) -> Done {
    let stop = listen_to_signals()?;
    let limit = args.stop.limit();
    let deadline = StopDeadline::new(&stop, move |_cause| limit);
    let deadline = deadline.map_err(|_refused| out_of_threads())?;
    let server = Server::find(database)?;
    let done = start_workers(&server, &args.jobs).and_then(|workers| {
        out::print_line(format_args!("Running jobs of {}. Ctrl-C stops it.", server.place()))?;
        stop.wait();
        tracing::info!("stopping");
        workers.stop();
        Ok(())
    });
    drop(deadline);
    let left = server.begin_shutdown();
    done.and(left)
}

fn serve_over(
    server: &Server,
    listener: TcpListener,
    config: ApiConfig,
    args: &Serve,
    stop: &Stop,
) -> Done {
    let contacts = server.options(args.web.pool()).outbound(args.jobs.outbound()).open()?;
    let first = first::ensure(&contacts)?;
    check_organisations(&contacts)?;
    let workers = if args.no_worker { None } else { Some(start_workers(server, &args.jobs)?) };
    let public_url = config.public_url.clone();
    let drain = Duration::from_secs(args.drain_seconds);
    let api = wiring::api_over(&contacts, config)?;
    let flags = StopFlags { draining: api.draining.clone(), stopping: api.stopping.clone() };
    let page = contacts_web::routes(public_url.is_https());
    let serve = || contacts_http::server(api, listener, page);
    serve_until_stopped(serve, flags, workers, drain, stop, || {
        announce(&public_url, &server.place(), first.as_ref());
    })
}

/// Flags of [`contacts_http::Api`] that are set while the service stops.
pub(super) struct StopFlags {
    pub(super) draining: Arc<AtomicBool>,
    pub(super) stopping: Arc<AtomicBool>,
}

/// Answers requests until the process is asked to stop. Then workers give their jobs back, requests
/// are answered for the grace, the port closes, and open requests end.
pub(super) fn serve_until_stopped(
    serve: impl FnOnce() -> io::Result<dev::Server>,
    flags: StopFlags,
    workers: Option<Workers>,
    drain: Duration,
    stop: &Stop,
    ready: impl FnOnce(),
) -> Done {
    System::new().block_on(answer(serve, flags, workers, drain, stop, ready))
}

async fn answer(
    serve: impl FnOnce() -> io::Result<dev::Server>,
    flags: StopFlags,
    workers: Option<Workers>,
    drain: Duration,
    stop: &Stop,
    ready: impl FnOnce(),
) -> Done {
    let failure = |_: io::Error| {
        Failure::new("the system refuses to serve: raise this user's limits on threads and files")
    };
    let http = serve().map_err(failure)?;
    let handle = http.handle();
    ready();
    let stop_on_signal = stop.clone();
    let stopper = thread::spawn(move || {
        let grace = grace(drain, stop_on_signal.wait());
        tracing::info!(grace_seconds = grace.as_secs(), "stopping");
        flags.draining.store(true, Ordering::Relaxed);
        if let Some(workers) = &workers {
            workers.ask_to_stop();
        }
        thread::sleep(grace);
        flags.stopping.store(true, Ordering::Relaxed);
        // The call sends the request to stop; the future it returns only reports the end.
        drop(handle.stop(true));
        drop(workers);
    });
    let served = http.await.map_err(failure);
    stop.ask();
    // The panic hook has logged a panic.
    let _ = stopper.join();
    served
}

/// How long requests are still answered after the request to stop: a person who pressed Ctrl-C
/// does not want to wait, and has no proxy to warn.
fn grace(drain: Duration, cause: StopCause) -> Duration {
    match cause {
        StopCause::Terminate => drain,
        StopCause::Interrupt => Duration::ZERO,
    }
}

/// Refuses issuers whose organisation cannot be determined or does not exist, because nobody could
/// sign in.
fn check_organisations(services: &Services) -> Done {
    for provider in services.sign_ins.providers().iter() {
        let name = &provider.name;
        match &provider.organisation {
            OrganisationRule::Only if services.organisations.list()?.len() > 1 => {
                return Err(Failure::usage(format!(
                    "there are several organisations: set the organisation of the issuer {name} in \
                     the file of CONTACTS_OIDC"
                )));
            }
            OrganisationRule::Fixed(org) if services.organisations.get(*org)?.is_none() => {
                return Err(Failure::usage(format!(
                    "the organisation {org} of the issuer {name} does not exist: list them with \
                     contacts org list"
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

fn start_workers(server: &Server, config: &JobConfig) -> Done<Workers> {
    let contacts = server.options(config.pool()).outbound(config.outbound()).open()?;
    contacts.worker(config.worker()).start().map_err(|_refused| out_of_threads())
}

fn out_of_threads() -> Failure {
    Failure::new("the system has no more threads for this user: set CONTACTS_WORKER_THREADS lower")
}

pub(super) fn take_port(address: &str) -> Done<(TcpListener, SocketAddr)> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|error| {
        Failure::new(match error.kind() {
            ErrorKind::AddrInUse => format!(
                "the address {address} is in use: stop the program that listens there, or choose another with --listen"
            ),
            ErrorKind::PermissionDenied => format!(
                "this user may not listen on {address}: choose a port above 1023 with --listen"
            ),
            ErrorKind::AddrNotAvailable => format!(
                "{address} is not an address of this machine: choose another with --listen"
            ),
            _ => format!(
                "{address} is not an address to listen on: give --listen an address and a port, such as 127.0.0.1:8080"
            ),
        })
    })
}

fn announce(public_url: &PublicUrl, data_location: &str, first: Option<&First>) {
    let mut lines = vec![
        format!("Informly Contacts is ready at {public_url}"),
        format!("  API    {public_url}/docs"),
        format!("  Data   {data_location}"),
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
    // A service whose output nobody reads still serves.
    let _ = out::print_line(lines.join("\n"));
    tracing::info!(%public_url, "ready");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let failure = take_port(&address).unwrap_err().to_string();
        assert!(failure.starts_with(&format!("the address {address} is in use: ")), "{failure}");
    }

    #[test]
    fn an_invalid_address_is_refused() {
        let failure = take_port("nonsense").unwrap_err().to_string();
        assert!(failure.starts_with("nonsense is not an address to listen on: "), "{failure}");
    }
}
