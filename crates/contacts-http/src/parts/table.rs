//! A table of routes with their descriptions. One list produces both, so they cannot disagree.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::dev::RequestHead;
use actix_web::guard::GuardContext;
use actix_web::http::Method;
use actix_web::web;
use actix_web::{FromRequest, Handler, HttpRequest, Resource, Responder, guard};
use contacts_core::Invalid;
use contacts_core::key::Scope;
use utoipa::__dev::{SchemaReferences, Tags};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, ParameterIn, PathItem};
use utoipa::openapi::{RefOr, Schema};

use crate::parts::answer::Answer;
use crate::parts::caller::Requires;
use crate::parts::etag::precondition;
use crate::parts::params::Params;
use crate::parts::problem::Problem;

/// A list of routes.
#[derive(Default)]
pub(crate) struct Table {
    /// Prefix of all paths, which the enclosing scope already has.
    scope: &'static str,
    /// Resources by path without the scope's prefix. In this order `{id}` comes after every
    /// literal.
    resources: BTreeMap<String, Resource>,
    /// Functions that describe the routes. They are called only for the API description: every
    /// worker builds the routes without it, because the description takes more memory than the rest
    /// of the program.
    describing: Vec<fn(&mut Operations)>,
}

/// The descriptions of routes.
#[derive(Default)]
pub(crate) struct Operations {
    pub(crate) paths: Vec<(String, PathItem)>,
    pub(crate) schemas: BTreeMap<String, RefOr<Schema>>,
}

impl Operations {
    /// Returns the paths of POSTs that take a body other than JSON.
    pub(crate) fn streamed(self) -> BTreeSet<String> {
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
    /// Creates an empty table for paths under a scope's prefix.
    pub(crate) fn scoped(scope: &'static str) -> Self {
        Self { scope, ..Self::default() }
    }

    /// Adds a handler at the path and the method of its `utoipa::path`.
    pub(crate) fn add<P, H, Args>(mut self, handler: H) -> Self
    where
        P: utoipa::Path + SchemaReferences + Tags<'static>,
        H: Handler<Args>,
        Args: FromRequest + Requires + 'static,
        H::Output: Responder + 'static,
    {
        let (path, method) = self.describe::<P, Args>();
        let resource = self.resources.remove(&path).unwrap_or_else(|| web::resource(&*path));
        // Every route that supports GET also supports HEAD.
        let head = (method == Method::GET).then(|| web::head().to(handler.clone()));
        let resource = refusing_unknown::<P>(resource, &method);
        let resource = resource.route(web::method(method).to(handler));
        let resource = head.into_iter().fold(resource, Resource::route);
        self.resources.insert(path, resource);
        self
    }

    /// Adds a handler that claims only its own method: the literal in its path may also be the
    /// value of `{key}` in another path.
    pub(crate) fn add_beside<P, H, Args>(mut self, handler: H) -> Self
    where
        P: utoipa::Path + SchemaReferences + Tags<'static>,
        H: Handler<Args>,
        Args: FromRequest + Requires + 'static,
        H::Output: Responder + 'static,
    {
        let (path, method) = self.describe::<P, Args>();
        let resource = web::resource(&*path);
        let resource = refusing_unknown::<P>(resource, &method);
        let resource = if method == Method::GET {
            resource.guard(guard::Any(guard::Get()).or(guard::Head()))
        } else {
            resource.guard(guard::Method(method))
        };
        let resource = resource.to(handler);
        self.resources.insert(path, resource);
        self
    }

    /// Adds a handler of GET for browsers, which the API description leaves out.
    pub(crate) fn add_for_browsers<H, Args>(mut self, path: &str, handler: H) -> Self
    where
        H: Handler<Args>,
        Args: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.resources.insert(path.to_owned(), web::resource(path).route(web::get().to(handler)));
        self
    }

