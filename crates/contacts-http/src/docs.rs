//! The API's description (R44), as a document and as pages.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, ServiceConfig};
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Components, Content, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, PathItem, Paths, Ref,
    RefOr, Required, Response, ResponseBuilder, Schema, Type,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::cookie;
use crate::problem::{PROBLEM_JSON, ProblemView};
use crate::routes::{Operations, Table};

pub(crate) fn routes(table: Table) -> Table {
    table.add::<__path_document, _, _>(document)
}

/// This description
#[utoipa::path(
    get, path = "/openapi.json", tag = "service", operation_id = "get_openapi", security(()),
    responses((status = 200, description = "The OpenAPI document", body = Object, content_type = "application/json"))
)]
async fn document() -> HttpResponse {
    HttpResponse::Ok().json(crate::openapi())
}

/// What the pages of the viewer, which are not ours, need; their script sets styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'none'; \
     base-uri 'none'; frame-ancestors 'none'";

/// The pages that show the description, under `/docs/`.
pub(crate) fn pages() -> impl actix_web::dev::HttpServiceFactory {
    let viewer = SwaggerUi::new("/{_:.*}").config(Config::from("/openapi.json"));
    web::scope("/docs").service(viewer).wrap(
        DefaultHeaders::new()
            .add((header::CONTENT_SECURITY_POLICY, POLICY))
            .add((header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"))
            .add((header::REFERRER_POLICY, "no-referrer"))
            .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff")),
    )
}

/// `/docs` leads to the pages.
pub(crate) fn redirect(config: &mut ServiceConfig) {
    config.service(web::redirect("/docs", "/docs/"));
}

/// Problems that every operation behind a credential may answer with.
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
];

/// Problems of operations that take a body.
const OF_BODIES: &[(&str, &str)] = &[
    ("400", "`invalid_json`, `invalid_request`: the body cannot be read"),
    ("408", "`body_too_slow`: the body came too slowly"),
    ("413", "`body_too_large`: the body is too large; the detail names the limit"),
    ("415", "`unsupported_media_type`, `unsupported_encoding`: the body is none that is taken"),
    ("422", "`invalid`: `errors` names every part that is wrong"),
];

/// Problems of operations that take query parameters.
const OF_QUERIES: &[(&str, &str)] =
    &[("422", "`invalid`: `errors` names every parameter that is wrong or unknown")];

/// What is asked of a contact that was folded into another.
const MERGED: (&str, &str) =
    ("308", "`merged`: `contact_id` answers now; `Location` is this path with that id");

/// Problems of operations that take headers.
const OF_HEADERS: &[(&str, &str)] = &[("400", "`invalid_header`: a header cannot be read")];

/// What a POST may answer with when it has an `Idempotency-Key`.
const OF_KEYS: &[(&str, &str)] = &[
    ("400", "`invalid_header`: `Idempotency-Key` cannot be used"),
    (
        "409",
        "`request_in_progress`: the request with this `Idempotency-Key` is still being carried out; wait as long as `Retry-After` says",
    ),
    (
        "410",
        "`answer_erased`: the request with this `Idempotency-Key` was carried out, and its answer is not kept any more",
    ),
    ("422", "`idempotency_key_reused`: another request was sent with this `Idempotency-Key`"),
];

/// Joins what the routes say into one document.
pub(crate) fn describe(open: Operations, v1: Operations) -> OpenApi {
    let mut schemas = open.schemas;
    schemas.extend(v1.schemas);
    let mut of_problem = vec![(ProblemView::name().into_owned(), ProblemView::schema())];
    ProblemView::schemas(&mut of_problem);
    schemas.extend(of_problem);
    let mut paths = Paths::new();
    for (path, mut item) in open.paths {
        operations(&mut item).filter(|it| it.request_body.is_some()).for_each(complete);
        merge(&mut paths, path, item);
    }
    for (path, mut item) in v1.paths {
        operations(&mut item).for_each(complete);
        if path.starts_with("/v1/contacts/{id}") {
            operations(&mut item).for_each(|operation| add(operation, &[MERGED]));
        }
        item.post.iter_mut().for_each(take_key);
        merge(&mut paths, path, item);
    }
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Informly Contacts")
                .version("1")
                .description(Some(
                    "The people an organisation can message. docs/API.md is a guide.",
                ))
                .build(),
        )
        .paths(paths)
        .components(Some(components(schemas)))
        .security(Some(["key", "session"].map(|name| SecurityRequirement::new(name, NO_SCOPES))))
        .build()
}

const NO_SCOPES: [&str; 0] = [];

fn components(schemas: BTreeMap<String, RefOr<Schema>>) -> Components {
    let mut components = Components::new();
    components.schemas = schemas;
    let mut scheme = Http::new(HttpAuthScheme::Bearer);
    scheme.description = Some("An API key, or a JWT of a service of the suite".to_owned());
    components.add_security_scheme("key", SecurityScheme::Http(scheme));
    let cookie = "The web page's session; over HTTPS its name begins with `__Host-`";
    let cookie = ApiKey::Cookie(ApiKeyValue::with_description(cookie::NAME, cookie));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    components
}

fn merge(paths: &mut Paths, path: String, item: PathItem) {
    match paths.paths.get_mut(&path) {
        Some(others) => others.merge_operations(item),
        None => {
            paths.paths.insert(path, item);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// Adds the problems that go without saying.
fn complete(operation: &mut Operation) {
    let takes_query = operation.parameters.iter().flatten().any(|parameter| {
        matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query)
    });
    let mut problems = USUAL.to_vec();
    if operation.request_body.is_some() {
        problems.extend(OF_BODIES);
    } else if takes_query {
        problems.extend(OF_QUERIES);
    }
    let takes_header = operation.parameters.iter().flatten().any(|parameter| {
        matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Header)
    });
    if takes_header {
        problems.extend(OF_HEADERS);
    }
    add(operation, &problems);
    tell_events(operation);
}

/// What is described as a stream of some view is a stream of events with that view as their data.
fn tell_events(operation: &mut Operation) {
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

fn add(operation: &mut Operation, problems: &[(&str, &str)]) {
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

/// Adds what every POST has: the key, and what comes of it.
fn take_key(operation: &mut Operation) {
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
