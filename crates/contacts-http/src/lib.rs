//! The REST API over actix-web (R43 to R45).
//!
//! The crate has three folders, each of which depends only on those below it:
//!
//! - `api`: one file or folder per resource, with its handlers, bodies and views.
//! - `edge`: the layers around every request, such as authentication, rate limits, headers and
//!   logs, and the server itself.
//! - `parts`: building blocks of handlers, such as bodies, query parameters, problems and streams.
//!
//! This file joins them. [`routes`] adds the API to any actix application, [`server`] serves it
//! with limits that protect it from overload, and [`openapi`] describes it.

mod api;
mod edge;
mod parts;

use std::io;
use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::web::ServiceConfig;
use utoipa::openapi::OpenApi;

pub use crate::api::syncs::settings_of;
pub use crate::edge::health::metrics_recorder;
pub use crate::parts::answers::Answers;
pub use crate::parts::attempts::Attempts;
pub use crate::parts::config::ApiConfig;
pub use crate::parts::cursor::Cursors;
#[cfg(feature = "fuzzing")]
pub use crate::parts::fuzzing;
pub use crate::parts::jwt::{InvalidKeySet, JwtVerifier};
pub use crate::parts::public_url::PublicUrl;
pub use crate::parts::services::{Api, Readiness};

use crate::edge::assembly::Assembly;

/// The resources, in the order in which the API description lists them.
const ASSEMBLY: Assembly = Assembly { open: api::open_routes, v1: api::routes };

/// Returns the API's routes, for any actix application.
pub fn routes(api: Api) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    let server = ASSEMBLY.serve(api);
    move |config| server.configure(config)
}

/// Returns the routes of a whole application: the API's routes, then the extra ones, and a problem
/// for every other path.
pub fn app_routes(
    api: Api,
    extra: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    let server = ASSEMBLY.serve(api);
    move |config| {
        server.configure(config);
        extra(config);
        server.configure_rest(config);
    }
}

/// Returns the OpenAPI description of the API (R44).
pub fn openapi() -> OpenApi {
    ASSEMBLY.describe()
}

/// Creates a server of the API on a listener; it runs when it is awaited in an actix system. The
/// extra routes, such as those of the web page, come after the API's own.
///
/// The caller handles signals. To stop the server: set [`Api::draining`], wait until proxies have
/// seen `/readyz` answer 503, set [`Api::stopping`], and stop the server by its handle.
///
/// # Errors
///
/// An I/O error when the listener cannot be used.
pub fn server(
    api: Api,
    listener: TcpListener,
    extra: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> io::Result<Server> {
    edge::server::server(ASSEMBLY, api, listener, extra)
}
