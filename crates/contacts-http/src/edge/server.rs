//! The HTTP server of the API.

use std::any::Any;
use std::io;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::dev::{Server, Service, ServiceResponse};
use actix_web::http::ConnectionType;
#[cfg(target_os = "linux")]
use actix_web::rt::net::TcpStream;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};
#[cfg(target_os = "linux")]
use socket2::SockRef;

use crate::edge::assembly::Assembly;
use crate::parts::services::Api;

/// Maximum time in which a connection must send the head of a request.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);

/// Creates a server of the API on a listener; see [`crate::server`].
pub(crate) fn server(
    assembly: Assembly,
    api: Api,
    listener: TcpListener,
    extra: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> io::Result<Server> {
    let config = api.config.clone();
    let draining = api.draining.clone();
    let served = assembly.serve(api);
    let routes = move |config: &mut ServiceConfig| {
        served.configure(config);
        extra(config);
        served.configure_rest(config);
    };
    let app = move || {
        let draining = draining.clone();
        App::new()
            .wrap_fn(move |request, service| {
                let response = service.call(request);
                let draining = draining.clone();
                async move { Ok(close_when_draining(response.await?, &draining)) }
            })
            .configure(routes.clone())
    };
    let send_timeout = config.send_timeout;
    let server = HttpServer::new(app)
        .on_connect(move |connection, _| limit_sending(connection, send_timeout))
        .keep_alive(config.keep_alive)
        .workers(config.workers)
        .worker_max_blocking_threads(config.blocking_threads)
        .client_request_timeout(HEAD_DEADLINE)
        .shutdown_timeout(config.shutdown.as_secs())
        .disable_signals();
    Ok(server.listen(listener)?.run())
}

/// Closes a connection whose client takes no bytes for some time. While such a client does not read,
/// actix waits without end for the connection, and the response keeps what it has, such as the place
/// of a download.
fn limit_sending(connection: &dyn Any, timeout: Duration) {
    #[cfg(target_os = "linux")]
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(timeout))
    {
        tracing::warn!(%error, "failed to set the send timeout of a connection");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (connection, timeout);
}

/// Makes the client open a new connection for its next request, so that a proxy routes it to
/// another server before this server's port closes.
fn close_when_draining<B>(
    mut response: ServiceResponse<B>,
    draining: &AtomicBool,
) -> ServiceResponse<B> {
    if draining.load(Ordering::Relaxed) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    response
}
