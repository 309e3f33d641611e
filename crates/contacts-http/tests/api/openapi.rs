//! The API's description.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use contacts_http::ApiConfig;
use serde_json::Value;

use crate::support::{Service, request};

/// Whether an operation needs no credential.
fn is_open(operation: &Value) -> bool {
    operation["security"] == serde_json::json!([{}])
}

fn document() -> Value {
    serde_json::to_value(contacts_http::openapi()).unwrap()
}

/// Every operation: its path, its method, and what is said of it.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let methods = |(path, item): (&String, &Value)| -> Vec<_> {
        let item = item.as_object().unwrap();
        item.iter().map(|(m, o)| (path.clone(), m.to_uppercase(), o.clone())).collect()
    };
    paths.iter().flat_map(methods).collect()
}

/// To write it anew: `cargo run -p contacts-http --example openapi > docs/openapi.json`.
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
fn every_operation_behind_a_credential_tells_the_usual_problems() {
    let document = document();
    let mut seen = Vec::new();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap().to_owned();
        assert!(!seen.contains(&id), "{id} stands twice");
        seen.push(id);
        assert!(operation["summary"].is_string(), "{method} {path} has no summary");
        if !path.starts_with("/v1/") {
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
fn every_post_takes_a_key_and_tells_what_comes_of_it() {
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
    // Streams end at once.
    let config = ApiConfig {
        events_life: Duration::ZERO,
        events_interval: Duration::ZERO,
        ..ApiConfig::default()
    };
    let service = Service::with(config);
    for (path, method, operation) in operations(&document()) {
        if path == "/v1/session" && method == "POST" {
            assert!(is_open(&operation));
            continue;
        }
        let path = path.replace("{id}", "019b7904-d100-7000-8000-00000000ffff");
        let answer = service.send(request("", &method, &path)).await;
        let expected = if path.starts_with("/v1/") { 401 } else { 200 };
        assert_eq!(answer.status, expected, "{method} {path}");
        if expected == 401 {
            let answer = service.send(service.request(&method, &path)).await;
            let code = answer.json()["code"].clone();
            assert!(code != "no_such_route" && code != "method_not_allowed", "{method} {path}");
        }
    }
}
