//! Batches and upserts over HTTP (R55).

use contacts_core::key::Scope;
use serde_json::{Value, json};

use crate::support::{Answer, Service, request};

async fn batch(service: &Service, body: Value) -> Answer {
    service.post("/v1/contacts/batch", body).await
}

async fn field(service: &Service) {
    let tier = json!({"key": "tier", "label": "Tier", "type": "number"});
    assert_eq!(service.post("/v1/fields", tier).await.status, 201);
}

async fn count(service: &Service) -> Value {
    service.get("/v1/contacts").await.json()["count"]["value"].clone()
}

#[actix_web::test]
async fn items_are_answered_by_index() {
    let service = Service::new();
    field(&service).await;
    let ann = service.contact("Ann", "ann@example.org").await;
    let bo = service.contact("Bo", "bo@example.org").await;
    let items = json!([
        {"external_id": "1", "name": "Cy", "email": "cy@example.org", "tags": ["VIP"]},
        {"email": "ANN@example.org", "phone": "1", "custom": {"tier": 3}},
        {"email": "bo@example.org", "name": null, "phone": "", "custom": {"tier": null}},
        {"email": "nobody", "name": "\u{1}", "tags": ["a,b"], "custom": {"tier": "x", "none": 1}},
        {"id": "17", "name": "Di"},
        {"id": &ann[13..], "email": "bo@example.org"},
        {"id": "0197a1b2-0000-7000-8000-000000000000", "name": "Di"},
        {"external_id": "1", "name": "Cyril"},
        {"external_id": "2"},
        {"name": "Eve"},
    ]);
    let answer = batch(&service, json!({"items": items})).await;
    assert_eq!(answer.status, 200);
    let results = answer.json()["results"].as_array().unwrap().clone();
    let indexes: Vec<_> = results.iter().map(|result| result["index"].as_u64().unwrap()).collect();
    assert_eq!(indexes, (0..10).collect::<Vec<_>>());
    let shown = |result: &Value| {
        let fields = result["errors"].as_array().cloned().unwrap_or_default();
        let fields: Vec<_> = fields.iter().map(|e| e["field"].as_str().unwrap()).collect();
        let status = result["status"].as_str().unwrap();
        format!("{status} {}{}", result["reason"].as_str().unwrap_or_default(), fields.join(" "))
    };
    insta::assert_json_snapshot!(results.iter().map(shown).collect::<Vec<_>>(), @r#"
    [
      "created ",
      "updated ",
      "unchanged ",
      "invalid name email tags[0] custom.none custom.tier",
      "invalid id",
      "skipped ambiguous",
      "skipped not_found",
      "updated ",
      "skipped no_name_or_email",
      "created "
    ]
    "#);
    assert_eq!(results[1]["id"], ann[13..]);
    assert_eq!(results[2]["id"], bo[13..]);
    assert_eq!(results[7]["id"], results[0]["id"]);
    let like_post = json!({"name": "Di", "email": "nobody"});
    let problem = service.post("/v1/contacts", like_post).await.json();
    assert_eq!(results[3]["errors"][1], problem["errors"][0]);
    let cy = service.get("/v1/contacts/by-external-id/1").await.json();
    assert_eq!(
        (&cy["name"], &cy["tags"], &cy["version"]),
        (&json!("Cyril"), &json!(["VIP"]), &json!(2))
    );
    let ann = service.get(&ann).await.json();
    assert_eq!((&ann["phone"], &ann["custom"]), (&json!("1"), &json!({"tier": 3})));
    assert_eq!(count(&service).await, 4);
}

#[actix_web::test]
async fn the_policy_and_the_key_decide() {
    let service = Service::new();
    service.contact("Ann", "ann@example.org").await;
    let outcome = async |rest: Value| {
        let mut body =
            json!({"items": [{"external_id": "9", "name": "A", "email": "ann@example.org"}]});
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        let result = batch(&service, body).await.json()["results"][0].clone();
        let reason = result["reason"].as_str().or(result["errors"][0]["field"].as_str());
        format!("{} {}", result["status"].as_str().unwrap(), reason.unwrap_or_default())
    };
    assert_eq!(outcome(json!({"policy": "add_only"})).await, "skipped already_known");
    assert_eq!(outcome(json!({"match": "external_id"})).await, "skipped ambiguous");
    let item = json!({"external_id": "9", "email": "ann@example.org"});
    let body = json!({"match": "external_id", "items": [item]});
    let result = batch(&service, body).await.json()["results"][0].clone();
    assert_eq!(
        result["detail"],
        "the contact with its email address does not have its external id"
    );
    assert_eq!(outcome(json!({"match": "id"})).await, "invalid id");
    assert_eq!(outcome(json!({"match": "email", "policy": "fill_blanks"})).await, "updated ");
    let ann = service.get("/v1/contacts/by-external-id/9").await.json();
    assert_eq!(ann["name"], "Ann");
    assert_eq!(outcome(json!({"policy": "update_only"})).await, "updated ");
    assert_eq!(outcome(json!({"match": null, "policy": null})).await, "unchanged ");
}

#[actix_web::test]
async fn a_batch_that_cannot_be_read_is_refused() {
    let service = Service::new();
    for (body, field) in [
        (json!({"items": []}), "items"),
        (json!({"items": vec![json!({"name": "A"}); 1_001]}), "items"),
        (json!({}), "items"),
        (json!({"items": [{"name": "A"}], "match": "name"}), "match"),
        (json!({"items": [{"name": "A"}], "policy": "replace"}), "policy"),
        (json!({"items": [{"name": "A", "colour": "red"}]}), "items[0].colour"),
        (json!({"items": [{"name": 5}]}), "items[0].name"),
    ] {
        let refused = batch(&service, body).await;
        assert_eq!(
            (refused.problem().as_str(), refused.errors()),
            ("422 invalid", vec![field.to_owned()])
        );
    }
    let reader = service.key(&[Scope::Read]);
    let body = json!({"items": [{"name": "A"}]});
    let refused = request(&reader, "POST", "/v1/contacts/batch").set_json(&body);
    assert_eq!(service.send(refused).await.status, 403);
    assert_eq!(count(&service).await, 0);
}

#[actix_web::test]
async fn a_thousand_items_are_applied_once_under_one_key() {
    let service = Service::new();
    let item = |n: usize| json!({"external_id": n.to_string(), "name": format!("Person {n}")});
    let body = json!({"items": (0..1_000).map(item).collect::<Vec<_>>()});
    let send = async || {
        let request = service.request("POST", "/v1/contacts/batch");
        service.send(request.insert_header(("idempotency-key", "k")).set_json(&body)).await
    };
    let (first, repeat) = (send().await, send().await);
    assert_eq!(first.status, 200);
    assert_eq!(repeat.header("idempotency-replayed"), "true");
    assert_eq!(first.bytes, repeat.bytes);
    let results = first.json()["results"].as_array().unwrap().clone();
    assert!(results.iter().all(|result| result["status"] == "created"));
    assert_eq!((results.len(), count(&service).await), (1_000, json!(1_000)));
}

#[actix_web::test]
async fn an_address_upserts_its_contact() {
    let service = Service::new();
    let path = "/v1/contacts/by-email/Ann%2Bx%40example.org";
    let added = service.put(path, json!({"name": "Ann", "tags": ["vip"]})).await;
    assert_eq!(added.status, 201);
    let ann = added.json();
    assert_eq!(added.header("location"), format!("/v1/contacts/{}", ann["id"].as_str().unwrap()));
    assert_eq!((&ann["name"], &ann["email"]), (&json!("Ann"), &json!("Ann+x@example.org")));

    let unchanged = service.put(path, json!({"name": "Ann", "email": "ANN+x@example.org"})).await;
    assert_eq!((unchanged.status.as_u16(), unchanged.json()), (200, ann.clone()));
    assert_eq!(unchanged.header("etag"), added.header("etag"));
    let changed = service.put(path, json!({"external_id": "7", "phone": "1", "name": ""})).await;
    let now = service.get(added.header("location")).await;
    assert_eq!((changed.status.as_u16(), changed.json()), (200, now.json()));
    assert_eq!(changed.header("etag"), now.header("etag"));
    assert_eq!(changed.header("location"), "");
    assert_eq!((&now.json()["name"], &now.json()["external_id"]), (&json!("Ann"), &json!("7")));
    let renumbered = service.put(path, json!({"external_id": "8"})).await;
    assert_eq!(renumbered.json()["external_id"], "8");

    let refused = async |path: &str, body: Value| {
        let answer = service.put(path, body).await;
        format!("{} {}", answer.problem(), answer.errors().join(" "))
    };
    let other = json!({"email": "bo@example.org", "phone": "x".repeat(200)});
    assert_eq!(refused(path, other).await, "422 invalid phone email");
    assert_eq!(refused("/v1/contacts/by-email/nobody", json!({})).await, "422 invalid email");
    assert_eq!(refused(path, json!({"id": "1"})).await, "422 invalid id");
    assert_eq!(count(&service).await, 1);
}

#[actix_web::test]
async fn an_external_id_upserts_its_contact() {
    let service = Service::new();
    let path = "/v1/contacts/by-external-id/A%2F17%25";
    let refused = service.put(path, json!({"phone": "1"})).await;
    assert_eq!(
        (refused.problem().as_str(), refused.errors()),
        ("422 invalid", vec!["name".to_owned()])
    );
    let added = service.put(path, json!({"name": "Ann"})).await;
    assert_eq!((added.status.as_u16(), added.json()["external_id"].as_str()), (201, Some("A/17%")));
    for email in ["ann@example.org", "ann@work.example"] {
        assert_eq!(service.put(path, json!({"email": email})).await.status, 200);
    }
    let ann = service.get(path).await.json();
    assert_eq!(
        (&ann["email"], &ann["other_emails"]),
        (&json!("ann@work.example"), &json!(["ann@example.org"]))
    );

    let bo = service.contact("Bo", "bo@example.org").await;
    let taken = service.put(path, json!({"email": "BO@example.org"})).await;
    assert_eq!(taken.problem(), "409 email_taken");
    assert!(bo.ends_with(taken.json()["contact_id"].as_str().unwrap()));
    let taken =
        service.put("/v1/contacts/by-email/bo@example.org", json!({"external_id": "A/17%"}));
    let taken = taken.await;
    assert_eq!(
        (taken.problem().as_str(), &taken.json()["contact_id"]),
        ("409 external_id_taken", &ann["id"])
    );
    let differs = service.put(path, json!({"external_id": "a/17%"})).await;
    assert_eq!(differs.errors(), ["external_id"]);
    for nth in 2..20 {
        let email = format!("a{nth}@example.org");
        assert_eq!(service.put(path, json!({"email": email})).await.status, 200);
    }
    let full = service.put(path, json!({"email": "more@example.org"})).await;
    assert_eq!((full.problem().as_str(), full.errors()), ("422 invalid", vec!["email".to_owned()]));
    let stranger = service.stranger();
    let added = request(&stranger, "PUT", path).set_json(json!({"name": "Eve"}));
    assert_eq!(service.send(added).await.status, 201);
}

#[actix_web::test]
async fn an_upsert_takes_null() {
    let service = Service::new();
    let path = "/v1/contacts/by-external-id/A-1";
    let values = json!({"name": "Ann", "tags": null, "custom": null});
    let added = service.send(service.request("PUT", path).set_json(&values)).await;
    assert_eq!(added.status, 201, "{added:?}");
    let items =
        json!({"items": [{"name": "Bo", "email": "bo@example.org", "tags": null, "custom": null}]});
    assert_eq!(
        service.post("/v1/contacts/batch", items).await.json()["results"][0]["status"],
        "created"
    );
    let garbled = service.request("PUT", "/v1/contacts/by-external-id/%ff").set_json(&values);
    assert_eq!(service.send(garbled).await.problem(), "404 not_found");
}
