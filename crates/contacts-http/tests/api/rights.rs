//! What each route requires of its caller (R2, R60): every route, by every scope and every role.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::test::TestRequest;
use contacts_core::key::{Role, Scope, allows};
use contacts_http::ApiConfig;
use serde_json::{Value, json};

use crate::imports::{PEOPLE, ready};
use crate::sessions::with;
use crate::strict::{Operation, document, filled, operations};
use crate::support::{Answer, Service, request, run_of};

/// Every route that needs a credential, with the scopes of which it requires one.
const RIGHTS: &str = "
GET /v1/actions read
POST /v1/actions write export bulk_delete
GET /v1/actions/{id} read
GET /v1/actions/{id}/file export
GET /v1/actions/{id}/result read
GET /v1/actions/{id}/undo read
POST /v1/actions/{id}/undo write merge
GET /v1/actions/{id}/undo/kept read
GET /v1/audit admin
GET /v1/audit.csv admin
GET /v1/campaigns read
GET /v1/campaigns/{id} read
PUT /v1/campaigns/{id} write
POST /v1/captures capture
GET /v1/connectors admin
GET /v1/connectors/{name} admin
POST /v1/connectors/{name}/check admin
POST /v1/connectors/{name}/discover admin
POST /v1/connectors/{name}/sample admin
GET /v1/contacts read
POST /v1/contacts write
POST /v1/contacts/batch write
GET /v1/contacts/by-email/{email} read
PUT /v1/contacts/by-email/{email} write
GET /v1/contacts/by-external-id/{external_id} read
PUT /v1/contacts/by-external-id/{external_id} write
GET /v1/contacts/export export
POST /v1/contacts/get read
DELETE /v1/contacts/{id} write
GET /v1/contacts/{id} read
PATCH /v1/contacts/{id} write
GET /v1/contacts/{id}/activity read
GET /v1/contacts/{id}/addresses read
POST /v1/contacts/{id}/addresses write
DELETE /v1/contacts/{id}/addresses/{email} write
GET /v1/contacts/{id}/campaigns read
POST /v1/contacts/{id}/campaigns write
GET /v1/contacts/{id}/consent read
PUT /v1/contacts/{id}/consent write
GET /v1/contacts/{id}/conversations read
GET /v1/contacts/{id}/data admin
GET /v1/contacts/{id}/duplicates read
POST /v1/contacts/{id}/erase admin
POST /v1/contacts/{id}/merge merge
GET /v1/contacts/{id}/notes read
POST /v1/contacts/{id}/notes write
DELETE /v1/contacts/{id}/notes/{note_id} write
GET /v1/contacts/{id}/notes/{note_id} read
PATCH /v1/contacts/{id}/notes/{note_id} write
GET /v1/contacts/{id}/sources read
POST /v1/contacts/{id}/tags write
PUT /v1/conversations/{id} write
POST /v1/deliveries write
GET /v1/duplicates read
POST /v1/duplicates/merge merge
DELETE /v1/duplicates/{id}/{other}/dismissal write
PUT /v1/duplicates/{id}/{other}/dismissal write
GET /v1/erasures admin
GET /v1/erasures/{id} admin
GET /v1/events read
GET /v1/events/stream read
GET /v1/fields read
POST /v1/fields admin
PUT /v1/fields/order admin
GET /v1/fields/{key} read
PATCH /v1/fields/{key} admin
GET /v1/imports read
POST /v1/imports import
GET /v1/imports/{id} read
PATCH /v1/imports/{id} import
GET /v1/imports/{id}/cells read
PATCH /v1/imports/{id}/cells import
DELETE /v1/imports/{id}/dry-run import
GET /v1/imports/{id}/dry-run read
POST /v1/imports/{id}/dry-run import
GET /v1/imports/{id}/dry-run/rows read
GET /v1/imports/{id}/issues read
GET /v1/imports/{id}/layout read
PUT /v1/imports/{id}/layout import
POST /v1/imports/{id}/retry import
GET /v1/imports/{id}/skipped.csv read
POST /v1/imports/{id}/skipped.csv import
POST /v1/imports/{id}/start import
GET /v1/imports/{id}/undo read
POST /v1/imports/{id}/undo import
GET /v1/imports/{id}/undo/kept read
GET /v1/invitations admin
POST /v1/invitations admin
DELETE /v1/invitations/{id} admin
GET /v1/keys admin
POST /v1/keys admin
DELETE /v1/keys/{id} admin
GET /v1/me read
GET /v1/merges/{id}/undo read
POST /v1/merges/{id}/undo merge
GET /v1/merges/{id}/undo/kept read
GET /v1/runs read
GET /v1/runs/{id} read
POST /v1/runs/{id}/cancel write export import merge bulk_delete admin
GET /v1/runs/{id}/events read
GET /v1/segments read
POST /v1/segments write
DELETE /v1/segments/{id} write
GET /v1/segments/{id} read
PATCH /v1/segments/{id} write
POST /v1/selections write export bulk_delete
GET /v1/selections/{id} read
DELETE /v1/session read
POST /v1/session/connections read
GET /v1/sessions read
DELETE /v1/sessions/{id} read
GET /v1/sources admin
POST /v1/sources admin
DELETE /v1/sources/{id} admin
GET /v1/sources/{id} admin
PATCH /v1/sources/{id} admin
POST /v1/sources/{id}/check admin
POST /v1/sources/{id}/discover admin
GET /v1/sources/{id}/runs read
POST /v1/sources/{id}/runs admin
GET /v1/sources/{id}/runs/{run_id} read
POST /v1/sources/{id}/sample admin
GET /v1/tags read
POST /v1/tags write
DELETE /v1/tags/{id} write
GET /v1/tags/{id} read
PATCH /v1/tags/{id} write
GET /v1/users read
PATCH /v1/users/{id} admin
DELETE /v1/users/{id}/identities admin
DELETE /v1/users/{id}/sessions admin
GET /v1/webhooks admin
POST /v1/webhooks admin
DELETE /v1/webhooks/{id} admin
GET /v1/webhooks/{id} admin
PATCH /v1/webhooks/{id} admin
GET /v1/webhooks/{id}/deliveries admin
POST /v1/webhooks/{id}/deliveries/{delivery_id}/redeliver admin
POST /v1/webhooks/{id}/redeliver-dead admin
POST /v1/webhooks/{id}/rotate-secret admin
POST /v1/webhooks/{id}/test admin
GET /v1/widgets read
PUT /v1/widgets/{id} write
";

