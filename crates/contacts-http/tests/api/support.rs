//! A test service over the in-memory world.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use actix_web::Error;
use actix_web::body::to_bytes;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, init_service, read_body, try_call_service};
use actix_web::web::ServiceConfig;
use contacts_core::answer::AnswerRepository;
use contacts_core::key::{NewKey, Scope};
use contacts_core::{Actor, OrgId};
use contacts_http::{
    Answers, Api, ApiConfig, Attempts, Cursors, Readiness, metrics_recorder, routes, server,
};
use contacts_testkit::{FakeConnector, FakeIssuer, FakeSender, World};
use futures_util::future::LocalBoxFuture;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::Value;

use crate::description::assert_described;

/// A service over the in-memory world, and a credential with every scope but `capture`.
pub(crate) struct Service {
    pub(crate) world: World,
    pub(crate) api: Api,
    pub(crate) token: String,
    /// Records the messages to webhooks.
    pub(crate) sender: FakeSender,
    /// Plays the systems of connected sources.
    pub(crate) connector: FakeConnector,
    /// Plays the issuer `example`.
    pub(crate) issuer: FakeIssuer,
    routes: Box<dyn Fn(&mut ServiceConfig)>,
    /// Made of the routes for the first request, because making one takes longer than a request.
    app: OnceCell<App>,
}

/// An initialised application. It returns its response with the method and path of the request.
type App = Box<
    dyn Fn(
        TestRequest,
    ) -> LocalBoxFuture<'static, (Method, String, Result<ServiceResponse, Error>)>,
>;

/// A response that was read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// Returns the body as JSON, or null when it is empty.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// Returns the text of a header, empty when the header is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Returns the status and the code of the problem.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        format!("{} {}", self.status.as_u16(), self.json()["code"].as_str().unwrap())
    }

    /// Returns the fields that the problem lists.
    pub(crate) fn errors(&self) -> Vec<String> {
        let json = self.json();
        let errors = json["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) const ALL: &[Scope] = &[Scope::Read, Scope::Write, Scope::Admin];

impl Service {
    pub(crate) fn new() -> Self {
        // The rate is high because a test may send many requests per second.
        Self::with(ApiConfig {
            workers: 1,
            key_cache: Duration::ZERO,
            rate_burst: 10_000,
            ..ApiConfig::default()
        })
    }

    pub(crate) fn with(config: ApiConfig) -> Self {
        Self::of(config, metrics_recorder().handle(), Arc::new(|| Ok(())))
    }

    /// Creates a service that is not ready.
    pub(crate) fn unready() -> Self {
        let handle = metrics_recorder().handle();
        Self::of(ApiConfig::default(), handle, Arc::new(|| Err("no database".to_owned())))
    }

    /// Creates a service whose readiness check panics.
    pub(crate) fn panicking() -> Self {
        let handle = metrics_recorder().handle();
        Self::of(ApiConfig::default(), handle, Arc::new(|| panic!("a test wants it")))
    }

    /// Creates a service that records the metrics of the process.
    pub(crate) fn measured() -> Self {
        let recorder = metrics_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).unwrap();
        Self::of(ApiConfig::default(), handle, Arc::new(|| Ok(())))
    }

    /// Creates a service with another repository of responses.
    pub(crate) fn keeping(elsewhere: impl FnOnce(World) -> Arc<dyn AnswerRepository>) -> Self {
        let world = World::new();
        let answers = elsewhere(world.clone());
        let handle = metrics_recorder().handle();
        Self::over(world, answers, ApiConfig::default(), handle, Arc::new(|| Ok(())))
    }

    fn of(config: ApiConfig, metrics: PrometheusHandle, readiness: Readiness) -> Self {
        let world = World::new();
        let answers = world.ports().answers.clone();
        Self::over(world, answers, config, metrics, readiness)
    }

    fn over(
        world: World,
        answers: Arc<dyn AnswerRepository>,
        config: ApiConfig,
        metrics: PrometheusHandle,
        readiness: Readiness,
    ) -> Self {
        let (mut ports, issuer) = (world.ports(), FakeIssuer::default());
        ports.providers = [issuer.provider(world.org())].into_iter().collect();
        let api = Api {
            services: ports.services(),
            answers: Answers::new(answers, [7; 32]),
            attempts: Attempts::new([7; 32]),
            cursors: Cursors::new([7; 32]),
            readiness,
            metrics,
            draining: Arc::new(AtomicBool::new(false)),
            stopping: Arc::new(AtomicBool::new(false)),
            config,
        };
        let token = issue(&api, world.org(), ALL);
        let routes = Box::new(routes(api.clone()));
        let (sender, connector) = (ports.sender, ports.connector);
        Self { world, api, token, sender, connector, issuer, routes, app: OnceCell::new() }
    }

    /// Creates an API key of the organisation and returns its token.
    pub(crate) fn key(&self, scopes: &[Scope]) -> String {
        issue(&self.api, self.world.org(), scopes)
    }

    /// Creates a credential of another organisation and returns its token.
    pub(crate) fn stranger(&self) -> String {
        issue(&self.api, self.world.another_org(), ALL)
    }

    async fn app(&self) -> &App {
        if let Some(app) = self.app.get() {
            return app;
        }
        let app = Rc::new(init_service(actix_web::App::new().configure(&self.routes)).await);
        self.app.get_or_init(|| {
            Box::new(move |request: TestRequest| {
                let (app, request) = (app.clone(), request.to_request());
                Box::pin(async move {
                    let (method, path) = (request.method().clone(), request.path().to_owned());
                    (method, path, try_call_service(&*app, request).await)
                })
            })
        })
    }

    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        let (method, path, response) = self.app().await(request).await;
        let answer = match response {
            Ok(response) => {
                let (status, headers) = (response.status(), response.headers().clone());
                Answer { status, headers, bytes: read_body(response).await.to_vec() }
            }
            // A server turns the error of a service into a response in the same way.
            Err(error) => {
                let response = error.error_response();
                let (status, headers) = (response.status(), response.headers().clone());
                let bytes = to_bytes(response.into_body()).await.unwrap().to_vec();
                Answer { status, headers, bytes }
            }
        };
        assert_described(&method, &path, &answer);
        answer
    }

    /// Returns a request with the service's credential.
    pub(crate) fn request(&self, method: &str, path: &str) -> TestRequest {
        request(&self.token, method, path)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request("DELETE", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request("POST", path).set_json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request("PATCH", path).set_json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request("PUT", path).set_json(body)).await
    }

    /// Adds a contact and returns its path.
    pub(crate) async fn contact(&self, name: &str, email: &str) -> String {
        let answer =
            self.post("/v1/contacts", serde_json::json!({"name": name, "email": email})).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.header("location").to_owned()
    }

    /// Serves the API on a free port, on a thread that ends with the test process.
    pub(crate) fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let api = self.api.clone();
        std::thread::spawn(move || {
            actix_web::rt::System::new()
                .block_on(async move { server(api, listener, |_| {}).unwrap().await })
        });
        address
    }
}

