//! Entity tags of contacts (R12): the version, and for a contact with tags a mark of those.
//!
//! Tags change without the version's rising, so a tag of the version alone would let a client
//! keep a copy with other tags. Edits do not collide with tagging, though: `If-Match` compares
//! versions only, so `"3"` and `"3-5f0c…"` both mean version 3.

use std::future::{Ready, ready};
use std::hash::{DefaultHasher, Hash, Hasher};

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderName};
use actix_web::{FromRequest, HttpRequest};
use contacts_core::contact::Contact;
use contacts_core::{Error, Result};

use crate::problem::{Code, Problem};

/// The entity tag of a contact.
pub(crate) fn etag(contact: &Contact) -> String {
    let version = contact.version;
    if contact.tags.is_empty() {
        return format!("\"{version}\"");
    }
    let mut hasher = DefaultHasher::new();
    contact.tags.iter().for_each(|tag| tag.as_str().hash(&mut hasher));
    format!("\"{version}-{:016x}\"", hasher.finish())
}

/// The header `If-Match`.
pub(crate) enum IfMatch {
    /// It is not there, or `*`: whatever the contact is now.
    Any,
    /// One of these versions.
    Versions(Vec<u64>),
}

impl IfMatch {
    /// Writes under this precondition: `write` is given the version that the contact must have, if
    /// any. Of several versions the one that the contact has is found by writing, so that no other
    /// write comes between the looking and the writing.
    ///
    /// # Errors
    ///
    /// What `write` returns; [`Error::Stale`] when the contact has none of the versions.
    pub(crate) fn guard<T>(&self, mut write: impl FnMut(Option<u64>) -> Result<T>) -> Result<T> {
        let Self::Versions(versions) = self else { return write(None) };
        // Version 0 is nobody's: it fails with the current state.
        let mut version = versions.first().copied().unwrap_or(0);
        loop {
            match write(Some(version)) {
                Err(Error::Stale(now))
                    if now.version != version && versions.contains(&now.version) =>
                {
                    version = now.version;
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
            // A weak tag matches nothing here (RFC 9110, 13.1.1), like one that is not ours.
            Some(tags) => Self::Versions(tags.iter().filter_map(|tag| version(tag)).collect()),
        }))
    }
}

/// The header `If-None-Match`.
pub(crate) struct IfNoneMatch(Option<Vec<String>>);

impl IfNoneMatch {
    /// Whether the client has this one.
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

/// The tags that a header lists; nothing when it is not there.
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
    fn a_version_that_comes_just_before_the_write_is_found() {
        let world = World::new();
        let contacts = world.contacts();
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
