//! `Idempotency-Key` (R43).

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use actix_web::test::TestRequest;
use contacts_core::answer::{AnswerRepository, CLAIM, Claim, Found, RETENTION};
use contacts_core::key::Scope;
use contacts_core::{Error, OrgId, Result};
use contacts_http::ApiConfig;
use contacts_testkit::World;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::support::{Answer, Service, request};

fn keyed(service: &Service, key: &str, path: &str) -> TestRequest {
    service.request("POST", path).insert_header(("idempotency-key", key))
}

async fn post(service: &Service, key: &str, path: &str, body: Value) -> Answer {
    service.send(keyed(service, key, path).set_json(body)).await
}

async fn upload(service: &Service, key: &str, body: &'static str) -> Answer {
    let request = keyed(service, key, "/v1/imports?file_name=a.csv").set_payload(body);
    service.send(request.insert_header(("content-length", body.len()))).await
}

fn ann() -> Value {
    json!({"name": "Ann", "email": "ann@example.org"})
}

async fn contacts(service: &Service) -> Value {
    service.get("/v1/contacts").await.json()["count"]["value"].clone()
}

/// Asserts that a replayed response is marked as one, and is otherwise the same.
fn assert_repeat(first: &Answer, repeat: &Answer) {
    assert_eq!(repeat.header("idempotency-replayed"), "true");
    assert_eq!(first.header("idempotency-replayed"), "");
    assert_eq!((repeat.status, &repeat.bytes), (first.status, &first.bytes));
    for name in ["content-type", "location", "etag", "cache-control"] {
        assert_eq!(repeat.header(name), first.header(name), "{name}");
    }
    assert_ne!(repeat.header("x-request-id"), first.header("x-request-id"));
}

#[actix_web::test]
async fn a_repeat_gets_the_answer_of_the_first_time() {
    let service = Service::new();
    let first = post(&service, "k1", "/v1/contacts", ann()).await;
    assert_eq!(first.status, 201);
    for _ in 0..2 {
        assert_repeat(&first, &post(&service, "k1", "/v1/contacts", ann()).await);
    }
    assert_eq!(contacts(&service).await, 1);
    let other = post(&service, "k2", "/v1/contacts", ann()).await;
    assert_eq!(other.problem(), "409 email_taken");
}

#[actix_web::test]
async fn a_repeat_shows_the_token_of_a_new_key_again() {
    let service = Service::new();
    let body = json!({"name": "CRM", "scopes": ["read"]});
    let first = post(&service, "k", "/v1/keys", body.clone()).await;
    let repeat = post(&service, "k", "/v1/keys", body).await;
    assert_eq!(repeat.json()["token"], first.json()["token"]);
    assert_repeat(&first, &repeat);
}

#[actix_web::test]
async fn a_refusal_is_an_answer_too() {
    let service = Service::new();
    let first = post(&service, "k", "/v1/tags", json!({"name": "a,b"})).await;
    assert_eq!(first.problem(), "422 invalid");
    assert_repeat(&first, &post(&service, "k", "/v1/tags", json!({"name": "a,b"})).await);
}

#[actix_web::test]
async fn another_request_under_the_same_key_is_refused() {
    let service = Service::new();
    assert_eq!(post(&service, "k", "/v1/tags", json!({"name": "a"})).await.status, 201);
    let others = [
        keyed(&service, "k", "/v1/tags").set_json(json!({"name": "b"})),
        keyed(&service, "k", "/v1/tags?x=1").set_json(json!({"name": "a"})),
        keyed(&service, "k", "/v1/contacts").set_json(json!({"name": "a"})),
        keyed(&service, "k", "/v1/tags").set_payload("{\"name\":\"a\"}"),
    ];
    for other in others {
        assert_eq!(service.send(other).await.problem(), "422 idempotency_key_reused");
    }
}

#[actix_web::test]
async fn a_key_belongs_to_its_credential_and_organisation() {
    let service = Service::new();
    assert_eq!(post(&service, "k", "/v1/tags", json!({"name": "a"})).await.status, 201);
    for token in [service.key(&[Scope::Write]), service.stranger()] {
        let request = request(&token, "POST", "/v1/tags").insert_header(("idempotency-key", "k"));
        let answer = service.send(request.set_json(json!({"name": "b"}))).await;
        assert_eq!((answer.status.as_u16(), answer.header("idempotency-replayed")), (201, ""));
    }
}

