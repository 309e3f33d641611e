//! Runs of every kind over HTTP (R45).

use contacts_core::key::Scope;
use serde_json::{Value, json};

use crate::imports::{PEOPLE, ready};
use crate::support::{Service, request, run_of};

/// Creates an import that waits for its review, its dry run, an erasure and a queued action, and
/// returns the path of the import.
async fn some_runs(service: &Service) -> String {
    let path = ready(service, PEOPLE).await;
    service.post(&format!("{path}/dry-run"), Value::Null).await;
    let ann = service.contact("Ann", "ann@example.org").await;
    service.post(&format!("{ann}/erase"), json!({})).await;
    let ids: Vec<_> = (1..=1_001u128).map(uuid::Uuid::from_u128).collect();
    let tag = json!({"type": "add_tags", "tags": ["x"]});
    service.post("/v1/actions", json!({"ids": ids, "action": tag})).await;
    path
}

fn kinds(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|run| run["kind"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn runs_of_every_kind_are_in_one_list() {
    let service = Service::new();
    let path = some_runs(&service).await;
    let list = service.get("/v1/runs").await.json();
    assert_eq!(kinds(&list), ["add_tags", "erasure", "dry_run", "import"]);
    let action = &list["items"][0];
    assert_eq!((&action["state"], &action["progress"]["total"]), (&json!("queued"), &json!(1_001)));
    let import = &list["items"][3];
    assert_eq!((&import["state"], &import["subject_id"]), (&json!("waiting"), &import["id"]));
    assert_eq!(list["items"][2]["subject_id"], import["id"]);
    assert_eq!(&service.get(&run_of(&path)).await.json(), import);

    let first = service.get("/v1/runs?limit=3").await.json();
    let rest = format!("/v1/runs?limit=3&cursor={}", first["next"].as_str().unwrap());
    let rest = service.get(&rest).await.json();
    assert_eq!((kinds(&rest), &rest["next"]), (vec!["import"], &Value::Null));
    assert_eq!(kinds(&service.get("/v1/runs?kind=dry_run").await.json()), ["dry_run"]);
    service.post(&format!("{}/cancel", run_of(&path)), Value::Null).await;
    let open = service.get("/v1/runs?open=true").await.json();
    assert_eq!(kinds(&open), ["add_tags", "erasure"], "the import discards its dry run");
    for (query, errors) in [("kind=x", "kind"), ("open=1", "open"), ("cursor=x", "cursor")] {
        assert_eq!(service.get(&format!("/v1/runs?{query}")).await.errors(), [errors]);
    }
    let unknown = service.get("/v1/runs?kind=x").await.json();
    assert_eq!(
        unknown["errors"][0]["reason"],
        "must be import, dry_run, undo, undo_action, undo_merge, add_tags, remove_tags, add_to_campaign, \
         remove_from_campaign, unsubscribe, set_field, export, delete, merge, erasure or sync"
    );
}

#[actix_web::test]
async fn the_kinds_share_the_members_of_a_run() {
    let service = Service::new();
    let path = some_runs(&service).await;
    let list = service.get("/v1/runs").await.json();
    let own = [
        service.get("/v1/actions").await.json()["items"][0].clone(),
        service.get("/v1/erasures").await.json()["items"][0].clone(),
        service.get(&format!("{path}/dry-run")).await.json(),
        service.get(&path).await.json(),
    ];
    let shared = ["id", "progress", "problem", "actor", "created_at", "started_at", "finished_at"];
    for (run, own) in list["items"].as_array().unwrap().iter().zip(own) {
        for name in shared {
            assert_eq!(own.get(name), run.get(name), "{name} of {own}");
            assert!(own.get(name).is_some(), "{name} is always there");
        }
        assert!(own["state"] == run["state"] || own["state"] == "ready");
    }
}

#[actix_web::test]
async fn a_dry_run_is_cancelled_and_an_erasure_is_not() {
    let service = Service::new();
    let path = some_runs(&service).await;
    let list = service.get("/v1/runs").await.json();
    let cancel = |at: usize| {
        let id = list["items"][at]["id"].as_str().unwrap().to_owned();
        let service = &service;
        async move { service.post(&format!("/v1/runs/{id}/cancel"), Value::Null).await }
    };
    let refused = cancel(1).await;
    assert_eq!(refused.problem(), "409 conflict");
    let reason = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(reason.contains("an erasure cannot be cancelled"), "{reason}");
    assert_eq!(cancel(2).await.json()["state"], "cancelled");
    assert_eq!(cancel(2).await.problem(), "409 conflict");
    let dry = service.get(&format!("{path}/dry-run")).await.json();
    assert_eq!(dry["state"], "cancelled");
}

#[actix_web::test]
async fn a_run_needs_the_scope_of_its_kind() {
    let service = Service::new();
    let path = some_runs(&service).await;
    let list = service.get("/v1/runs").await.json();
    let erasure = format!("/v1/runs/{}", list["items"][1]["id"].as_str().unwrap());
    let writer = service.key(&[Scope::Read, Scope::Write]);
    let seen = service.send(request(&writer, "GET", "/v1/runs")).await.json();
    assert_eq!(kinds(&seen), ["add_tags", "dry_run", "import"]);
    for (method, path) in [
        ("GET", "/v1/runs?kind=erasure".to_owned()),
        ("GET", erasure.clone()),
        ("GET", format!("{erasure}/events")),
        ("POST", format!("{erasure}/cancel")),
    ] {
        let answer = service.send(request(&writer, method, &path)).await;
        assert_eq!(answer.problem(), "403 scope_missing", "{method} {path}");
    }
    let reader = service.key(&[Scope::Read]);
    let cancel = format!("{}/cancel", run_of(&path));
    let refused = service.send(request(&reader, "POST", &cancel)).await;
    assert_eq!(refused.problem(), "403 scope_missing");
}

#[actix_web::test]
async fn another_organisations_run_is_not_there() {
    let service = Service::new();
    let run = run_of(&some_runs(&service).await);
    let stranger = service.stranger();
    for (method, rest) in [("GET", ""), ("GET", "/events"), ("POST", "/cancel")] {
        let answer = service.send(request(&stranger, method, &format!("{run}{rest}"))).await;
        assert_eq!(answer.problem(), "404 not_found", "{method} {rest}");
    }
    let list = service.send(request(&stranger, "GET", "/v1/runs")).await.json();
    assert_eq!(list["items"], json!([]));
}
