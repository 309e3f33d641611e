//! The consent of a contact over HTTP (R51).

use contacts_core::key::Scope;
use serde_json::{Value, json};

use crate::support::{Service, request};

/// The scopes of an editor.
const EDITOR: [Scope; 2] = [Scope::Read, Scope::Write];

async fn put(service: &Service, token: &str, path: &str, body: Value) -> crate::support::Answer {
    service.send(request(token, "PUT", path).set_json(body)).await
}

#[actix_web::test]
async fn a_contact_is_unsubscribed_with_reason_time_actor_and_note() {
    let service = Service::new();
    let contact = service.contact("Ann", "ann@example.org").await;
    let path = format!("{contact}/consent");
    let none =
        json!({"state": "subscribed", "reason": null, "at": null, "actor": null, "note": null});
    assert_eq!(service.get(&path).await.json(), none);
    let etag = service.get(&contact).await.header("etag").to_owned();
    let body = json!({"state": "unsubscribed", "reason": "asked", "note": "On the phone"});
    let done = service.put(&path, body).await;
    assert_eq!(done.status, 200);
    let consent = done.json();
    assert_eq!(service.get(&path).await.json(), consent);
    assert_eq!(
        (&consent["state"], &consent["note"]),
        (&json!("unsubscribed"), &json!("On the phone"))
    );
    assert_eq!((&consent["reason"], &consent["actor"]["kind"]), (&json!("asked"), &json!("key")));
    // The record and the list contain it, without the note, and a cached record is out of date.
    let summary = json!({"state": "unsubscribed", "reason": "asked", "at": consent["at"]});
    let read = service.get(&contact).await;
    assert_ne!(read.header("etag"), etag);
    assert_eq!(read.json()["consent"], summary);
    let list = service.get("/v1/contacts?subscribed=false").await.json();
    assert_eq!(list["items"][0]["consent"], summary);
    assert_eq!(service.get("/v1/contacts?subscribed=true").await.json()["items"], json!([]));
    assert_eq!(service.get("/v1/contacts?subscribed=no").await.errors(), ["subscribed"]);
    // The first unsubscribe is kept.
    let again = service.put(&path, json!({"state": "unsubscribed", "reason": "complained"})).await;
    assert_eq!(again.json(), consent);
}

#[actix_web::test]
async fn only_an_administrator_with_a_note_subscribes_a_contact_again() {
    let service = Service::new();
    let editor = service.key(&EDITOR);
    let contact = service.contact("Ann", "ann@example.org").await;
    let path = format!("{contact}/consent");
    let agreed = json!({"state": "subscribed", "note": "Signed the form"});
    assert_eq!(put(&service, &editor, &path, json!({"state": "unsubscribed"})).await.status, 200);
    assert_eq!(put(&service, &editor, &path, agreed.clone()).await.problem(), "403 scope_missing");
    let reader = service.key(&[Scope::Read]);
    assert_eq!(put(&service, &reader, &path, agreed.clone()).await.problem(), "403 scope_missing");
    for note in [json!(null), json!("  "), json!("x".repeat(1_001))] {
        let refused = service.put(&path, json!({"state": "subscribed", "note": note})).await;
        assert_eq!(
            (refused.problem(), refused.errors()),
            ("422 invalid".to_owned(), vec!["note".to_owned()])
        );
    }
    let raised = service.put(&path, agreed).await;
    assert_eq!((raised.status.as_u16(), &raised.json()["state"]), (200, &json!("subscribed")));
    let activity = service.get(&format!("{contact}/activity")).await.json();
    let newest = &activity["items"][0];
    assert_eq!(
        (&newest["kind"], &newest["note"]),
        (&json!("consent_changed"), &json!("Signed the form"))
    );
    assert_eq!(
        (&activity["items"][1]["state"], &activity["items"][1]["reason"]),
        (&json!("unsubscribed"), &json!("asked"))
    );
}

#[actix_web::test]
async fn a_wrong_change_names_its_parts() {
    let service = Service::new();
    let path = format!("{}/consent", service.contact("Ann", "ann@example.org").await);
    for (body, errors) in [
        (json!({"state": "maybe"}), vec!["state"]),
        (json!({"state": "unsubscribed", "reason": "imported"}), vec!["reason"]),
        (json!({"state": "unsubscribed", "reason": "x", "note": ""}), vec!["note", "reason"]),
        (json!({"state": "subscribed", "reason": "asked", "note": "x"}), vec!["reason"]),
    ] {
        assert_eq!(service.put(&path, body).await.errors(), errors);
    }
    let unknown = "/v1/contacts/019b7904-d100-7000-8000-00000000ffff/consent";
    assert_eq!(service.get(unknown).await.problem(), "404 not_found");
    assert_eq!(
        service.put(unknown, json!({"state": "unsubscribed"})).await.problem(),
        "404 not_found"
    );
    let stranger = service.stranger();
    assert_eq!(
        put(&service, &stranger, &path, json!({"state": "unsubscribed"})).await.problem(),
        "404 not_found"
    );
}

#[actix_web::test]
async fn contacts_are_unsubscribed_in_bulk() {
    let service = Service::new();
    let contact = service.contact("Ann", "ann@example.org").await;
    let id = contact.rsplit('/').next().unwrap();
    let body = json!({"ids": [id], "action": {"type": "unsubscribe"}});
    let done = service.post("/v1/actions", body).await.json();
    assert_eq!(
        (&done["action"], &done["summary"]["changed"]),
        (&json!({"type": "unsubscribe"}), &json!(1))
    );
    assert_eq!(service.get(&contact).await.json()["consent"]["reason"], "asked");
}
