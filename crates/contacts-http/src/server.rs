//! Serving the API.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};

use crate::Api;
use crate::routes::{configure, otherwise, share};

/// How long a connection may take to send a request's head.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);

/// Makes a server of the API on a listener; it runs when it is awaited in an actix system. The
/// extra routes, such as those of the web page, come after the API's own.
///
/// Signals are the caller's: stop it by its handle, after [`Api::stopping`] is set.
///
/// # Errors
///
/// The listener's.
pub fn server(
    api: Api,
    listener: TcpListener,
    extra: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> io::Result<Server> {
    let config = api.config.clone();
    let shared = share(api);
    let routes = move |config: &mut ServiceConfig| {
        configure(config, &shared);
        extra(config);
        otherwise(config, &shared);
    };
    let server = HttpServer::new(move || App::new().configure(routes.clone()))
        .workers(config.workers)
        .worker_max_blocking_threads(config.blocking_threads)
        .client_request_timeout(HEAD_DEADLINE)
        .shutdown_timeout(config.shutdown.as_secs())
        .disable_signals();
    Ok(server.listen(listener)?.run())
}
