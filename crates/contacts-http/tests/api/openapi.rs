//! The OpenAPI description of the API.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use contacts_http::ApiConfig;
use serde_json::Value;

use crate::support::{Service, request};

/// Returns whether an operation needs no credential.
fn is_open(operation: &Value) -> bool {
    operation["security"] == serde_json::json!([{}])
}

fn document() -> Value {
    serde_json::to_value(contacts_http::openapi()).unwrap()
}

/// Returns all operations with their paths, methods and descriptions.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let methods = |(path, item): (&String, &Value)| -> Vec<_> {
        let item = item.as_object().unwrap();
        item.iter().map(|(m, o)| (path.clone(), m.to_uppercase(), o.clone())).collect()
    };
    paths.iter().flat_map(methods).collect()
}

/// The only route under `/v1` that everybody may read.
const ISSUERS: &str = "/v1/session/issuers";

/// To regenerate the document: `cargo run -p contacts-http --example openapi > docs/openapi.json`.
#[test]
fn the_document_that_is_checked_in_is_that_of_the_code() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let checked_in: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(
        checked_in == document(),
        "write it anew: cargo run -p contacts-http --example openapi > docs/openapi.json"
    );
}

#[test]
fn every_authenticated_operation_describes_the_usual_problems() {
    let document = document();
    let mut seen = Vec::new();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap().to_owned();
        assert!(!seen.contains(&id), "{id} stands twice");
        seen.push(id);
        assert!(operation["summary"].is_string(), "{method} {path} has no summary");
        if !path.starts_with("/v1/") || path == ISSUERS {
            continue;
        }
        let responses = operation["responses"].as_object().unwrap();
        let mut usual = vec!["401", "403", "429", "500", "503"];
        if operation["requestBody"].is_object() {
            usual.extend(["400", "408", "413", "415", "422"]);
        }
        if path.contains('{') {
            usual.push("404");
        }
        for status in usual {
            let response = &responses.get(status).unwrap_or(&Value::Null)["content"];
            let schema = &response["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem", "{method} {path} {status}");
        }
    }
}

#[test]
fn every_post_describes_idempotency_keys() {
    for (path, method, operation) in operations(&document()) {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let takes_it = parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
        let is_expected = method == "POST" && !is_open(&operation);
        assert_eq!(takes_it, is_expected, "{method} {path}");
        let codes = [
            ("400", "invalid_header"),
            ("409", "request_in_progress"),
            ("410", "answer_erased"),
            ("422", "idempotency_key_reused"),
        ];
        for (status, code) in codes.iter().filter(|_| takes_it) {
            let description = operation["responses"][status]["description"].as_str().unwrap();
            assert!(description.contains(code), "{method} {path} {status}: {description}");
        }
    }
}

#[test]
fn every_operation_behind_a_credential_states_its_scope_and_its_rate_limit() {
    for (path, method, operation) in operations(&document()) {
        let scope = &operation["x-required-scope"];
        let names = scope.as_array().map_or_else(|| vec![scope], |names| names.iter().collect());
        let names: Option<Vec<_>> = names.into_iter().map(Value::as_str).collect();
        let is_expected = path.starts_with("/v1/") && !is_open(&operation);
        assert_eq!(names.is_some(), is_expected, "{method} {path}");
        let Some(names) = names else { continue };
        let description = operation["description"].as_str().unwrap();
        let sentence = format!("with the scope `{}`.", names.join("` or `"));
        assert!(description.contains(&sentence), "{method} {path}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            let is_described = response["headers"]["ratelimit"].is_object();
            let is_early = ["401", "403", "415", "500", "503"].contains(&&**status);
            assert_eq!(is_described, !is_early, "{method} {path} {status}");
        }
    }
}

#[test]
fn alternatives_differ_by_a_member_and_no_schema_is_put_together() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        assert!(schema["allOf"].is_null(), "{name}");
        let options = schema["oneOf"].as_array().cloned().unwrap_or_default();
        let named = options.iter().filter_map(|option| option["$ref"].as_str());
        let named: Vec<_> = named.map(|path| path.rsplit('/').next().unwrap()).collect();
        let values: BTreeSet<_> = named
            .iter()
            .flat_map(|name| schemas[*name]["properties"].as_object().unwrap().values())
            .filter_map(|member| match member["enum"].as_array().map(Vec::as_slice) {
                Some([value]) => value.as_str(),
                _ => None,
            })
            .collect();
        assert_eq!(values.len(), named.len(), "{name}");
    }
    let source = &document["components"]["schemas"]["SourceManual"];
    assert_eq!(source["required"], serde_json::json!(["by", "kind", "at"]));
    let contact = &document["components"]["schemas"]["Contact"]["required"];
    assert!(contact.as_array().unwrap().contains(&"phone".into()), "{contact}");
}

#[test]
fn values_of_closed_sets_are_enums() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let names = |schema: &Value| schema["enum"].as_array().map_or(0, Vec::len);
    let member = |schema: &str, member: &str| schemas[schema]["properties"][member].clone();
    let reference = |name: &str| format!("#/components/schemas/{name}");
    assert_eq!(member("Webhook", "types")["items"]["$ref"], reference("EventType"));
    assert_eq!(member("Webhook", "paused_because")["oneOf"][0]["$ref"], reference("PausedBecause"));
    assert_eq!(member("Delivery", "type")["$ref"], reference("MessageType"));
    assert_eq!(member("DryRowSkipped", "code")["$ref"], reference("SkipCode"));
    assert_eq!(member("Issue", "code")["$ref"], reference("IssueCode"));
    let of_maps = ["Summary", "ActionSummary"]
        .map(|schema| names(&member(schema, "skipped_by_reason")["propertyNames"]));
    assert_eq!(of_maps, [14, 7]);
    let of_schemas = ["EventType", "PausedBecause", "MessageType", "SkipCode", "IssueCode"];
    assert_eq!(of_schemas.map(|schema| names(&schemas[schema])), [4, 2, 5, 14, 15]);
}

#[test]
fn every_tag_is_described() {
    let document = document();
    let described: Vec<_> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].clone()).collect();
    for (path, method, operation) in operations(&document) {
        for tag in operation["tags"].as_array().unwrap() {
            assert!(described.contains(tag), "{method} {path}: {tag}");
        }
    }
}

#[test]
fn every_schema_that_is_referred_to_is_there() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    for reference in found {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
    }
}

#[actix_web::test]
async fn every_operation_is_a_route_and_needs_a_credential() {
    // Event streams end immediately.
    let config = ApiConfig {
        events_life: Duration::ZERO,
        events_interval: Duration::ZERO,
        ..ApiConfig::default()
    };
    let service = Service::with(config);
    for (path, method, operation) in operations(&document()) {
        if (path == "/v1/session" || path == "/v1/join") && method == "POST" {
            assert!(is_open(&operation));
            continue;
        }
        let path = path.replace("{id}", "019b7904-d100-7000-8000-00000000ffff");
        let answer = service.send(request("", &method, &path)).await;
        let expected = if path.starts_with("/v1/") && path != ISSUERS { 401 } else { 200 };
        assert_eq!(answer.status, expected, "{method} {path}");
        if expected == 401 {
            let answer = service.send(service.request(&method, &path)).await;
            let code = answer.json()["code"].clone();
            assert!(code != "no_such_route" && code != "method_not_allowed", "{method} {path}");
        }
    }
}
