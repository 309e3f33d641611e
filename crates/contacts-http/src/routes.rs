//! The routes, and their description: one list makes both, so they cannot disagree.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder, guard};
use utoipa::__dev::SchemaReferences;
use utoipa::openapi::path::{HttpMethod, Operation, PathItem};
use utoipa::openapi::{OpenApi, RefOr, Schema};

use crate::answers::once;
use crate::auth::authenticate;
use crate::edge::edge;
use crate::shared::Shared;
use crate::{
    Api, campaigns, captures, contacts, conversations, docs, erasures, events, fields, health,
    imports, keys, me, notes, syncs, tags, webhooks,
};
use crate::{actions, segments, selections};

/// The API's routes, for any actix application.
pub fn routes(api: Api) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    let shared = share(api);
    move |config| configure(config, &shared)
}

/// What all workers of a server share.
pub(crate) fn share(api: Api) -> Data<Shared> {
    Data::new(Shared::new(api, v1().operations().streamed()))
}

/// The API's description (R44).
pub fn openapi() -> OpenApi {
    docs::describe(open().operations(), v1().operations())
}

/// Routes for which nobody needs a credential.
fn open() -> Table {
    docs::routes(health::routes(Table::default()))
}

/// Routes that need one.
fn v1() -> Table {
    [
        contacts::routes,
        captures::routes,
        conversations::routes,
        notes::routes,
        campaigns::routes,
        erasures::routes,
        tags::routes,
        fields::routes,
        imports::routes,
        events::routes,
        webhooks::routes,
        syncs::routes,
        keys::routes,
        me::routes,
        segments::routes,
        selections::routes,
        actions::routes,
    ]
    .into_iter()
    .fold(Table::default(), |table, add| add(table))
}

pub(crate) fn configure(config: &mut ServiceConfig, shared: &Data<Shared>) {
    config.app_data(shared.clone());
    for resource in open().resources() {
        let shared = shared.clone();
        config.service(resource.wrap(from_fn(move |req, next| edge(shared.clone(), req, next))));
    }
    docs::redirect(config);
    config.service(docs::pages());
    let (outer, inner, innermost) = (shared.clone(), shared.clone(), shared.clone());
    let mut scope = web::scope("/v1");
    for resource in v1().resources() {
        scope = scope.service(resource);
    }
    config.service(
        scope
            .wrap(from_fn(move |req, next| once(innermost.clone(), req, next)))
            .wrap(from_fn(move |req: ServiceRequest, next: Next<_>| {
                authenticate(inner.clone(), req, next)
            }))
            .wrap(from_fn(move |req, next| edge(outer.clone(), req, next))),
    );
}

/// What is at no path of the API is a problem, too.
pub(crate) fn otherwise(config: &mut ServiceConfig, shared: &Data<Shared>) {
    let shared = shared.clone();
    // A scope without a prefix takes every path that nothing before it took.
    let rest = web::scope("").default_service(web::to(async || HttpResponse::NotFound()));
    config.service(rest.wrap(from_fn(move |req, next| edge(shared.clone(), req, next))));
}

/// A list of routes.
#[derive(Default)]
pub(crate) struct Table {
    /// By path, without the `/v1` of the scope. In this order `{id}` comes after every literal.
    resources: BTreeMap<String, Resource>,
    operations: Operations,
}

/// What routes say of themselves.
#[derive(Default)]
pub(crate) struct Operations {
    pub(crate) paths: Vec<(String, PathItem)>,
    pub(crate) schemas: Vec<(String, RefOr<Schema>)>,
}

impl Operations {
    /// The paths of POSTs that take something else than JSON.
    fn streamed(self) -> BTreeSet<String> {
        let takes_a_file = |item: &PathItem| {
            let body = item.post.as_ref().and_then(|post| post.request_body.as_ref());
            body.is_some_and(|body| match body {
                RefOr::T(body) => !body.content.contains_key("application/json"),
                RefOr::Ref(_) => false,
            })
        };
        self.paths
            .into_iter()
            .filter(|(_, item)| takes_a_file(item))
            .map(|(path, _)| path)
            .collect()
    }
}

impl Table {
    /// Adds a handler at the path and the method that its `utoipa::path` says.
    pub(crate) fn add<P, H, Args>(mut self, handler: H) -> Self
    where
        P: utoipa::Path + SchemaReferences,
        H: Handler<Args>,
        Args: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        let (path, method) = self.describe::<P>();
        let resource = self.resources.remove(&path).unwrap_or_else(|| web::resource(&*path));
        // Whoever may ask for an answer may ask for its head.
        let head = (method == Method::GET).then(|| web::head().to(handler.clone()));
        let resource = resource.route(web::method(method).to(handler));
        let resource = head.into_iter().fold(resource, Resource::route);
        self.resources.insert(path, resource);
        self
    }

    /// Adds a handler that claims its method only: another path's `{key}` may have the value
    /// that stands here.
    pub(crate) fn add_beside<P, H, Args>(mut self, handler: H) -> Self
    where
        P: utoipa::Path + SchemaReferences,
        H: Handler<Args>,
        Args: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        let (path, method) = self.describe::<P>();
        let resource = web::resource(&*path);
        let resource = if method == Method::GET {
            resource.guard(guard::Any(guard::Get()).or(guard::Head()))
        } else {
            resource.guard(guard::Method(method))
        };
        let resource = resource.to(handler);
        self.resources.insert(path, resource);
        self
    }

    fn describe<P: utoipa::Path + SchemaReferences>(&mut self) -> (String, Method) {
        let path = P::path();
        let method = P::methods().into_iter().next().unwrap_or(HttpMethod::Get);
        let operation: Operation = P::operation();
        P::schemas(&mut self.operations.schemas);
        let item = PathItem::new(method.clone(), operation);
        self.operations.paths.push((path.clone(), item));
        let local = path.strip_prefix("/v1").unwrap_or(&path).to_owned();
        (local, actix_method(&method))
    }

    fn resources(self) -> impl Iterator<Item = Resource> {
        self.resources.into_values()
    }

    fn operations(self) -> Operations {
        self.operations
    }
}

fn actix_method(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Trace => Method::TRACE,
        _ => Method::GET,
    }
}