#[actix_web::test]
async fn a_key_that_is_none_is_refused() {
    let service = Service::new();
    for key in ["", " ", "a b", &"a".repeat(256)] {
        let answer = post(&service, key, "/v1/tags", json!({"name": "a"})).await;
        assert_eq!(answer.problem(), "400 invalid_header", "{key}");
    }
    let twice = keyed(&service, "a", "/v1/tags").append_header(("idempotency-key", "b"));
    let answer = service.send(twice.set_json(json!({"name": "a"}))).await;
    assert_eq!(answer.problem(), "400 invalid_header");
}

#[actix_web::test]
async fn other_methods_take_no_notice_of_a_key() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    for name in ["Anna", "Anne"] {
        let request = service.request("PATCH", &path).insert_header(("idempotency-key", "k"));
        let answer = service.send(request.set_json(json!({"name": name}))).await;
        assert_eq!(answer.json()["name"], name);
    }
}

#[actix_web::test]
async fn what_says_nothing_of_the_request_is_not_kept() {
    let limits = ApiConfig { rate_burst: 1, rate_per_second: 1, ..ApiConfig::default() };
    let service = Service::with(limits);
    assert_eq!(service.get("/v1/me").await.status, 200);
    let refused = post(&service, "k", "/v1/contacts", ann()).await;
    assert_eq!(refused.problem(), "429 rate_limited");
    let full = Service::with(ApiConfig { max_uploads: 0, ..ApiConfig::default() });
    for _ in 0..2 {
        let answer = upload(&full, "k", "name,email\n").await;
        assert_eq!(answer.problem(), "503 busy");
        assert_eq!(answer.header("idempotency-replayed"), "");
    }
}