/// Returns the rights by method and path.
fn rights() -> BTreeMap<(String, String), BTreeSet<Scope>> {
    let lines = RIGHTS.lines().filter(|line| !line.is_empty());
    let row = |line: &str| {
        let (route, scopes) = line.split_at(line.match_indices(' ').nth(1).unwrap().0);
        let (method, path) = route.split_once(' ').unwrap();
        let scopes = scopes.split_whitespace().map(|name| Scope::parse(name).unwrap()).collect();
        ((method.to_owned(), path.to_owned()), scopes)
    };
    lines.map(row).collect()
}

/// A caller whose credential has some scopes.
struct Credential {
    name: String,
    scopes: BTreeSet<Scope>,
    token: Token,
}

enum Token {
    Key(String),
    User(Role),
}

/// Returns a credential for each scope and for each role.
fn credentials(service: &Service) -> Vec<Credential> {
    let keys = Scope::ALL.map(|scope| Credential {
        name: format!("a key with {}", scope.as_str()),
        scopes: [scope].into(),
        token: Token::Key(service.key(&[scope])),
    });
    let roles = Role::ALL.map(|role| Credential {
        name: role.as_str().to_owned(),
        scopes: role.scopes(),
        token: Token::User(role),
    });
    keys.into_iter().chain(roles).collect()
}

impl Credential {
    fn allows(&self, scopes: &BTreeSet<Scope>) -> bool {
        scopes.iter().any(|scope| allows(&self.scopes, *scope))
    }

