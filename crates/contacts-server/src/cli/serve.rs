//! `contacts serve` and `contacts work`.

mod first;

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use actix_web::rt::System;
use clap::Args;
use contacts_http::{Api, ApiConfig};
use contacts_worker::Workers;

use self::first::First;
use super::{listen_to_signals, out};
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
    let listener = take_port(&args.web.listen)?;
    let config = args.web.api()?;
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
    let api = services.api(config, stopping.clone())?;
    System::new().block_on(answer(api, listener, workers, stop, |address| {
        announce(address, &server.place(), first.as_ref())
    }))
}

/// Answers requests until somebody asks to stop, and then finishes those that are open while the
/// workers finish the chunks they are at.
async fn answer(
    api: Api,
    listener: TcpListener,
    workers: Option<Workers>,
    stop: &Stop,
    ready: impl FnOnce(SocketAddr) -> Done,
) -> Done {
    let refused = |_: io::Error| {
        Failure::new("the system refuses to serve: raise this user's limits on threads and files")
    };
    let stopping = api.stopping.clone();
    let address = listener.local_addr().map_err(refused)?;
    let http =
        contacts_http::server(api, listener, contacts_web::routes(false)).map_err(refused)?;
    let handle = http.handle();
    ready(address)?;
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

fn take_port(address: &str) -> Done<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
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

fn announce(address: SocketAddr, place: &str, first: Option<&First>) -> Done {
    let address = reachable(address);
    let mut lines = vec![
        format!("Informly Contacts is ready at http://{address}"),
        format!("  API    http://{address}/docs"),
        format!("  Data   {place}"),
    ];
    if let Some(First { organisation, token }) = first {
        lines.push(format!("  Org    {} ({})", organisation.name, organisation.id));
        lines.push(format!("  Key    {}   (shown this once)", token.reveal()));
    }
    lines.push("Ctrl-C stops it.".to_owned());
    // A service whose output nobody reads serves all the same.
    let _ = out::say(lines.join("\n"));
    tracing::info!(%address, "ready");
    Ok(())
}

/// An address that a browser on this machine can open.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
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

    #[test]
    fn the_address_shown_can_be_opened() {
        let shown = reachable("0.0.0.0:80".parse().unwrap());
        assert_eq!(shown.to_string(), "127.0.0.1:80");
        assert_eq!(reachable("[::]:80".parse().unwrap()).to_string(), "[::1]:80");
    }
}
