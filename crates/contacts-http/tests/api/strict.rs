//! What no operation may accept: the character U+0000, which Postgres cannot store, and an array in
//! place of an object. Each test sends it to every place that the API description lists.

use actix_web::test::TestRequest;
use contacts_core::key::{Role, Scope};
use serde_json::{Value, json};

use crate::rights::session;
use crate::support::{Answer, Service, request};

/// An operation of the API description.
pub(crate) struct Operation {
    pub(crate) path: String,
    pub(crate) method: String,
    pub(crate) description: Value,
}

pub(crate) fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().unwrap();
    let methods = |(path, item): (&String, &Value)| -> Vec<_> {
        let methods = item.as_object().unwrap().iter();
        let operation = |(method, description): (&String, &Value)| Operation {
            path: path.clone(),
            method: method.to_uppercase(),
            description: description.clone(),
        };
        methods.map(operation).collect()
    };
    paths.iter().flat_map(methods).collect()
}

impl Operation {
    /// Returns the names of the parameters in a part of the request.
    fn parameters(&self, part: &str) -> Vec<String> {
        let parameters = self.description["parameters"].as_array().cloned().unwrap_or_default();
        let parameters = parameters.into_iter().filter(|parameter| parameter["in"] == part);
        parameters.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
    }

    fn body<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        let content = &self.description["requestBody"]["content"]["application/json"];
        let name = content["schema"]["$ref"].as_str()?;
        document.pointer(&name[1..])
    }

    async fn send(&self, service: &Service, path: &str, body: Option<&Value>) -> Answer {
        let token = match self.description["x-required-scope"].as_str() {
            Some("capture") => service.key(&[Scope::Capture]),
            _ => service.token.clone(),
        };
        let from_page =
            || TestRequest::post().uri(path).insert_header(("origin", "http://127.0.0.1:8080"));
        let request = match (&*self.method, &*self.path) {
            ("POST", "/v1/session" | "/v1/join") => from_page(),
            ("POST", "/v1/session/connections") => {
                from_page().insert_header(("cookie", session(service, Role::Administrator)))
            }
            _ => request(&token, &self.method, path),
        };
        let request = body.into_iter().fold(request, |request, body| request.set_json(body));
        service.send(request).await
    }

    fn takes(&self, parameter: &str) -> bool {
        let parameters = self.description["parameters"].as_array().into_iter().flatten();
        parameters.into_iter().any(|one| one["name"] == parameter)
    }
}

