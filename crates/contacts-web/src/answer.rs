//! A file as a response: cached, compressed, and not sent again to a browser that has it.

use actix_web::http::header::{
    self, EntityTag, Header, HeaderMap, HeaderValue, IfNoneMatch, TryIntoHeaderValue,
};
use actix_web::{HttpRequest, HttpResponse};

use crate::assets::File;
use crate::headers::protect;

/// How a browser may cache a file.
#[derive(Clone, Copy)]
pub(crate) enum Cached {
    /// Without asking again: the URL contains the version.
    Forever,
    /// Only after the service has confirmed, each time, that the file is unchanged.
    Revalidated,
}

impl Cached {
    fn as_str(self) -> &'static str {
        match self {
            Self::Forever => "public, max-age=31536000, immutable",
            Self::Revalidated => "no-cache",
        }
    }
}

/// The response with a file.
pub(crate) fn answer(req: &HttpRequest, file: &File, cached: Cached, https: bool) -> HttpResponse {
    // Weak, because the plain and the compressed bytes share the tag.
    let tag = EntityTag::new_weak(file.hash().to_owned());
    let mut response = if has(req, &tag) {
        HttpResponse::NotModified().finish()
    } else {
        let gzip = if takes_gzip(req.headers()) { file.gzip() } else { None };
        let mut answer = HttpResponse::Ok();
        answer.insert_header((header::CONTENT_TYPE, file.kind()));
        match gzip {
            Some(bytes) => answer.insert_header((header::CONTENT_ENCODING, "gzip")).body(bytes),
            None => answer.body(file.plain()),
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cached.as_str()));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = header::ETag(tag).try_into_value() {
        headers.insert(header::ETAG, tag);
    }
    protect(headers, file.kind().starts_with("text/html"), https);
    response
}

/// Whether the browser has the file with this tag.
fn has(req: &HttpRequest, tag: &EntityTag) -> bool {
    if !req.headers().contains_key(header::IF_NONE_MATCH) {
        return false;
    }
    match IfNoneMatch::parse(req) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(items)) => items.iter().any(|item| item.weak_eq(tag)),
        Err(_unreadable) => false,
    }
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let taken = |coding: &str| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_none_or(|weight| weight > 0.0)
    };
    let all = headers.get_all(header::ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(',')).any(taken)
}