    /// Returns a request; a user sends it with a new session, because one of the routes signs out.
    fn request(&self, service: &Service, method: &str, path: &str) -> TestRequest {
        match &self.token {
            Token::Key(token) => request(token, method, path),
            Token::User(role) => with(&session(service, *role), method, path),
        }
    }

    async fn send(&self, service: &Service, method: &str, path: &str, body: Value) -> Answer {
        service.send(self.request(service, method, path).set_json(body)).await
    }
}

/// Signs in a user with a role, and returns the cookie.
pub(crate) fn session(service: &Service, role: Role) -> String {
    static RANDOM: AtomicU64 = AtomicU64::new(0);
    let random = || {
        let mut random = [0; 32];
        random[..8].copy_from_slice(&RANDOM.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        random
    };
    let sessions = &service.api.sessions;
    let user = sessions.user(service.world.org(), role.as_str(), role).unwrap();
    let link = sessions.link(&user, random()).unwrap();
    let signed_in = sessions.sign_in(&link, "Firefox", random()).unwrap().unwrap();
    format!("contacts_session={}", signed_in.token.reveal())
}

fn is_refused(answer: &Answer) -> bool {
    answer.status == 403 && answer.json()["code"] == "scope_missing"
}

/// A service, and a credential for each scope and for each role.
struct Doors {
    service: Service,
    credentials: Vec<Credential>,
}

impl Doors {
    fn new() -> Self {
        // Many requests are sent within a second.
        let service = Service::with(ApiConfig {
            workers: 1,
            key_cache: Duration::ZERO,
            rate_burst: 1_000_000,
            captures_per_minute: 1_000_000,
            ..ApiConfig::default()
        });
        let credentials = credentials(&service);
        Self { service, credentials }
    }

    /// Checks that a request is refused for every credential without a scope, and for no other.
    async fn require(&self, scope: Scope, method: &str, path: &str, body: &Value) {
        for credential in &self.credentials {
            let answer = credential.send(&self.service, method, path, body.clone()).await;
            let is_allowed = credential.allows(&[scope].into());
            let (name, problem) = (&credential.name, answer.json());
            assert_eq!(
                !is_refused(&answer),
                is_allowed,
                "{name} {method} {path} {body}: {problem}"
            );
        }
    }
}

#[test]
fn every_route_states_its_scopes() {
    let document = document();
    let stated = |operation: Operation| {
        let scopes = match &operation.description["x-required-scope"] {
            Value::Null => return None,
            Value::String(name) => vec![name.clone()],
            names => serde_json::from_value(names.clone()).unwrap(),
        };
        let scopes: BTreeSet<_> = scopes.iter().map(|name| Scope::parse(name).unwrap()).collect();
        Some(((operation.method, operation.path), scopes))
    };
    let stated: BTreeMap<_, _> = operations(&document).into_iter().filter_map(stated).collect();
    assert_eq!(stated, rights(), "add the new route to RIGHTS");
}

#[actix_web::test]
async fn every_route_refuses_who_lacks_its_scopes_and_nobody_else() {
    let (Doors { service, credentials }, document, rights) = (Doors::new(), document(), rights());
    for operation in operations(&document) {
        let Operation { method, path, description } = &operation;
        let Some(scopes) = rights.get(&(method.clone(), path.clone())) else { continue };
        // An unknown parameter ends the streams that these routes would begin.
        let is_stream = path == "/v1/events/stream" || path == "/v1/contacts/export";
        let sent = format!("{}{}", filled(path), if is_stream { "?surprise=1" } else { "" });
        for credential in &credentials {
            let request = credential.request(&service, method, &sent);
            let request = match description["requestBody"].is_object() {
                true => request.set_json(json!({})),
                false => request,
            };
            let answer = service.send(request).await;
            let is_allowed = credential.allows(scopes);
            let problem = answer.json();
            assert_eq!(
                !is_refused(&answer),
                is_allowed,
                "{} {method} {path}: {problem}",
                credential.name
            );
        }
    }
}

fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

#[actix_web::test]
async fn the_kind_of_a_bulk_action_decides_who_starts_cancels_and_undoes_it() {
    let doors = Doors::new();
    let service = &doors.service;
    let campaign = "019b7904-d100-7000-8000-00000000cafe";
    let body = json!({"kind": "campaign", "name": "News"});
    assert!(service.put(&format!("/v1/campaigns/{campaign}"), body).await.status.is_success());
    for (action, scope) in [
        (json!({"type": "add_tags", "tags": ["vip"]}), Scope::Write),
        (json!({"type": "remove_tags", "tags": ["vip"]}), Scope::Write),
        (json!({"type": "add_to_campaign", "campaign_id": campaign}), Scope::Write),
        (json!({"type": "remove_from_campaign", "campaign_id": campaign}), Scope::Write),
        (json!({"type": "unsubscribe"}), Scope::Write),
        (json!({"type": "set_field", "field": "phone", "value": "1"}), Scope::Write),
        (json!({"type": "export"}), Scope::Export),
        (json!({"type": "delete"}), Scope::BulkDelete),
    ] {
        let kind = action["type"].as_str().unwrap().to_owned();
        let ann = service.contact("Ann", &format!("{kind}@example.org")).await;
        let body = json!({"ids": [id(&ann)], "action": action, "confirm_count": 1});
        let started = service.post("/v1/actions", body.clone()).await;
        assert!(started.status.is_success(), "{kind}: {}", started.json());
        doors.require(scope, "POST", "/v1/actions", &body).await;
        let path = started.header("location");
        doors.require(scope, "POST", &format!("{}/cancel", run_of(path)), &Value::Null).await;
        if scope == Scope::Write {
            doors.require(scope, "POST", &format!("{path}/undo"), &Value::Null).await;
        }
    }
}

#[actix_web::test]
async fn merges_imports_and_erasures_are_cancelled_by_who_may_start_them() {
    let doors = Doors::new();
    let service = &doors.service;
    let import = ready(service, PEOPLE).await;
    service.post(&format!("{import}/dry-run"), Value::Null).await;
    let ann = service.contact("Ann", "ann@example.org").await;
    let bob = service.contact("Bob", "bob@example.org").await;
    let pairs = json!({"pairs": [{"survivor_id": id(&ann), "other_id": id(&bob)}]});
    let merge = service.post("/v1/duplicates/merge", pairs).await.header("location").to_owned();
    doors.require(Scope::Merge, "POST", &format!("{merge}/undo"), &Value::Null).await;
    service.post(&format!("{ann}/erase"), json!({})).await;
    let runs = service.get("/v1/runs").await.json()["items"].as_array().unwrap().clone();
    let mut kinds = BTreeSet::new();
    for run in &runs {
        let kind = run["kind"].as_str().unwrap();
        let scope = match kind {
            "import" | "dry_run" => Scope::Import,
            "merge" => Scope::Merge,
            "erasure" => Scope::Admin,
            // Who may write cancels the undo of an action, whatever the action was.
            "undo_action" => Scope::Write,
            kind => panic!("{kind}"),
        };
        kinds.insert(kind);
        let path = format!("/v1/runs/{}/cancel", id(run["id"].as_str().unwrap()));
        doors.require(scope, "POST", &path, &Value::Null).await;
    }
    assert_eq!(kinds, ["dry_run", "erasure", "import", "merge", "undo_action"].into());
}

#[actix_web::test]
async fn only_an_administrator_subscribes_a_contact_again() {
    let doors = Doors::new();
    let path = format!("{}/consent", doors.service.contact("Ann", "ann@example.org").await);
    let body = json!({"state": "unsubscribed"});
    doors.require(Scope::Write, "PUT", &path, &body).await;
    let body = json!({"state": "subscribed", "note": "Signed the form"});
    doors.require(Scope::Admin, "PUT", &path, &body).await;
}

#[actix_web::test]
async fn a_refusal_names_the_scopes_of_which_one_is_needed() {
    let service = Service::new();
    let reader = service.key(&[Scope::Read]);
    let refused = service.send(request(&reader, "POST", "/v1/actions").set_json(json!({}))).await;
    let detail = "this needs a credential with the scope write or export or bulk_delete";
    assert_eq!(refused.json()["detail"], detail);
    let editor = service.key(&[Scope::Write]);
    let body = json!({"ids": [], "action": {"type": "export"}});
    let refused = service.send(request(&editor, "POST", "/v1/actions").set_json(body)).await;
    assert_eq!(refused.json()["detail"], "this needs a credential with the scope export");
}

#[actix_web::test]
async fn roles_are_set_by_administrators_and_the_last_one_stays() {
    let service = Service::new();
    let org = service.world.org();
    let user = |name, role| service.api.sessions.user(org, name, role).unwrap().id;
    let (ann, bob) = (user("Ann", Role::Administrator), user("Bob", Role::Viewer));
    let set = |user, role: Value| service.patch(user, json!({"role": role}));
    let (ann, bob) = (format!("/v1/users/{ann}"), format!("/v1/users/{bob}"));
    let manager = set(&bob, json!("manager")).await.json();
    assert_eq!((&manager["name"], &manager["role"]), (&json!("Bob"), &json!("manager")));
    assert_eq!(set(&ann, json!("editor")).await.problem(), "409 conflict");
    assert_eq!(set(&bob, json!("administrator")).await.status, 200);
    assert_eq!(set(&ann, json!("editor")).await.status, 200);
    let list = service.get("/v1/users").await.json();
    let roles: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|user| &user["role"]).collect();
    assert_eq!(roles, ["editor", "administrator"]);
    assert_eq!(set(&ann, json!("root")).await.errors(), ["role"]);
    let unknown = "/v1/users/019b7904-d100-7000-8000-00000000ffff";
    assert_eq!(set(unknown, json!("viewer")).await.problem(), "404 not_found");
    let stranger = request(&service.stranger(), "PATCH", &ann).set_json(json!({"role": "viewer"}));
    assert_eq!(service.send(stranger).await.problem(), "404 not_found");
}

