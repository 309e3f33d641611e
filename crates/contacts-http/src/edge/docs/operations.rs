//! Parts that many operations have in common: problems, idempotency keys, rate limits, streams.

use utoipa::ToSchema;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::{
    Content, ObjectBuilder, PathItem, Ref, RefOr, Required, Response, ResponseBuilder, Type,
};

use crate::parts::problem::{PROBLEM_JSON, ProblemView};

/// Problems that every operation with credentials may answer with.
const USUAL: &[(&str, &str)] = &[
    ("401", "`unauthenticated`: the credential is missing, unknown, revoked or expired"),
    (
        "403",
        "`scope_missing`: the credential lacks a scope; the detail names it; `cross_site`: it has a session's cookie and does not come from our page",
    ),
    ("429", "`rate_limited`: wait as long as `Retry-After` says"),
    ("500", "`internal`: something went wrong on our side"),
    (
        "503",
        "`busy`: too much is going on, `unavailable`: the database cannot be reached; wait as long as `Retry-After` says",
    ),
    ("507", "`storage_full`: the database has no space left; wait as long as `Retry-After` says"),
];

/// Problems of operations that take a body.
const OF_BODIES: &[(&str, &str)] = &[
    ("400", "`invalid_json`, `invalid_request`: the body cannot be read"),
    ("408", "`body_too_slow`: the body came too slowly"),
    ("413", "`body_too_large`: the body is too large; the detail names the limit"),
    ("415", "`unsupported_media_type`, `unsupported_encoding`: the body is none that is taken"),
    ("422", "`invalid`: `errors` names every part that is wrong"),
];

/// Problems of operations without a body: those that take no query parameters refuse each.
const OF_QUERIES: &[(&str, &str)] =
    &[("422", "`invalid`: `errors` names every parameter that is wrong or unknown")];

/// The redirect that an operation answers with for a contact that was merged into another.
pub(super) const MERGED: (&str, &str) =
    ("308", "`merged`: `contact_id` answers now; `Location` is this path with that id");

/// Problems of operations that take headers.
const OF_HEADERS: &[(&str, &str)] = &[("400", "`invalid_header`: a header cannot be read")];

/// The problem of event streams, downloads, uploads and calls to connectors.
const OF_PLACES: (&str, &str) = (
    "429",
    "`rate_limited`: too many requests, `share_used`: the organisation has as many of these at once as one may; wait as long as `Retry-After` says",
);

/// Problems of a POST with an `Idempotency-Key`.
const OF_KEYS: &[(&str, &str)] = &[
    ("400", "`invalid_header`: `Idempotency-Key` cannot be used"),
    (
        "409",
        "`request_in_progress`: the request with this `Idempotency-Key` is still being carried out; wait as long as `Retry-After` says",
    ),
    (
        "410",
        "`answer_erased`: the answer to the request with this `Idempotency-Key` is no longer stored; the detail states whether the request was carried out or refused",
    ),
    ("422", "`idempotency_key_reused`: another request was sent with this `Idempotency-Key`"),
];

pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// Adds the common problems to an operation.
pub(super) fn complete(operation: &mut Operation) {
    let mut problems = USUAL.to_vec();
    if operation.request_body.is_some() {
        problems.extend(OF_BODIES);
    } else {
        problems.extend(OF_QUERIES);
    }
    let takes_header = operation.parameters.iter().flatten().any(|parameter| {
        matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Header)
    });
    if takes_header {
        problems.extend(OF_HEADERS);
    }
    if has_places(operation) {
        add(operation, &[OF_PLACES]);
    }
    add(operation, &problems);
    describe_events(operation);
}

/// Returns whether an operation takes a place: an event stream, a download, an upload or a call to
/// a connector.
fn has_places(operation: &Operation) -> bool {
    let is_sent = operation.responses.responses.values().any(|response| {
        matches!(response, RefOr::T(response) if response.content.keys().any(|kind| {
            kind == "text/event-stream" || kind == "text/csv"
        }))
    });
    let body = operation.request_body.as_ref();
    let is_taken = body.is_some_and(
        |body| matches!(body, RefOr::T(body) if body.content.contains_key("multipart/form-data")),
    );
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let is_call = ["check_", "discover_", "sample_"].iter().any(|verb| id.starts_with(verb));
    is_sent || is_taken || is_call
}

