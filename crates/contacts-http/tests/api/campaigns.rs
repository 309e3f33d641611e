//! Campaigns over HTTP.

use crate::support::{Service, request};
use serde_json::{Value, json};

const SPRING: &str = "/v1/campaigns/00000000-0000-4000-8000-000000000001";
const SPRING_ID: &str = "00000000-0000-4000-8000-000000000001";
const NOBODY: &str = "00000000-0000-4000-8000-00000000ffff";

async fn spring(service: &Service) {
    let body = json!({"kind": "campaign", "name": " Spring  sale "});
    let made = service.put(SPRING, body).await;
    assert_eq!((made.status.as_u16(), &made.json()["name"]), (201, &json!("Spring sale")));
}

fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

fn event(id: &str, contact: &str, kind: &str, at: &str) -> Value {
    json!({"id": id, "campaign_id": SPRING_ID, "contact_id": contact, "kind": kind, "at": at})
}

async fn tell(service: &Service, events: Value) -> Vec<Value> {
    let answer = service.post("/v1/deliveries", json!({"events": events})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["results"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn a_campaign_is_registered_under_its_owners_id_and_renamed() {
    let service = Service::new();
    spring(&service).await;
    let again = service.put(SPRING, json!({"kind": "campaign", "name": "Summer"})).await;
    assert_eq!((again.status.as_u16(), &again.json()["id"]), (200, &json!(SPRING_ID)));
    let other = service.put(SPRING, json!({"kind": "announcement", "name": "Summer"})).await;
    assert_eq!(other.problem(), "409 conflict");
    let errors = service.put(SPRING, json!({"kind": "campaign", "name": " "})).await;
    assert_eq!((errors.problem().as_str(), errors.errors()), ("422 invalid", vec!["name".into()]));
    let errors = service.put(SPRING, json!({"kind": "party", "name": "x"})).await;
    assert_eq!((errors.problem().as_str(), errors.errors()), ("422 invalid", vec!["kind".into()]));
    let errors =
        service.put("/v1/campaigns/spring", json!({"kind": "campaign", "name": "x"})).await;
    assert_eq!(errors.problem(), "404 not_found");
    assert_eq!(service.get(SPRING).await.json()["name"], "Summer");
    let reader = service.key(&[contacts_core::key::Scope::Read]);
    let body = json!({"kind": "campaign", "name": "x"});
    let refused = service.send(request(&reader, "PUT", SPRING).set_json(body)).await;
    assert_eq!(refused.problem(), "403 scope_missing");
}

#[actix_web::test]
async fn deliveries_are_answered_by_index_and_the_record_shows_them() {
    let service = Service::new();
    spring(&service).await;
    let ann = service.contact("Ann", "ann@example.org").await;
    let results = tell(
        &service,
        json!([
            event("1", id(&ann), "clicked", "2026-01-01T09:02:00Z"),
            event("1", NOBODY, "sent", "2026-01-01T09:00:00Z"),
            event("2", NOBODY, "sent", "2026-01-01T09:00:00Z"),
            {"id": "3", "campaign_id": NOBODY, "contact_id": id(&ann), "kind": "sent", "at": "2026-01-01T09:00:00Z"},
            event("4", id(&ann), "read", "2026-01-01T09:00:00Z"),
            event("5", id(&ann), "sent", "2026-01-01T11:00:00+02:00"),
            {"id": "6"},
        ]),
    )
    .await;
    let outcomes: Vec<_> = results.iter().map(|r| r["outcome"].as_str().unwrap()).collect();
    let expected = [
        "applied",
        "duplicate",
        "unknown_contact",
        "unknown_campaign",
        "invalid",
        "applied",
        "invalid",
    ];
    assert_eq!(outcomes, expected);
    assert!(results.iter().enumerate().all(|(index, r)| r["index"] == index));
    assert_eq!(results[6]["reason"], "contact_id is required");
    assert_eq!(results[0]["reason"], Value::Null);

    let record = service.get(&format!("{ann}/campaigns")).await.json();
    let shown = &record["items"][0];
    assert_eq!(
        (&shown["status"], &shown["campaign"]["name"], &record["unsubscribed_at"]),
        (&json!("clicked"), &json!("Spring sale"), &Value::Null)
    );
    let times = ["pending_at", "sent_at", "opened_at", "clicked_at", "bounced_at"];
    let times = times.map(|name| shown[name].clone());
    let (sent, clicked) = (json!("2026-01-01T09:00:00Z"), json!("2026-01-01T09:02:00Z"));
    assert_eq!(times, [sent.clone(), sent, clicked.clone(), clicked, Value::Null]);
    let counted = service.get(SPRING).await.json();
    assert_eq!(
        (&counted["contacts"]["clicked"], &counted["contacts"]["total"]),
        (&json!(1), &json!(1))
    );
    let activity = service.get(&format!("{ann}/activity")).await.json();
    let kinds: Vec<_> =
        activity["items"].as_array().unwrap().iter().map(|a| a["kind"].clone()).collect();
    assert_eq!(kinds, ["created", "delivered", "delivered", "subscribed"]);
    assert_eq!(activity["items"][1]["delivery"], "clicked");
}

#[actix_web::test]
async fn a_batch_has_1_to_1000_events_without_unknown_members() {
    let service = Service::new();
    let events = |count| json!({"events": vec![json!({}); count]});
    for count in [0, 1001] {
        let refused = service.post("/v1/deliveries", events(count)).await;
        assert_eq!(
            (refused.problem().as_str(), refused.errors()),
            ("422 invalid", vec!["events".into()])
        );
    }
    assert_eq!(service.post("/v1/deliveries", events(1000)).await.status, 200);
    let refused = service.post("/v1/deliveries", json!({"events": [{"mail": 1}]})).await;
    assert_eq!(refused.problem(), "422 invalid");
}

#[actix_web::test]
async fn one_contact_is_put_into_a_campaign_unless_it_may_not_be() {
    let service = Service::new();
    spring(&service).await;
    let ann = service.contact("Ann", "ann@example.org").await;
    let path = format!("{ann}/campaigns");
    let body = json!({"campaign_id": SPRING_ID});
    assert_eq!(service.post(&path, body.clone()).await.json(), json!({"outcome": "added"}));
    assert_eq!(service.post(&path, body.clone()).await.json(), json!({"outcome": "unchanged"}));
    let filtered = |status: &str| format!("/v1/contacts?campaign={SPRING_ID}{status}");
    for (path, count) in [
        (filtered(""), 1),
        (filtered(":pending%7Csent"), 1),
        (filtered(":opened"), 0),
        (format!("/v1/contacts?campaign_none={SPRING_ID}"), 0),
        (format!("/v1/contacts?campaign={NOBODY}"), 0),
    ] {
        assert_eq!(service.get(&path).await.json()["count"]["value"], count, "{path}");
    }
    for errors in ["campaign=spring", &format!("campaign={SPRING_ID}:read")] {
        let refused = service.get(&format!("/v1/contacts?{errors}")).await;
        assert_eq!(refused.errors(), ["campaign"], "{errors}");
    }
    tell(&service, json!([event("1", id(&ann), "unsubscribed", "2026-01-01T09:00:00Z")])).await;
    let skipped = json!({"outcome": "skipped", "reason": "unsubscribed"});
    assert_eq!(service.post(&path, body.clone()).await.json(), skipped);
    let record = service.get(&path).await.json();
    assert_eq!(record["unsubscribed_at"], "2026-01-01T09:00:00Z");

    let nowhere = service.post(&path, json!({"campaign_id": NOBODY})).await;
    assert_eq!(
        (nowhere.problem().as_str(), nowhere.errors()),
        ("422 invalid", vec!["campaign_id".into()])
    );
    let unknown = format!("/v1/contacts/{NOBODY}/campaigns");
    assert_eq!(service.post(&unknown, body).await.problem(), "404 not_found");
    assert_eq!(service.get(&unknown).await.problem(), "404 not_found");
}

#[actix_web::test]
async fn campaigns_are_listed_page_by_page() {
    let service = Service::new();
    spring(&service).await;
    service.world.clock().tick();
    let news = format!("/v1/campaigns/{NOBODY}");
    service.put(&news, json!({"kind": "announcement", "name": "News"})).await;
    let first = service.get("/v1/campaigns?limit=1").await.json();
    assert_eq!(first["items"][0]["name"], "News");
    let next = first["next"].as_str().unwrap();
    let second = service.get(&format!("/v1/campaigns?limit=1&cursor={next}")).await.json();
    assert_eq!(
        (&second["items"][0]["name"], &second["next"]),
        (&json!("Spring sale"), &Value::Null)
    );
    assert_eq!(service.get("/v1/campaigns?cursor=x").await.errors(), ["cursor"]);
    let stranger = service.stranger();
    assert_eq!(service.send(request(&stranger, "GET", &news)).await.problem(), "404 not_found");
}
