//! JSON bodies.

mod strict;
mod time;

use std::future::Future;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, header};
use actix_web::web::{BytesMut, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use contacts_core::Invalid;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;

use self::strict::Strict;
use crate::parts::config::ApiConfig;
use crate::parts::problem::{Code, Problem};
use crate::parts::shared::Shared;

pub(crate) use self::strict::HAS_NUL;
pub(crate) use self::time::{optional_time, time};

/// Maximum number of invalid members that a problem lists.
const MOST_WRONG: usize = 20;

/// A JSON body that was read whole, within the limits.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let checked = check_type(req);
        let headers = req.headers().clone();
        let shared = req.app_data::<Data<Shared>>().cloned();
        let payload = payload.take();
        Box::pin(async move {
            checked?;
            let shared = shared.ok_or_else(Problem::internal)?;
            parse(&read_whole(&shared.api.config, &headers, payload).await?).map(Self)
        })
    }
}

/// Reads a whole body, within the limits.
pub(crate) async fn read_whole(
    config: &ApiConfig,
    headers: &HeaderMap,
    payload: Payload,
) -> Result<BytesMut, Problem> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    let declared = declared.and_then(|length| length.parse().ok()).unwrap_or(0);
    if declared > config.max_body as u64 {
        return Err(too_large(config.max_body));
    }
    in_time(config.body_deadline, read(payload, config.max_body)).await
}

fn check_type(req: &HttpRequest) -> Result<(), Problem> {
    let kind = req.content_type();
    let is_patch = req.method() == Method::PATCH && kind == "application/merge-patch+json";
    if kind.eq_ignore_ascii_case("application/json") || is_patch {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedType, "send JSON, as Content-Type: application/json"))
}

async fn in_time<T>(
    deadline: Duration,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let late = || {
        let detail = format!("the body must arrive within {} ms", deadline.as_millis());
        Problem::new(Code::BodyTooSlow, detail)
    };
    tokio::time::timeout(deadline, work).await.unwrap_or_else(|_elapsed| Err(late()))
}

async fn read(mut payload: Payload, limit: usize) -> Result<BytesMut, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_lost| {
            Problem::new(Code::InvalidRequest, "the body ended before it was complete")
        })?;
        if body.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("the limit is {limit} bytes"))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(Strict(&mut json)).map_err(|error| {
        let path = error.path().to_string();
        let error = error.inner();
        match error.classify() {
            Category::Data => {
                Problem::invalid(wrong_members::<T>(body, wrong_member(&path, error)))
            }
            Category::Syntax | Category::Eof | Category::Io => no_json(error),
        }
    })?;
    json.end().map_err(|error| no_json(&error))?;
    Ok(value)
}

fn no_json(error: &serde_json::Error) -> Problem {
    Problem::new(Code::InvalidJson, format!("the body is not JSON: {error}"))
}

/// Returns all invalid members. The parser stops at the first one, so each rejected member is
/// removed and the rest is parsed again.
fn wrong_members<T: DeserializeOwned>(body: &[u8], first: Invalid) -> Vec<Invalid> {
    let mut errors = vec![first];
    let Ok(mut rest) = serde_json::from_slice::<Value>(body) else { return errors };
    while errors.len() < MOST_WRONG {
        let is_removed = errors
            .last()
            .zip(rest.as_object_mut())
            .is_some_and(|(last, rest)| rest.remove(member(&last.field)).is_some());
        if !is_removed {
            break;
        }
        let Err(error) = serde_path_to_error::deserialize::<_, T>(Strict(&rest)) else { break };
        let next = wrong_member(&error.path().to_string(), error.inner());
        // A removed member may be required: it is not missing, so do not report it as such.
        if errors.iter().any(|earlier| member(&earlier.field) == next.field || *earlier == next) {
            break;
        }
        errors.push(next);
    }
    errors
}

/// Returns the outermost member of the body that contains a part.
fn member(part: &str) -> &str {
    part.split(['.', '[']).next().unwrap_or_default()
}

/// Returns which member is invalid, in the terms of the API instead of those of the parser.
fn wrong_member(path: &str, error: &serde_json::Error) -> Invalid {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&place).unwrap_or(&message);
    // An error in a name leaves the path with a question mark in its place.
    let path = path.strip_suffix('?').unwrap_or(path);
    let parent = path.strip_suffix('.').unwrap_or(path);
    let quoted = |prefix: &str| message.strip_prefix(prefix)?.split('`').next();
    if let Some(name) = quoted("unknown field `") {
        return Invalid::new(join(parent, name), "is not known here");
    }
    if let Some(name) = quoted("missing field `") {
        return Invalid::new(join(parent, name), "is required");
    }
    if let Some(name) = quoted("duplicate field `") {
        return Invalid::new(join(parent, name), "is given twice");
    }
    let field = if parent.is_empty() { "body" } else { parent };
    if message.starts_with("UUID parsing failed") {
        return Invalid::new(field, "must be an id, such as 019b78ff-f900-7000-8000-000000000001");
    }
    match message.rsplit_once(", expected ") {
        Some((_, "u16" | "u32" | "u64" | "usize")) => {
            Invalid::new(field, "must be a whole number, not below 0")
        }
        Some((_, "a map")) => Invalid::new(field, "must be an object"),
        Some((_, "a sequence")) => Invalid::new(field, "must be a list"),
        Some((_, expected)) => Invalid::new(field, format!("must be {expected}")),
        None => Invalid::new(field, message),
    }
}

