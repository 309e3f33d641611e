//! Entity tags and conditional requests (R12).
//!
//! An entity tag is the version of a resource, usually followed by a mark: `"3-5f0c…"`. The mark is
//! a hash of everything that changes without a new version, such as the tags and the consent of a
//! contact or the failures of a webhook, so that a cached copy is never taken for the current one.
//! `If-Match` compares versions only, so `"3"` and `"3-5f0c…"` both mean version 3: such changes do
//! not conflict with an edit.

use std::future::{Ready, ready};
use std::hash::{DefaultHasher, Hash, Hasher};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use contacts_core::contact::Contact;
use contacts_core::{Current, Error, Result};
use serde::Serialize;

use crate::parts::answer::to_json;
use crate::parts::problem::{Code, Problem};

/// The serialised view of a resource and its entity tag.
pub(crate) struct Written {
    /// The entity tag, in quotation marks.
    pub(crate) etag: String,
    /// The body, in JSON.
    pub(crate) body: Vec<u8>,
}

impl Written {
    /// Serialises the view of a resource at a version. The entity tag has a mark of the whole view.
    pub(crate) fn of(version: u64, view: &impl Serialize) -> std::result::Result<Self, Problem> {
        let body = to_json(view)?;
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        Ok(Self { etag: format!("\"{version}-{:016x}\"", hasher.finish()), body })
    }

    /// Returns a response with this status.
    pub(crate) fn answer(self, status: StatusCode) -> HttpResponse {
        HttpResponse::build(status)
            .content_type("application/json")
            .insert_header((header::ETAG, self.etag))
            .body(self.body)
    }
}

/// Returns the problem for an error. For a failed precondition it includes the view of the current
/// state.
pub(crate) fn with_current<V: Serialize>(
    error: Error,
    view: impl FnOnce(&Current) -> Option<V>,
) -> Problem {
    let view = match &error {
        Error::Stale(current) => view(current),
        _ => None,
    };
    let problem = Problem::from(error);
    match view {
        Some(view) => problem.with_current(&view),
        None => problem,
    }
}

/// Returns the entity tag of a contact.
pub(crate) fn etag(contact: &Contact) -> String {
    let version = contact.version;
    let unsubscribe = contact.consent.unsubscribe();
    if contact.tags.is_empty() && unsubscribe.is_none() {
        return format!("\"{version}\"");
    }
    let mut hasher = DefaultHasher::new();
    contact.tags.iter().for_each(|tag| tag.as_str().hash(&mut hasher));
    if let Some(unsubscribe) = unsubscribe {
        (unsubscribe.at.unix_timestamp_nanos(), unsubscribe.reason.as_str()).hash(&mut hasher);
    }
    format!("\"{version}-{:016x}\"", hasher.finish())
}

/// Returns the name of the header with which a request states a precondition for a change. An
/// `If-Match` of `*` is none: a change needs something that exists.
pub(crate) fn precondition(headers: &HeaderMap) -> Option<&'static str> {
    let if_match = headers.get(header::IF_MATCH).filter(|value| *value != "*");
    let if_match = if_match.map(|_| "If-Match");
    if_match.or_else(|| headers.get(header::IF_NONE_MATCH).map(|_| "If-None-Match"))
}

/// The header `If-Match`.
pub(crate) enum IfMatch {
    /// The header is absent or `*`: any version is accepted.
    Any,
    /// The header lists these versions.
    Versions(Vec<u64>),
}

impl IfMatch {
    /// Calls `write` with the version that the resource must have, if any. When the header lists
    /// several versions, the matching one is found by attempting the write, because another write
    /// may happen between reading and writing.
    ///
    /// # Errors
    ///
    /// Those of `write`; [`Error::Stale`] when the resource has none of the versions.
    pub(crate) fn guard<T>(&self, mut write: impl FnMut(Option<u64>) -> Result<T>) -> Result<T> {
        let Self::Versions(versions) = self else { return write(None) };
        // No resource has version 0, so with an empty list the write fails with the current state.
        let mut version = versions.first().copied().unwrap_or(0);
        loop {
            match write(Some(version)) {
                Err(Error::Stale(now))
                    if now.version() != version && versions.contains(&now.version()) =>
                {
                    version = now.version();
                }
                done => return done,
            }
        }
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<std::result::Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(tags(req, header::IF_MATCH).map(|tags| match tags {
            None => Self::Any,
            Some(tags) if tags.iter().any(|tag| tag == "*") => Self::Any,
            // A weak tag never matches in `If-Match` (RFC 9110, 13.1.1), and neither does an
            // unknown one.
            Some(tags) => Self::Versions(tags.iter().filter_map(|tag| version(tag)).collect()),
        }))
    }
}

/// The header `If-None-Match`.
pub(crate) struct IfNoneMatch(Option<Vec<String>>);

impl IfNoneMatch {
    /// Returns whether the client already has this entity tag.
    pub(crate) fn has(&self, etag: &str) -> bool {
        let has = |tag: &String| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag;
        self.0.as_ref().is_some_and(|tags| tags.iter().any(has))
    }
}

impl FromRequest for IfNoneMatch {
    type Error = Problem;
    type Future = Ready<std::result::Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(tags(req, header::IF_NONE_MATCH).map(Self))
    }
}

fn version(tag: &str) -> Option<u64> {
    let tag = tag.strip_prefix('"')?.strip_suffix('"')?;
    let version = tag.split_once('-').map_or(tag, |(version, _)| version);
    version.parse().ok().filter(|_| version.bytes().all(|b| b.is_ascii_digit()))
}

/// Returns the entity tags that a header lists, or `None` without the header.
fn tags(req: &HttpRequest, name: HeaderName) -> std::result::Result<Option<Vec<String>>, Problem> {
    let refuse = || {
        let detail = format!("{name} must hold * or entity tags in quotation marks");
        Problem::new(Code::InvalidHeader, detail)
    };
    let mut tags = Vec::new();
    for value in req.headers().get_all(&name) {
        let value = value.to_str().map_err(|_error| refuse())?;
        for tag in value.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            let bare = tag.strip_prefix("W/").unwrap_or(tag);
            let is_tag = bare.len() >= 2 && bare.starts_with('"') && bare.ends_with('"');
            if tag != "*" && !is_tag {
                return Err(refuse());
            }
            tags.push(tag.to_owned());
        }
    }
    if tags.is_empty() && req.headers().contains_key(&name) {
        return Err(refuse());
    }
    Ok(req.headers().contains_key(&name).then_some(tags))
}

#[cfg(test)]
mod tests {
    use contacts_core::Actor;
    use contacts_core::contact::{NewContact, Patch, RawPatch};
    use contacts_testkit::World;

    use super::*;

    #[test]
    fn a_version_changed_just_before_the_write_is_noticed() {
        let world = World::new();
        let contacts = world.services().contacts;
        let ann =
            NewContact { name: Some("Ann"), email: Some("ann@a.example"), ..NewContact::default() };
        let ann = contacts.create(world.org(), &ann, Actor::System).unwrap();
        let name = |version, name| {
            let patch = RawPatch { name: Patch::Set(name), ..RawPatch::default() };
            contacts.update(world.org(), ann.id, version, &patch, Actor::System)
        };
        let mut tries = 0;
        let written = IfMatch::Versions(vec![1, 2]).guard(|version| {
            tries += 1;
            if tries == 1 {
                name(None, "Anna")?;
            }
            name(version, "Annika")
        });
        assert_eq!((written.unwrap().contact.version, tries), (3, 2));
    }
}