/// Describes an operation that returns a stream of a view as a stream of events with that view as
/// their data.
fn describe_events(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        let Some(RefOr::T(stream)) = response.content.get_mut("text/event-stream") else {
            continue;
        };
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let data = match &stream.schema {
            Some(RefOr::Ref(view)) => {
                let name = view.ref_location.rsplit('/').next().unwrap_or_default();
                format!("JSON, as the schema {name} says")
            }
            _ => "JSON".to_owned(),
        };
        let event = ObjectBuilder::new()
            .property("event", text().description(Some("What kind of event it is")))
            .property("id", text().description(Some("Its number, where events have numbers")))
            .property("data", text().description(Some(data)).content_media_type("application/json"))
            .required("data");
        stream.schema = Some(event.build().into());
    }
}

pub(super) fn add(operation: &mut Operation, problems: &[(&str, &str)]) {
    for (status, description) in problems {
        let responses = &mut operation.responses.responses;
        responses.entry((*status).to_owned()).or_insert_with(|| problem(description));
    }
}

fn problem(description: &str) -> RefOr<Response> {
    let problem = Content::new(Some(Ref::from_schema_name(ProblemView::name())));
    let response = ResponseBuilder::new().description(description).content(PROBLEM_JSON, problem);
    RefOr::T(response.build())
}

/// Adds the `Idempotency-Key` of a POST and the responses that depend on it.
pub(super) fn take_key(operation: &mut Operation) {
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Makes it safe to send the request again: it is carried out once, and for a day a \
             repeat gets the answer of the first time. 1 to 255 visible ASCII characters, new \
             for each request, such as a UUID.",
        ))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .min_length(Some(1))
                .max_length(Some(255))
                .pattern(Some("^[!-~]+$"))
                .build(),
        ));
    operation.parameters.get_or_insert_default().push(key.build().into());
    let responses = &mut operation.responses.responses;
    for (status, description) in OF_KEYS {
        match responses.get_mut(*status) {
            Some(RefOr::T(response)) => {
                response.description = format!("{}; {description}", response.description);
            }
            _ => {
                responses.insert((*status).to_owned(), problem(description));
            }
        }
    }
    for (status, response) in responses {
        let RefOr::T(response) = response else { continue };
        if status.starts_with('2') {
            let mut replayed = Header::new(ObjectBuilder::new().schema_type(Type::Boolean).build());
            replayed.description = Some("`true` when this is the answer of the first time".into());
            response.headers.insert("idempotency-replayed".to_owned(), replayed.into());
        }
    }
}

/// Adds the rate limit headers, which every response to a request with credentials has.
pub(super) fn describe_rate(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        // A response that is sent before the caller is known has no quota.
        if BEFORE_THE_QUOTA.contains(&&**status) {
            continue;
        }
        for (name, description, example) in RATE_HEADERS {
            let text = ObjectBuilder::new().schema_type(Type::String);
            let mut header = Header::new(text.examples([*example]).build());
            header.description = Some((*description).to_owned());
            response.headers.insert((*name).to_owned(), header.into());
        }
    }
}

/// Statuses of responses that may be sent before the caller is known.
const BEFORE_THE_QUOTA: [&str; 5] = ["401", "403", "415", "500", "503"];

/// Headers of draft-ietf-httpapi-ratelimit-headers: name, description, example.
const RATE_HEADERS: &[(&str, &str, &str)] = &[
    (
        "ratelimit",
        "What is left of the quota: `r` requests now, all of them again after `t` seconds",
        "\"credential\";r=199;t=1",
    ),
    (
        "ratelimit-policy",
        "The quota: `q` requests at once, which fill up again within `w` seconds",
        "\"credential\";q=200;w=2",
    ),
];
