//! Erasures of contacts over HTTP (R14).

use crate::support::{Service, request};
use contacts_core::key::Scope;
use serde_json::json;

#[actix_web::test]
async fn a_person_is_erased() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    let erasure = service.post(&format!("{ann}/erase"), json!({})).await;
    assert_eq!(erasure.status, 202);
    let path = erasure.header("location").to_owned();
    insta::assert_json_snapshot!(service.get(&path).await.json(), @r#"
    {
      "actor": {
        "id": "019b78ff-f900-7000-8000-000000000002",
        "kind": "key"
      },
      "contact_id": "019b78ff-f900-7000-8000-000000000004",
      "created_at": "2026-01-01T10:00:00Z",
      "files": 0,
      "finished_at": null,
      "forget_unsubscribe": false,
      "id": "019b78ff-f900-7000-8000-000000000006",
      "problem": null,
      "progress": {
        "done": 0,
        "per_second": null,
        "seconds_left": null,
        "total": null
      },
      "started_at": null,
      "state": "queued",
      "waits_for": []
    }
    "#);
    assert_eq!(service.get(&ann).await.problem(), "404 not_found");
    assert_eq!(service.post(&format!("{ann}/erase"), json!({})).await.problem(), "404 not_found");
    let list = service.get("/v1/erasures").await.json();
    assert_eq!(list["items"][0]["id"], service.get(&path).await.json()["id"]);
    let stranger = service.stranger();
    assert_eq!(service.send(request(&stranger, "GET", &path)).await.problem(), "404 not_found");
}

#[actix_web::test]
async fn an_unsubscribe_is_forgotten_when_that_is_asked_for() {
    let service = Service::new();
    let campaign = "00000000-0000-4000-8000-000000000001";
    let spring = json!({"kind": "campaign", "name": "Spring"});
    assert_eq!(service.put(&format!("/v1/campaigns/{campaign}"), spring).await.status, 201);
    for (number, forget, joins) in [
        (1, json!({}), json!({"outcome": "skipped", "reason": "unsubscribed"})),
        (2, json!({"forget_unsubscribe": true}), json!({"outcome": "added"})),
    ] {
        let ann = service.contact("Ann", "ann@example.org").await;
        let reported = json!({"events": [{
            "id": number.to_string(), "campaign_id": campaign, "kind": "unsubscribed",
            "contact_id": ann.rsplit('/').next(), "at": "2026-01-01T09:00:00Z",
        }]});
        assert_eq!(service.post("/v1/deliveries", reported).await.status, 200);
        let erasure = service.post(&format!("{ann}/erase"), forget.clone()).await;
        assert_eq!(erasure.json()["forget_unsubscribe"], forget["forget_unsubscribe"] == true);
        let again = service.contact("Ann", "ann@example.org").await;
        let join = json!({"campaign_id": campaign});
        let joined = service.post(&format!("{again}/campaigns"), join).await;
        assert_eq!(joined.json(), joins);
        assert_eq!(service.delete(&again).await.status, 204);
    }
}

#[actix_web::test]
async fn only_an_admin_erases() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    let writer = service.key(&[Scope::Read, Scope::Write]);
    let erase = request(&writer, "POST", &format!("{ann}/erase")).set_json(json!({}));
    assert_eq!(service.send(erase).await.problem(), "403 scope_missing");
    let list = service.send(request(&writer, "GET", "/v1/erasures")).await;
    assert_eq!(list.problem(), "403 scope_missing");
    let errors = service.post(&format!("{ann}/erase"), json!({"forget": true})).await;
    assert_eq!(errors.errors(), ["forget"]);
    assert_eq!(service.get(&ann).await.status, 200);
}

#[actix_web::test]
async fn everything_that_is_held_is_told_to_an_admin() {
    let service = Service::new();
    let ann = service.contact("Ann Lee", "ann@example.org").await;
    service.post(&format!("{ann}/notes"), json!({"text": "called back"})).await;
    let data = service.get(&format!("{ann}/data")).await;
    assert_eq!(data.json()["profile"][0]["email"], "ann@example.org");
    assert_eq!(data.json()["notes"][0]["text"], "called back");
    assert!(data.header("content-disposition").contains("attachment"));
    let writer = service.key(&[Scope::Read, Scope::Write]);
    let refused = service.send(request(&writer, "GET", &format!("{ann}/data"))).await;
    assert_eq!(refused.problem(), "403 scope_missing");
    let stranger = service.stranger();
    let nobodys = service.send(request(&stranger, "GET", &format!("{ann}/data"))).await;
    assert_eq!(nobodys.problem(), "404 not_found");
}
