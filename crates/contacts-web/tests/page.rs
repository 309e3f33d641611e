//! The responses of the page.
#![expect(clippy::unwrap_used, reason = "a helper may fail its test")]

#[expect(unreachable_pub, reason = "no crate uses a test")]
mod support;

use std::io::Read;

use actix_web::http::Method;
use flate2::read::GzDecoder;

use crate::support::{ask, asset, get, send};

const PATHS: &[&str] = &[
    "/",
    "/sign-in",
    "/join",
    "/new",
    "/contacts/0193",
    "/duplicates",
    "/import",
    "/imports",
    "/imports/0193",
    "/sources",
    "/sources/0193",
    "/settings",
    "/settings/tags",
];

#[test]
fn every_path_of_the_page_returns_the_document() {
    let document = get("/");
    assert!(document.text().starts_with("<!doctype html>"), "{}", document.text());
    assert!(!document.text().contains("{{"), "a placeholder was not replaced");
    for path in PATHS {
        let answer = get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.body, document.body, "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert_eq!(ask(Method::HEAD, path, &[]).status, 200, "{path}");
    }
}

#[test]
fn other_paths_are_left_to_other_routes() {
    let others =
        ["/v1/contacts", "/nothing", "/contacts", "/imports/", "/assets", "/assets/main.js"];
    for path in others {
        assert_eq!(get(path).status, 404, "{path}");
    }
    for path in ["index.html", "nothing.js", "../Cargo.toml", "%2e%2e/Cargo.toml", "core", ""] {
        assert_eq!(get(&asset(path)).status, 404, "{path}");
    }
    assert_eq!(ask(Method::POST, "/", &[]).status, 404);
    assert_eq!(ask(Method::DELETE, &asset("main.js"), &[]).status, 404);
}

#[test]
fn a_mistyped_address_shows_the_page_in_a_browser_only() {
    let accepts = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    for path in ["/contactsx", "/nothing/like/it", "/v1x"] {
        let answer = ask(Method::GET, path, &accepts);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.body, get("/").body, "{path}");
        assert!(get(path).body.is_empty(), "{path}");
    }
    for path in ["/v1/nothing", "/v1", "/docs/nothing", "/assets/nothing"] {
        assert!(ask(Method::GET, path, &accepts).body.is_empty(), "{path}");
    }
}

#[test]
fn an_asset_is_cached_forever_only_at_its_current_version() {
    let current = get(&asset("main.js"));
    assert_eq!(current.status, 200);
    assert_eq!(current.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(current.header("cache-control"), Some("public, max-age=31536000, immutable"));
    let other = get("/assets/000000000000/main.js");
    assert_eq!((other.status, &other.body), (200, &current.body));
    assert_eq!(other.header("cache-control"), Some("no-cache"));
}

#[test]
fn an_unchanged_file_is_not_sent_again() {
    for path in ["/".to_owned(), asset("app.css")] {
        let tag = get(&path).header("etag").unwrap().to_owned();
        let again = ask(Method::GET, &path, &[("if-none-match", &tag)]);
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("etag"), Some(&*tag));
        let other = ask(Method::GET, &path, &[("if-none-match", "\"another\"")]);
        assert_eq!(other.status, 200, "{path}");
    }
    assert_ne!(get("/").header("etag"), get(&asset("app.css")).header("etag"));
}

#[test]
fn a_file_is_compressed_when_the_browser_accepts_it() {
    let plain = get("/");
    assert_eq!(plain.header("content-encoding"), None);
    let small = ask(Method::GET, "/", &[("accept-encoding", "br, gzip")]);
    assert_eq!(small.header("content-encoding"), Some("gzip"));
    assert!(small.body.len() < plain.body.len());
    let mut text = String::new();
    GzDecoder::new(&small.body[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, plain.text());
    for answer in [plain, small, ask(Method::GET, "/", &[("accept-encoding", "gzip;q=0")])] {
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
    }
}

#[test]
fn every_response_forbids_foreign_code() {
    let tag = get("/").header("etag").unwrap().to_owned();
    for answer in [get("/"), ask(Method::GET, "/", &[("if-none-match", &tag)])] {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        for part in ["base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(policy.ends_with("require-trusted-types-for 'script'"), "{policy}");
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert!(answer.header("permissions-policy").unwrap().contains("camera=()"));
    }
    let asset = get(&asset("main.js"));
    let policy = asset.header("content-security-policy");
    assert_eq!(policy, Some("default-src 'none'; frame-ancestors 'none'"));
    for answer in [get("/"), asset] {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
        assert_eq!(answer.header("strict-transport-security"), None);
    }
}

#[test]
fn over_https_browsers_are_told_to_use_https_only() {
    let answer = send(true, Method::GET, "/", &[]);
    let insists = answer.header("strict-transport-security").unwrap();
    assert!(insists.starts_with("max-age=31536000"), "{insists}");
}
