//! The web page: plain ES modules, embedded, which know the public API only.
//!
//! A release serves what was built in. A debug build reads `ui/` from the disk each time: edit and
//! reload.

mod answer;
mod assets;
mod comments;
mod headers;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, guard};

use crate::answer::{Cached, answer};
use crate::assets::{Assets, holds};

/// The paths of the page; all have one document, whose script shows what the path says.
const PAGES: &[&str] = &[
    "/",
    "/sign-in",
    "/new",
    "/contacts/{tail:.+}",
    "/import",
    "/imports",
    "/imports/{tail:.+}",
    "/sources",
    "/sources/{tail:.+}",
    "/settings",
    "/settings/{tail:.+}",
];

/// The page's routes, for any actix application. `https` says that browsers reach it so, and
/// makes them insist on it.
pub fn routes(https: bool) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    move |config| {
        let read = || guard::Any(guard::Get()).or(guard::Head());
        let shell = web::resource(PAGES.to_vec()).guard(read());
        config.service(shell.to(move |req: HttpRequest| async move { shell_for(&req, https) }));
        // What is no file of ours is left to whoever comes after.
        let known = guard::fn_guard(|context| {
            parts(context.head().uri.path()).is_some_and(|(_, name)| holds(name))
        });
        let asset = web::resource("/assets/{version}/{name:.+}").guard(read()).guard(known);
        config.service(asset.to(move |req: HttpRequest| async move { asset_for(&req, https) }));
    }
}

fn shell_for(req: &HttpRequest, https: bool) -> HttpResponse {
    answer(req, Assets::current().shell(), Cached::Asked, https)
}

/// An older version's address answers with the file of today, so that an open page survives that
/// the service is replaced.
fn asset_for(req: &HttpRequest, https: bool) -> HttpResponse {
    let assets = Assets::current();
    let found = parts(req.path()).and_then(|(version, name)| Some((version, assets.file(name)?)));
    match found {
        Some((version, file)) => {
            let is_current = version == assets.version();
            answer(req, file, if is_current { Cached::ForEver } else { Cached::Asked }, https)
        }
        // It went between the guard's look and ours.
        None => HttpResponse::NotFound().finish(),
    }
}

/// The version and the file's name in the path of an asset.
fn parts(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("/assets/")?.split_once('/')
}