#[actix_web::test]
async fn an_answer_is_not_replayed_to_a_user_with_another_role() {
    let service = Service::new();
    let cookie = session(&service, Role::Administrator);
    let me = service.send(with(&cookie, "GET", "/v1/me")).await.json();
    let path = format!("/v1/users/{}", me["actor"]["id"].as_str().unwrap());
    let create = async || {
        let body = json!({"name": "mine", "scopes": ["admin"]});
        let request = with(&cookie, "POST", "/v1/keys").insert_header(("idempotency-key", "k1"));
        service.send(request.set_json(body)).await
    };
    let created = create().await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(create().await.bytes, created.bytes);
    let other = service.api.sessions.user(service.world.org(), "Cy", Role::Administrator).unwrap();
    assert_eq!(other.role, Role::Administrator);
    assert_eq!(service.patch(&path, json!({"role": "viewer"})).await.status, 200);
    assert_eq!(create().await.problem(), "422 idempotency_key_reused");
}

#[actix_web::test]
async fn a_new_role_applies_to_sessions_that_are_open_at_once() {
    // Credentials are cached.
    let service = Service::with(ApiConfig::default());
    let cookie = session(&service, Role::Editor);
    let me = service.send(with(&cookie, "GET", "/v1/me")).await.json();
    assert_eq!((&me["role"], &me["scopes"]), (&json!("editor"), &json!(["read", "write"])));
    let path = format!("/v1/users/{}", me["actor"]["id"].as_str().unwrap());
    assert_eq!(service.patch(&path, json!({"role": "viewer"})).await.status, 200);
    let me = service.send(with(&cookie, "GET", "/v1/me")).await.json();
    assert_eq!((&me["role"], &me["scopes"]), (&json!("viewer"), &json!(["read"])));
}