#[actix_web::test]
async fn an_upload_is_told_by_its_length() {
    let service = Service::new();
    let first = upload(&service, "k", "name,email\nAnn,ann@example.org\n").await;
    assert_eq!(first.status, 201);
    assert_repeat(&first, &upload(&service, "k", "name,email\nAnn,ann@example.org\n").await);
    let other = upload(&service, "k", "name,email\n").await;
    assert_eq!(other.problem(), "422 idempotency_key_reused");
    assert_eq!(service.get("/v1/imports").await.json()["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn an_answer_is_kept_for_a_day() {
    let service = Service::new();
    let first = post(&service, "k", "/v1/contacts", ann()).await;
    service.world.clock().advance(RETENTION - Duration::from_secs(1));
    assert_repeat(&first, &post(&service, "k", "/v1/contacts", ann()).await);
    service.world.clock().advance(Duration::from_secs(1));
    let answer = post(&service, "k", "/v1/contacts", ann()).await;
    assert_eq!(answer.problem(), "409 email_taken");
}

#[actix_web::test]
async fn an_erased_answer_is_not_given_and_the_request_not_carried_out() {
    let service = Service::new();
    assert_eq!(post(&service, "k", "/v1/tags", json!({"name": "a"})).await.status, 201);
    service.world.ports().answers.forget_all(service.world.org()).unwrap();
    let answer = post(&service, "k", "/v1/tags", json!({"name": "a"})).await;
    assert_eq!(answer.problem(), "410 answer_erased");
}

#[actix_web::test]
async fn an_erased_answer_states_what_became_of_its_request() {
    let service = Service::new();
    let detail = async |key, body: Value| {
        post(&service, key, "/v1/tags", body.clone()).await;
        service.world.ports().answers.forget_all(service.world.org()).unwrap();
        let answer = post(&service, key, "/v1/tags", body).await;
        assert_eq!(answer.problem(), "410 answer_erased");
        answer.json()["detail"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        detail("done", json!({"name": "a"})).await,
        "the request was carried out and answered with status 201; the answer is no longer stored"
    );
    assert_eq!(
        detail("refused", json!({"name": "a,b"})).await,
        "the request was refused with status 422; the answer is no longer stored: to send the \
         request again, use a new Idempotency-Key"
    );
}

/// A client that disconnects and repeats the request gets the response, or is asked to wait.
#[actix_web::test]
async fn work_goes_on_when_the_client_hangs_up() {
    let service = Service::new();
    let address = service.listen();
    let body = ann().to_string();
    let head = format!(
        "POST /v1/contacts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         idempotency-key: k\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        service.token,
        body.len()
    );
    drop(TcpStream::connect(address).unwrap().write_all(head.as_bytes()));
    let answer = loop {
        let answer = post(&service, "k", "/v1/contacts", ann()).await;
        if answer.status == 201 {
            break answer;
        }
        assert_eq!(answer.problem(), "409 request_in_progress");
        assert_eq!(answer.header("retry-after"), "1");
    };
    assert_eq!(answer.json()["name"], "Ann");
    assert_eq!(contacts(&service).await, 1);
}

/// A store that cannot keep answers: its server crashes after the work, or another server takes the
/// request over before the work is committed.
struct Failing {
    world: World,
    is_taken_over: bool,
}

impl Failing {
    fn dying(world: World) -> Arc<dyn AnswerRepository> {
        Arc::new(Self { world, is_taken_over: false })
    }

    fn taken_over(world: World) -> Arc<dyn AnswerRepository> {
        Arc::new(Self { world, is_taken_over: true })
    }
}

impl AnswerRepository for Failing {
    fn claim(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<Found> {
        self.world.claim(org, claim, now)
    }

    fn extend_claim(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<bool> {
        self.world.extend_claim(org, claim, now)
    }

    fn commit_answer(
        &self,
        _: OrgId,
        _: &Claim,
        _: u16,
        _: Option<Vec<u8>>,
        _: OffsetDateTime,
    ) -> Result<bool> {
        if self.is_taken_over { Err(Error::ClaimLost) } else { Ok(false) }
    }

    fn store_answer(
        &self,
        _: OrgId,
        _: &Claim,
        _: u16,
        _: Option<Vec<u8>>,
        _: OffsetDateTime,
    ) -> Result<bool> {
        Err(Error::store("it is dead"))
    }

    fn release(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<()> {
        self.world.release(org, claim, now)
    }

    fn forget_all(&self, org: OrgId) -> Result<u64> {
        self.world.forget_all(org)
    }
}

#[actix_web::test]
async fn a_request_whose_server_died_before_its_answer_was_stored_is_not_carried_out_again() {
    let service = Service::keeping(Failing::dying);
    let first = post(&service, "k", "/v1/contacts", ann()).await;
    assert_eq!(first.status, 201);
    let answer = post(&service, "k", "/v1/contacts", ann()).await;
    assert_eq!(answer.problem(), "409 request_in_progress");
    assert_eq!(answer.header("retry-after"), "1");
    service.world.clock().advance(CLAIM);
    for _ in 0..2 {
        let answer = post(&service, "k", "/v1/contacts", ann()).await;
        assert_eq!(answer.problem(), "409 answer_lost");
    }
    let answer = post(&service, "k", "/v1/contacts", json!({"name": "Bob"})).await;
    assert_eq!(answer.problem(), "422 idempotency_key_reused");
    service.world.clock().advance(RETENTION);
    let answer = post(&service, "k", "/v1/contacts", ann()).await;
    assert_eq!(answer.problem(), "409 email_taken");
}

#[actix_web::test]
async fn a_claim_whose_server_died_before_the_work_is_free_after_a_minute() {
    let service = Service::keeping(Failing::dying);
    let refused = post(&service, "k", "/v1/tags", json!({"name": "a,b"})).await;
    assert_eq!(refused.problem(), "422 invalid");
    let answer = post(&service, "k", "/v1/tags", json!({"name": "a,b"})).await;
    assert_eq!(answer.problem(), "409 request_in_progress");
    service.world.clock().advance(CLAIM);
    let answer = post(&service, "k", "/v1/tags", json!({"name": "a,b"})).await;
    assert_eq!(answer.problem(), "422 invalid");
}

#[actix_web::test]
async fn a_request_that_was_taken_over_before_its_commit_is_not_answered_as_done() {
    let service = Service::keeping(Failing::taken_over);
    let answer = post(&service, "k", "/v1/contacts", ann()).await;
    assert_eq!(answer.problem(), "409 request_in_progress");
    assert_eq!(answer.header("retry-after"), "1");
}