/// Returns the path of the run that belongs to an import, an action or a run of a source.
pub(crate) fn run_of(path: &str) -> String {
    format!("/v1/runs/{}", path.rsplit('/').next().unwrap_or_default())
}

/// Returns a request with a credential.
pub(crate) fn request(token: &str, method: &str, path: &str) -> TestRequest {
    TestRequest::default()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(path)
        .insert_header(("authorization", format!("Bearer {token}")))
}

fn issue(api: &Api, org: OrgId, scopes: &[Scope]) -> String {
    use std::sync::atomic::{AtomicU8, Ordering};
    static RANDOM: AtomicU8 = AtomicU8::new(1);
    let new = NewKey {
        name: "Test",
        scopes: scopes.iter().copied().collect::<BTreeSet<_>>(),
        expires_at: None,
        random: [RANDOM.fetch_add(1, Ordering::SeqCst); 32],
    };
    api.keys.issue(org, &new, Actor::System).unwrap().1.reveal()
}

/// Checks two edits with the same entity tag (R12): the first is carried out, and the second is
/// refused with the current state until it is sent with the new tag. Repeating an edit changes
/// nothing, so the entity tag stays.
pub(crate) async fn edits_honour_if_match(
    service: &Service,
    path: &str,
    etag: &str,
    one: Value,
    other: Value,
) {
    let edit = |etag: String, body: Value| {
        let edit = service.request("PATCH", path).insert_header(("if-match", etag));
        service.send(edit.set_json(body))
    };
    assert!(etag.starts_with("\"1-"), "{etag}");
    let first = edit(etag.to_owned(), one).await;
    assert_eq!((first.status.as_u16(), &first.json()["version"]), (200, &Value::from(2)));
    let refused = edit(etag.to_owned(), other.clone()).await;
    assert_eq!(refused.problem(), "412 stale");
    assert_eq!(refused.json()["current"], first.json());
    let second = edit(first.header("etag").to_owned(), other.clone()).await;
    assert_eq!((second.status.as_u16(), &second.json()["version"]), (200, &Value::from(3)));
    // One of several tags must match, and the mark is ignored.
    let again = edit("\"7\", \"3\"".to_owned(), other).await;
    assert_eq!(again.header("etag"), second.header("etag"));
    assert_eq!(edit("3".to_owned(), Value::Null).await.problem(), "400 invalid_header");
}