fn join(parent: &str, name: &str) -> String {
    let is_removed = parent == name || parent.ends_with(&format!(".{name}"));
    match parent {
        "" => name.to_owned(),
        _ if is_removed => parent.to_owned(),
        _ => format!("{parent}.{name}"),
    }
}

/// Deserialises a member that may be absent but not null.
pub(crate) fn present<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    T::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields, expecting = "an object")]
    struct Outer {
        #[serde(default, deserialize_with = "present")]
        name: Option<String>,
        inner: Option<Inner>,
        #[serde(default)]
        list: Vec<Inner>,
        #[serde(default)]
        rest: serde_json::Map<String, Value>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields, expecting = "an object")]
    struct Inner {
        tags: Vec<String>,
    }

    fn refusal(body: &str) -> String {
        parse::<Outer>(body.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_body_is_read() {
        let body = parse::<Outer>(br#"{"name": "a", "inner": {"tags": ["b"]}}"#).unwrap();
        assert_eq!(body.name.as_deref(), Some("a"));
        assert_eq!(body.inner.unwrap().tags, ["b"]);
        let body = parse::<Outer>(br#"{"list": [{"tags": []}], "rest": {"a": [1]}}"#).unwrap();
        assert_eq!((body.list.len(), body.rest.len()), (1, 1));
    }

    #[test]
    fn a_wrong_member_is_named() {
        assert_eq!(refusal(r#"{"nme": 1}"#), "invalid: nme is not known here");
        assert_eq!(refusal(r#"{"inner": {"x": 1}}"#), "invalid: inner.x is not known here");
        assert_eq!(refusal(r#"{"inner": {}}"#), "invalid: inner.tags is required");
        assert_eq!(refusal(r#"{"name": 1}"#), "invalid: name must be a string");
        assert_eq!(refusal(r#"{"name": null}"#), "invalid: name must be a string");
        assert_eq!(refusal(r#"{"name":"a","name":"b"}"#), "invalid: name is given twice");
        assert_eq!(
            refusal(r#"{"inner": {"tags": ["a", 2]}}"#),
            "invalid: inner.tags[1] must be a string"
        );
        assert_eq!(
            refusal(r#"{"x": 1, "name": 2, "inner": {}, "y": 3}"#),
            "invalid: x is not known here; inner.tags is required; name must be a string; \
             y is not known here"
        );
        assert_eq!(
            refusal(r#"{"rest": {"a": 1, "a": 2}, "name": 1}"#),
            "invalid: rest.a is given twice; name must be a string"
        );
    }

    #[test]
    fn an_array_is_no_object() {
        assert_eq!(refusal("[]"), "invalid: body must be an object");
        assert_eq!(refusal(r#"["a", {"tags": []}]"#), "invalid: body must be an object");
        assert_eq!(refusal(r#"{"inner": [["a"]]}"#), "invalid: inner must be an object");
        assert_eq!(refusal(r#"{"list": [[["a"]]]}"#), "invalid: list[0] must be an object");
        assert_eq!(refusal("null"), "invalid: body must be an object");
    }

    #[test]
    fn the_character_nul_is_refused_with_its_place() {
        let nul = |field: &str| format!("invalid: {field} {HAS_NUL}");
        assert_eq!(refusal(r#"{"name": "a\u0000"}"#), nul("name"));
        assert_eq!(refusal(r#"{"inner": {"tags": ["a", "\u0000"]}}"#), nul("inner.tags[1]"));
        assert_eq!(refusal(r#"{"rest": {"a": [{"b": "\u0000"}]}}"#), nul("rest.a[0].b"));
        assert_eq!(refusal(r#"{"rest": {"\u0000": 1}}"#), nul("rest"));
        assert_eq!(refusal(r#"{"\u0000": 1}"#), nul("body"));
    }

    #[test]
    fn invalid_json_is_located() {
        for body in ["", "{", "{]", "{} {}", "\"\u{1}\"", "{\"name\": \"\\ud800\"}"] {
            let refusal = refusal(body);
            assert!(refusal.starts_with("invalid_json: "), "{refusal}");
            assert!(refusal.contains("line 1 column"), "{refusal}");
        }
    }
}
