//! Compares every response of the tests with the API description.

use std::sync::LazyLock;

use actix_web::http::Method;
use serde_json::{Map, Value};

use crate::support::Answer;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(contacts_http::openapi()).unwrap());

/// Asserts that a response matches the API description of its operation and status.
pub(crate) fn assert_described(method: &Method, path: &str, answer: &Answer) {
    let Some(operation) = operation(method, path) else { return };
    let status = answer.status.as_u16();
    let place = format!("{method} {path} {status}");
    let response = &operation["responses"][status.to_string()];
    assert!(response.is_object(), "{place} is not described");
    for name in response["headers"].as_object().into_iter().flat_map(Map::keys) {
        let is_optional = name == "idempotency-replayed";
        assert!(is_optional || answer.headers.contains_key(&**name), "{place} lacks {name}");
    }
    let kind = answer.header("content-type").split(';').next().unwrap();
    let content = &response["content"][kind];
    let is_json = kind == "application/json" || kind == "application/problem+json";
    if answer.bytes.is_empty() || method == Method::HEAD {
        return;
    }
    assert!(content.is_object(), "{place} is not described as {kind}");
    // The test client does not decompress bodies.
    let is_readable = is_json && !answer.headers.contains_key("content-encoding");
    if is_readable && let Err(errors) = check(&answer.json(), &content["schema"], "answer") {
        panic!("{place}: {errors}: {}", answer.json());
    }
}

/// Returns the operation of a path; a literal path takes precedence over one with parameters.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let method =
        if method == Method::HEAD { "get".to_owned() } else { method.as_str().to_lowercase() };
    let paths = DOCUMENT["paths"].as_object()?;
    let item = paths.get(path).or_else(|| {
        let matches = |pattern: &str| {
            let (mut given, mut parts) = (path.split('/'), pattern.split('/'));
            let all = parts
                .by_ref()
                .all(|part| given.next().is_some_and(|text| part == text || part.starts_with('{')));
            all && given.next().is_none()
        };
        paths.iter().find(|(pattern, _)| matches(pattern)).map(|(_, item)| item)
    })?;
    item.get(&method)
}

/// Compares a value with a schema. Supports the parts of JSON Schema that the description uses.
fn check(value: &Value, schema: &Value, at: &str) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return check(value, DOCUMENT.pointer(&reference[1..]).unwrap(), at);
    }
    if let Some(options) = schema["oneOf"].as_array() {
        let results: Vec<_> = options.iter().map(|option| check(value, option, at)).collect();
        let matches = results.iter().filter(|result| result.is_ok()).count();
        let reasons: Vec<_> = results.into_iter().filter_map(Result::err).collect();
        return match matches {
            1 => Ok(()),
            _ => Err(format!("{at} matches {matches} of oneOf: {}", reasons.join("; "))),
        };
    }
    check_type(value, &schema["type"], at)?;
    if let Some(values) = schema["enum"].as_array()
        && !values.contains(value)
    {
        return Err(format!("{at} is none of {values:?}"));
    }
    match value {
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.try_for_each(|(n, item)| check(item, &schema["items"], &format!("{at}[{n}]")))
        }
        Value::Object(members) => check_members(members, schema, at),
        _ => Ok(()),
    }
}

fn check_type(value: &Value, expected: &Value, at: &str) -> Result<(), String> {
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    let fits = match expected {
        Value::String(kind) => is(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(is),
        _ => true,
    };
    if fits { Ok(()) } else { Err(format!("{at} is {value}, not {expected}")) }
}

fn check_members(members: &Map<String, Value>, schema: &Value, at: &str) -> Result<(), String> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for name in required {
        if !members.contains_key(name) {
            return Err(format!("{at} lacks {name}"));
        }
    }
    let (described, others) = (&schema["properties"], &schema["additionalProperties"]);
    let is_free = described.is_null() && others.is_null();
    for (name, value) in members.iter().filter(|_| !is_free) {
        let at = format!("{at}.{name}");
        match (&described[name], others) {
            (Value::Null, Value::Null) => return Err(format!("{at} is not described")),
            (Value::Null, others) => check(value, others, &at)?,
            (schema, _) => check(value, schema, &at)?,
        }
    }
    Ok(())
}