/// Returns a path with ids in place of its parameters.
pub(crate) fn filled(path: &str) -> String {
    let is_parameter = |part: &&str| part.starts_with('{');
    let id = "019b7904-d100-7000-8000-00000000ffff";
    let parts = path.split('/').map(|part| if is_parameter(&part) { id } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// A place in a body: the members and items that lead to it.
type Place = Vec<Step>;

#[derive(Clone)]
enum Step {
    Member(String),
    Item,
}

/// Returns a body with a value at a place.
fn with_value(place: &[Step], value: Value) -> Value {
    place.iter().rev().fold(value, |value, step| match step {
        Step::Member(name) => json!({ name: value }),
        Step::Item => json!([value]),
    })
}

/// Returns how a problem names a place.
fn named(place: &[Step]) -> String {
    let name = place.iter().fold(String::new(), |name, step| match step {
        Step::Member(member) if name.is_empty() => member.clone(),
        Step::Member(member) => format!("{name}.{member}"),
        Step::Item => format!("{name}[0]"),
    });
    if name.is_empty() { "body".to_owned() } else { name }
}

/// Collects the places of a schema whose value may be of a type.
fn places(document: &Value, schema: &Value, kind: &str, at: &Place, found: &mut Vec<Place>) {
    // Filters contain filters.
    if at.len() > 6 {
        return;
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return places(document, document.pointer(&reference[1..]).unwrap(), kind, at, found);
    }
    for option in schema["oneOf"].as_array().into_iter().flatten() {
        places(document, option, kind, at, found);
    }
    let is = |kind: &str| match &schema["type"] {
        Value::String(is) => is == kind,
        Value::Array(kinds) => kinds.contains(&kind.into()),
        _ => false,
    };
    if is(kind) {
        found.push(at.clone());
    }
    let step = |step: Step| at.iter().cloned().chain([step]).collect::<Place>();
    if is("array") {
        places(document, &schema["items"], kind, &step(Step::Item), found);
    }
    let members = schema["properties"].as_object();
    for (name, member) in members.into_iter().flatten() {
        places(document, member, kind, &step(Step::Member(name.clone())), found);
    }
    let others = &schema["additionalProperties"];
    if others.is_object() {
        places(document, others, kind, &step(Step::Member("x".to_owned())), found);
    }
    if is("object") && members.is_none() && !others.is_object() && kind == "string" {
        found.push(step(Step::Member("x".to_owned())));
    }
}

/// Asserts that an answer refuses one place, for a reason.
fn assert_refuses(answer: &Answer, place: &str, reason: &str, operation: &Operation) {
    let Operation { path, method, .. } = operation;
    assert_eq!(answer.problem(), "422 invalid", "{method} {path} {place}: {}", answer.json());
    // Parameters that are missing are named, too.
    let problem = answer.json();
    let refused = |error: &Value| error["field"] == place && error["reason"] == reason;
    assert!(problem["errors"].as_array().unwrap().iter().any(refused), "{path}: {problem}");
}

const HAS_NUL: &str = "must not contain the character U+0000";

#[actix_web::test]
async fn no_text_of_a_body_has_the_character_nul() {
    let (service, document) = (Service::new(), document());
    let mut count = 0;
    for operation in operations(&document) {
        let Some(schema) = operation.body(&document) else { continue };
        let mut found = Vec::new();
        places(&document, schema, "string", &Vec::new(), &mut found);
        for place in found {
            let body = with_value(&place, "a\0".into());
            let answer = operation.send(&service, &filled(&operation.path), Some(&body)).await;
            assert_refuses(&answer, &named(&place), HAS_NUL, &operation);
            count += 1;
        }
    }
    assert!(count > 80, "{count}");
}

#[actix_web::test]
async fn no_parameter_has_the_character_nul() {
    let (service, document) = (Service::new(), document());
    let mut count = 0;
    for operation in operations(&document) {
        for name in operation.parameters("query") {
            let path = format!("{}?{name}=a%00", filled(&operation.path));
            let answer = operation.send(&service, &path, None).await;
            if operation.path == "/v1/sessions" {
                // A key has no sessions, which is answered first.
                assert_eq!(answer.problem(), "403 forbidden");
            } else {
                assert_refuses(&answer, &name, HAS_NUL, &operation);
            }
            count += 1;
        }
        for name in operation.parameters("path") {
            let place = format!("{{{name}}}");
            let path = filled(&operation.path.replace(&place, "a%00"));
            let answer = operation.send(&service, &path, Some(&json!({}))).await;
            let is_refused = ["404 not_found", "403 forbidden"].contains(&&*answer.problem());
            assert!(is_refused, "{path} {name}: {}", answer.problem());
            count += 1;
        }
    }
    assert!(count > 150, "{count}");
}

#[actix_web::test]
async fn an_array_is_taken_for_no_object() {
    let (service, document) = (Service::new(), document());
    let mut count = 0;
    for operation in operations(&document) {
        let Some(schema) = operation.body(&document) else { continue };
        let mut found = Vec::new();
        places(&document, schema, "object", &Vec::new(), &mut found);
        for place in found {
            for array in [json!([]), json!(["a", "b", ["c"], 1, null, true])] {
                let body = with_value(&place, array);
                let answer = operation.send(&service, &filled(&operation.path), Some(&body)).await;
                assert_refuses(&answer, &named(&place), "must be an object", &operation);
                count += 1;
            }
        }
    }
    assert!(count > 60, "{count}");
}

/// Times that are beyond the years of RFC 3339 in UTC, though they are not in their own zone.
const DISTANT_TIMES: [&str; 2] = ["9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00+23:59"];

#[actix_web::test]
async fn no_time_is_beyond_four_digit_years_in_utc() {
    let (service, document) = (Service::new(), document());
    let mut count = 0;
    for operation in operations(&document) {
        let parameters = operation.parameters("query");
        let times = parameters
            .iter()
            .filter(|name| ["_from", "_until"].iter().any(|end| name.ends_with(end)));
        for (name, time) in times.flat_map(|name| DISTANT_TIMES.map(|time| (name, time))) {
            let time = time.replace('+', "%2B");
            let path = format!("{}?source=manual&{name}={time}", filled(&operation.path));
            let answer = operation.send(&service, &path, None).await;
            let reason = "must be a day such as 2026-11-23, or a time such as 2026-11-23T09:00:00Z";
            assert_refuses(&answer, name, reason, &operation);
            count += 1;
        }
        let Some(schema) = operation.body(&document) else { continue };
        let mut found = Vec::new();
        places(&document, schema, "string", &Vec::new(), &mut found);
        found.retain(
            |place| matches!(place.last(), Some(Step::Member(name)) if name.ends_with("at")),
        );
        // The batch of deliveries answers each event by itself.
        found.retain(|place| named(place) != "events[0].at");
        for (place, time) in found.iter().flat_map(|at| DISTANT_TIMES.map(|time| (at, time))) {
            let body = with_value(place, time.into());
            let answer = operation.send(&service, &filled(&operation.path), Some(&body)).await;
            let reason = "must be a time such as 2026-11-23T09:00:00Z";
            assert_refuses(&answer, &named(place), reason, &operation);
            count += 1;
        }
    }
    assert!(count > 16, "{count}");
}

pub(crate) fn document() -> Value {
    serde_json::to_value(contacts_http::openapi()).unwrap()
}

#[actix_web::test]
async fn no_operation_ignores_a_query_parameter() {
    let service = Service::new();
    let document = service.get("/openapi.json").await.json();
    for operation in operations(&document) {
        let path = filled(&operation.path);
        let is_open = operation.description["security"] == json!([]);
        if !path.starts_with("/v1/") || is_open && path != "/v1/session" {
            continue;
        }
        let answer = operation.send(&service, &format!("{path}?surprise=1"), None).await;
        // Sessions are only for people.
        if answer.problem() == "403 forbidden" {
            continue;
        }
        assert_refuses(&answer, "surprise", "is not a parameter of this operation", &operation);
    }
}

#[actix_web::test]
async fn no_operation_ignores_a_precondition() {
    let service = Service::new();
    let document = document();
    let mut count = 0;
    for operation in operations(&document) {
        let path = filled(&operation.path);
        if !path.starts_with("/v1/") || operation.method == "GET" || operation.takes("If-Match") {
            continue;
        }
        for header in [("If-Match", "\"1\""), ("If-None-Match", "*")] {
            let request = request(&service.token, &operation.method, &path).insert_header(header);
            let reason = "is not supported by this operation. Send the request without it";
            assert_refuses(&service.send(request).await, header.0, reason, &operation);
            count += 1;
        }
    }
    assert!(count > 50, "{count}");
}
