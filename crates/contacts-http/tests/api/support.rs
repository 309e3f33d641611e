//! A service over the in-memory world.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use actix_web::App;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::ServiceConfig;
use contacts_core::OrgId;
use contacts_core::answer::AnswerRepository;
use contacts_core::key::{KeyService, NewKey, Scope};
use contacts_core::tag::TagService;
use contacts_http::{Answers, Api, ApiConfig, Readiness, metrics_recorder, routes, server};
use contacts_testkit::{FakeConnector, FakeSender, FakeSpreadsheets, World};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::Value;

/// A service over the in-memory world, and a credential that may do everything.
pub(crate) struct Service {
    pub(crate) world: World,
    pub(crate) api: Api,
    pub(crate) token: String,
    /// What notes the messages to webhooks.
    pub(crate) sender: FakeSender,
    /// What plays other systems.
    pub(crate) connector: FakeConnector,
    routes: Box<dyn Fn(&mut ServiceConfig)>,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// Its JSON; null when there is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// A header's text; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The problem's code, after its status.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        format!("{} {}", self.status.as_u16(), self.json()["code"].as_str().unwrap())
    }

    /// The parts that a problem names.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let json = self.json();
        let errors = json["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) const ALL: &[Scope] = &[Scope::Read, Scope::Write, Scope::Admin];

impl Service {
    pub(crate) fn new() -> Self {
        // A test may make many contacts in a second.
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

    /// One that cannot work now.
    pub(crate) fn unready() -> Self {
        let handle = metrics_recorder().handle();
        Self::of(ApiConfig::default(), handle, Arc::new(|| Err("no database".to_owned())))
    }

    /// One that panics when it is asked whether it is ready.
    pub(crate) fn panicking() -> Self {
        let handle = metrics_recorder().handle();
        Self::of(ApiConfig::default(), handle, Arc::new(|| panic!("a test wants it")))
    }

    /// One whose metrics are those of the process.
    pub(crate) fn measured() -> Self {
        let recorder = metrics_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).unwrap();
        Self::of(ApiConfig::default(), handle, Arc::new(|| Ok(())))
    }

    /// One that keeps its answers elsewhere.
    pub(crate) fn keeping(elsewhere: impl FnOnce(World) -> Arc<dyn AnswerRepository>) -> Self {
        let world = World::new();
        let answers = elsewhere(world.clone());
        let handle = metrics_recorder().handle();
        Self::over(world, answers, ApiConfig::default(), handle, Arc::new(|| Ok(())))
    }

    fn of(config: ApiConfig, metrics: PrometheusHandle, readiness: Readiness) -> Self {
        let world = World::new();
        let answers = world.ports().answers;
        Self::over(world, answers, config, metrics, readiness)
    }

    fn over(
        world: World,
        answers: Arc<dyn AnswerRepository>,
        config: ApiConfig,
        metrics: PrometheusHandle,
        readiness: Readiness,
    ) -> Self {
        let (sender, connector) = (FakeSender::default(), FakeConnector::default());
        let (clock, ids) = (Arc::new(world.clock()), Arc::new(world.ids()));
        let ports = world.ports();
        let api = Api {
            contacts: world.contacts(),
            notes: world.notes(),
            campaigns: world.campaigns(),
            captures: world.captures(),
            duplicates: world.duplicates(),
            conversations: world.conversations(),
            tags: TagService::new(ports.tags, clock.clone(), ids.clone()),
            fields: world.fields(),
            feed: world.ports().feed_service(),
            webhooks: world.ports().webhook_service(Arc::new(sender.clone())),
            sources: world.syncs(connector.connectors()),
            imports: world.imports(Arc::new(FakeSpreadsheets)),
            exports: world.exports(Arc::new(FakeSpreadsheets)),
            segments: world.segments(),
            selections: world.selections(),
            actions: world.actions(Arc::new(FakeSpreadsheets)),
            people: world.ports().person_service(),
            erasures: world.erasures(Arc::new(FakeSpreadsheets)),
            keys: KeyService::new(ports.keys, clock.clone(), ids.clone()),
            sessions: world.ports().session_service(),
            organisations: ports.organisations,
            answers: Answers::new(answers, [7; 32]),
            clock,
            ids,
            readiness,
            metrics,
            stopping: Arc::new(AtomicBool::new(false)),
            config,
        };
        let token = issue(&api, world.org(), ALL);
        let routes = Box::new(routes(api.clone()));
        Self { world, api, token, sender, connector, routes }
    }

    /// A new credential of the organisation.
    pub(crate) fn key(&self, scopes: &[Scope]) -> String {
        issue(&self.api, self.world.org(), scopes)
    }

    /// A credential of another organisation that may do everything.
    pub(crate) fn stranger(&self) -> String {
        issue(&self.api, self.world.another_org(), ALL)
    }

    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        let app = init_service(App::new().configure(&self.routes)).await;
        let response = call_service(&app, request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, bytes: read_body(response).await.to_vec() }
    }

    /// A request with the credential.
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

    /// Serves it on a port of its own, on a thread that ends with the test's process.
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

/// A request with a credential.
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
    api.keys.issue(org, &new).unwrap().1.reveal()
}