    fn describe<P: utoipa::Path + SchemaReferences + Tags<'static>, Args: Requires>(
        &mut self,
    ) -> (String, Method) {
        self.describing.push(describe::<P, Args>);
        let path = P::path();
        let local = path.strip_prefix(self.scope).unwrap_or(&path).to_owned();
        (local, actix_method(&method::<P>()))
    }

    pub(crate) fn resources(self) -> impl Iterator<Item = Resource> {
        self.resources.into_values()
    }

    pub(crate) fn described(self) -> Operations {
        let mut operations = Operations::default();
        self.describing.into_iter().for_each(|describe| describe(&mut operations));
        operations
    }
}

/// Adds routes that refuse query parameters and preconditions, where the operation has none.
/// Preconditions of GET are hints that may be ignored.
fn refusing_unknown<P: utoipa::Path>(resource: Resource, method: &Method) -> Resource {
    let parameters = P::operation().parameters.unwrap_or_default();
    let mut parameters = parameters.iter().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    });
    let takes_query = parameters.clone().any(|one| one.parameter_in == ParameterIn::Query);
    let takes_precondition = *method == Method::GET || parameters.any(|one| one.name == "If-Match");
    let resource = if takes_query {
        resource
    } else {
        let has_query =
            |head: &RequestHead| head.uri.query().is_some_and(|query| !query.is_empty());
        refusing(resource, method, has_query, unknown_query)
    };
    if takes_precondition {
        resource
    } else {
        refusing(resource, method, |head| precondition(&head.headers).is_some(), no_precondition)
    }
}

/// Adds a route that refuses the requests of a method that `is_refused` holds for.
fn refusing<H, Args>(
    resource: Resource,
    method: &Method,
    is_refused: fn(&RequestHead) -> bool,
    refuse: H,
) -> Resource
where
    H: Handler<Args>,
    Args: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    let method = method.clone();
    // The method is part of this guard, because each method guard adds to the header `Allow`.
    let guard = move |context: &GuardContext<'_>| {
        context.head().method == method && is_refused(context.head())
    };
    resource.route(web::route().guard(guard::fn_guard(guard)).to(refuse))
}

/// Answers a request with query parameters for an operation that has none.
async fn unknown_query(request: HttpRequest) -> Answer {
    Params::read(request.query_string())?.finish()?;
    Err(Problem::internal())
}

/// Answers a request with a precondition for an operation that checks none.
async fn no_precondition(request: HttpRequest) -> Answer {
    let name = precondition(request.headers()).unwrap_or("If-Match");
    let reason = "is not supported by this operation. Send the request without it";
    Err(Problem::invalid(vec![Invalid::new(name, reason)]))
}

fn describe<P: utoipa::Path + SchemaReferences + Tags<'static>, Args: Requires>(
    operations: &mut Operations,
) {
    let mut operation: Operation = P::operation();
    operation.tags = Some(P::tags().into_iter().map(str::to_owned).collect());
    if !Args::SCOPES.is_empty() {
        describe_scopes(&mut operation, Args::SCOPES);
    }
    operations.paths.push((P::path(), PathItem::new(method::<P>(), operation)));
    // Each operation lists all schemas that it uses, most of which other operations list as well.
    let mut schemas = Vec::new();
    P::schemas(&mut schemas);
    operations.schemas.extend(schemas);
}

/// Adds a sentence about the required scope, and `x-required-scope`: its name, or the names of
/// those of which one is required.
fn describe_scopes(operation: &mut Operation, scopes: &[Scope]) {
    let names: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    let sentence = format!("Requires a credential with the scope `{}`.", names.join("` or `"));
    let description = operation.description.iter().map(String::as_str).chain([&*sentence]);
    operation.description = Some(description.collect::<Vec<_>>().join("\n\n"));
    let extension = match &names[..] {
        [name] => ExtensionsBuilder::new().add("x-required-scope", *name),
        _ => ExtensionsBuilder::new().add("x-required-scope", names),
    };
    let extension = extension.build();
    operation.extensions.get_or_insert_default().merge(extension);
}

fn method<P: utoipa::Path>() -> HttpMethod {
    P::methods().into_iter().next().unwrap_or(HttpMethod::Get)
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
