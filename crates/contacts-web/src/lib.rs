//! The web page: plain ES modules, embedded in the program, which use the public API only.
//!
//! A release serves the files that were built in. A debug build serves `ui/` from disk, so that an
//! edit is visible after a reload.

mod answer;
mod assets;
mod comments;
mod headers;

use actix_web::dev::RequestHead;
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, guard};

use crate::answer::{Cached, answer};
use crate::assets::Assets;

/// The paths of the page. All return the same document, whose script shows the view of the path.
const PAGES: &[&str] = &[
    "/",
    "/sign-in",
    "/join",
    "/new",
    "/contacts/{tail:.+}",
    "/duplicates",
    "/import",
    "/imports",
    "/imports/{tail:.+}",
    "/sources",
    "/sources/{tail:.+}",
    "/help",
    "/help/{tail:.+}",
    "/settings",
    "/settings/{tail:.+}",
];

/// The page's routes, for any actix application. `https`: browsers reach the page over HTTPS, and
/// are told to use nothing else.
pub fn routes(https: bool) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    move |config| {
        let read = || guard::Any(guard::Get()).or(guard::Head());
        let shell = web::resource(PAGES.to_vec()).guard(read());
        config.service(shell.to(move |req: HttpRequest| async move { shell_for(&req, https) }));
        // Unknown files are left to the routes that are registered later.
        let known = guard::fn_guard(|context| {
            let path = context.head().uri.path();
            parts(path).is_some_and(|(_, name)| Assets::current().file(name).is_some())
        });
        let asset = web::resource("/assets/{version}/{name:.+}").guard(read()).guard(known);
        config.service(asset.to(move |req: HttpRequest| async move { asset_for(&req, https) }));
        // A browser that opens a mistyped address gets the page, which says that it is not found.
        let opened = guard::fn_guard(|context| is_opened(context.head()));
        let mistyped = web::resource("/{tail:.*}").guard(read()).guard(opened);
        config.service(mistyped.to(move |req: HttpRequest| async move {
            let mut answer = shell_for(&req, https);
            if answer.status() == StatusCode::OK {
                *answer.status_mut() = StatusCode::NOT_FOUND;
            }
            answer
        }));
    }
}

/// Returns whether a person opens a path in a browser that is not one of the API.
fn is_opened(head: &RequestHead) -> bool {
    let path = head.uri.path();
    let is_api = ["/v1", "/docs", "/assets"]
        .iter()
        .filter_map(|api| path.strip_prefix(api))
        .any(|rest| rest.is_empty() || rest.starts_with('/'));
    let accepted = head.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    !is_api && accepted.is_some_and(|kinds| kinds.contains("text/html"))
}

fn shell_for(req: &HttpRequest, https: bool) -> HttpResponse {
    answer(req, Assets::current().shell(), Cached::Revalidated, https)
}

/// The path of an older version returns the current file, so that an open page survives an upgrade
/// of the service.
fn asset_for(req: &HttpRequest, https: bool) -> HttpResponse {
    let assets = Assets::current();
    let found = parts(req.path()).and_then(|(version, name)| Some((version, assets.file(name)?)));
    match found {
        Some((version, file)) => {
            let is_current = version == assets.version();
            answer(req, file, if is_current { Cached::Forever } else { Cached::Revalidated }, https)
        }
        // The file was removed after the guard had found it.
        None => HttpResponse::NotFound().finish(),
    }
}

/// Splits the path of an asset into the version and the file name.
fn parts(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("/assets/")?.split_once('/')
}
