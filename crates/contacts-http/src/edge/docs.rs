//! The OpenAPI description of the API (R44), as a document and as pages.

mod operations;
mod schemas;

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, Data, ServiceConfig};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::server::ServerBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ContactBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, Paths, RefOr,
    Schema,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_swagger_ui::{Config, SwaggerUi};

use self::operations::{MERGED, add, complete, describe_rate, operations, take_key};
use crate::edge::assembly::Assembly;
use crate::edge::cookie;
use crate::parts::problem::ProblemView;
use crate::parts::table::{Operations, Table};

pub(crate) fn routes(table: Table) -> Table {
    table.add::<__path_document, _, _>(document)
}

/// Get the OpenAPI description
#[utoipa::path(
    get, path = "/openapi.json", tag = "service", operation_id = "get_openapi", security(()),
    responses((status = 200, description = "The OpenAPI document", body = Object, content_type = "application/json"))
)]
async fn document(assembly: Data<Assembly>) -> HttpResponse {
    HttpResponse::Ok().json(assembly.describe())
}

/// Content security policy for the third-party viewer pages, whose script sets inline styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'none'; \
     base-uri 'none'; frame-ancestors 'none'";

/// Returns the service for the pages under `/docs/` that show the description.
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

/// Redirects `/docs` to the pages.
pub(crate) fn redirect(config: &mut ServiceConfig) {
    config.service(web::redirect("/docs", "/docs/"));
}

/// Builds one document from the operations of all routes.
pub(crate) fn describe(open: Operations, v1: Operations) -> OpenApi {
    let mut schemas = open.schemas;
    schemas.extend(v1.schemas);
    let mut of_problem = vec![(ProblemView::name().into_owned(), ProblemView::schema())];
    ProblemView::schemas(&mut of_problem);
    schemas.extend(of_problem);
    let mut items = open.paths;
    for (_, item) in &mut items {
        operations(item).filter(|it| it.request_body.is_some()).for_each(complete);
    }
    items.extend(v1.paths.into_iter().map(|(path, mut item)| {
        operations(&mut item).for_each(complete);
        if path.starts_with("/v1/contacts/{id}") {
            operations(&mut item).for_each(|operation| add(operation, &[MERGED]));
        }
        item.post.iter_mut().for_each(take_key);
        operations(&mut item).for_each(describe_rate);
        (path, item)
    }));
    schemas::normalise(&mut schemas, &mut items);
    let mut paths = Paths::new();
    items.into_iter().for_each(|(path, item)| merge(&mut paths, path, item));
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Informly Contacts")
                .version("1")
                .description(Some(
                    "The contacts of an organisation: people it can message. Send an API key as \
                     `Authorization: Bearer ic_...`. Every error is a problem (RFC 9457) whose \
                     `code` is for programs.",
                ))
                .contact(Some(
                    ContactBuilder::new()
                        .name(Some("The maintainers of Informly Contacts"))
                        .build(),
                ))
                .build(),
        )
        .servers(Some([ServerBuilder::new()
            .url("/")
            .description(Some("The server that this document comes from"))
            .build()]))
        .tags(Some(TAGS.iter().map(|(name, description)| {
            TagBuilder::new().name(*name).description(Some(*description)).build()
        })))
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
        Some(existing) => existing.merge_operations(item),
        None => {
            paths.paths.insert(path, item);
        }
    }
}

/// The tags of operations, in the order in which the viewer shows them.
const TAGS: &[(&str, &str)] = &[
    ("contacts", "Contacts: list, search, change, merge, export, erase"),
    ("notes", "Notes about a contact"),
    ("tags", "Tags, which contacts carry"),
    ("fields", "Custom fields of contacts"),
    ("segments", "Filters that are stored under a name"),
    ("selections", "Frozen sets of contacts, which bulk actions apply to"),
    ("actions", "Bulk actions on many contacts"),
    ("runs", "Long work of every kind: its progress, its events, and its cancellation"),
    ("imports", "Imports of contacts from files"),
    ("sources", "Connected sources, which are read on a schedule"),
    ("campaigns", "Campaigns, and what they delivered"),
    ("captures", "Contact details that visitors leave in chat widgets"),
    ("conversations", "Conversations of contacts with the chat"),
    ("events", "The change feed of contacts"),
    ("webhooks", "Messages to other servers when contacts change"),
    ("keys", "API keys, and what a credential may do"),
    ("sessions", "Users of the web page, and their sessions"),
    ("audit", "The audit trail: who did what, and when"),
    ("service", "The state and the description of the service; no credential is needed"),
];
