//! Assembly of the routes: the resources, wrapped in the layers around every request.

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use utoipa::openapi::OpenApi;

use crate::edge::auth::authenticate;
use crate::edge::gate::Gate;
use crate::edge::request::edge;
use crate::edge::{docs, health};
use crate::parts::answers::run_once;
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

/// The resources of the API, as the crate root lists them.
#[derive(Clone, Copy)]
pub(crate) struct Assembly {
    /// Adds the routes that need no credentials.
    pub(crate) open: fn(Table) -> Table,
    /// Adds the routes under `/v1`, which need credentials.
    pub(crate) v1: fn(Table) -> Table,
}

impl Assembly {
    /// Creates the state that all workers of a server share.
    pub(crate) fn serve(self, api: Api) -> Served {
        let gate = Data::new(Gate::new(&api.config));
        let shared = Data::new(Shared::new(api, self.v1().described().streamed()));
        Served { assembly: self, shared, gate }
    }

    pub(crate) fn describe(self) -> OpenApi {
        docs::describe(self.open().described(), self.v1().described())
    }

    fn open(self) -> Table {
        (self.open)(docs::routes(health::routes(Table::default())))
    }

    fn v1(self) -> Table {
        (self.v1)(Table::scoped("/v1"))
    }
}

/// The routes of one server and the state that all its workers share.
#[derive(Clone)]
pub(crate) struct Served {
    assembly: Assembly,
    shared: Data<Shared>,
    gate: Data<Gate>,
}

impl Served {
    /// Adds the API's routes.
    pub(crate) fn configure(&self, config: &mut ServiceConfig) {
        config.app_data(self.shared.clone());
        config.app_data(self.gate.clone());
        config.app_data(Data::new(self.assembly));
        for resource in self.assembly.open().resources() {
            let shared = self.shared.clone();
            config
                .service(resource.wrap(from_fn(move |req, next| edge(shared.clone(), req, next))));
        }
        docs::redirect(config);
        config.service(docs::pages());
        let (outer, inner, innermost) =
            (self.shared.clone(), self.shared.clone(), self.shared.clone());
        let gate = self.gate.clone();
        let mut scope = web::scope("/v1");
        for resource in self.assembly.v1().resources() {
            scope = scope.service(resource);
        }
        config.service(
            scope
                .wrap(from_fn(move |req, next| run_once(innermost.clone(), req, next)))
                .wrap(from_fn(move |req: ServiceRequest, next: Next<_>| {
                    authenticate(inner.clone(), gate.clone(), req, next)
                }))
                .wrap(from_fn(move |req, next| edge(outer.clone(), req, next))),
        );
    }

    /// Answers every other path with a problem.
    pub(crate) fn configure_rest(&self, config: &mut ServiceConfig) {
        let shared = self.shared.clone();
        // A scope without a prefix matches every path that no earlier service matched.
        let rest = web::scope("").default_service(web::to(async || HttpResponse::NotFound()));
        config.service(rest.wrap(from_fn(move |req, next| edge(shared.clone(), req, next))));
    }
}
