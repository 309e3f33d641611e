//! Custom fields over HTTP.

use crate::support::{Service, edits_honour_if_match, request};
use contacts_core::key::Scope;
use serde_json::{Value, json};

fn keys(json: &Value) -> Vec<&str> {
    json["items"].as_array().unwrap().iter().map(|f| f["key"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_field_is_defined_changed_and_used() {
    let service = Service::new();
    let tier =
        json!({"key": "tier", "label": "Tier", "type": "select", "options": ["free", "pro"]});
    let made = service.post("/v1/fields", tier.clone()).await;
    assert_eq!(made.status, 201);
    insta::assert_json_snapshot!(made.json(), @r#"
    {
      "archived": false,
      "key": "tier",
      "label": "Tier",
      "options": [
        "free",
        "pro"
      ],
      "position": 0,
      "searchable": false,
      "type": "select",
      "version": 1
    }
    "#);
    assert_eq!(service.post("/v1/fields", tier).await.problem(), "409 taken");
    let ann = service.contact("Ann", "ann@example.org").await;
    let set = service.patch(&ann, json!({"custom": {"tier": "PRO"}})).await;
    assert_eq!(set.json()["custom"], json!({"tier": "pro"}));
    let errors = service.patch(&ann, json!({"custom": {"tier": "gold"}})).await;
    assert_eq!(errors.errors(), ["custom.tier"]);
    let changed =
        service.patch("/v1/fields/tier", json!({"label": "Plan", "archived": true})).await;
    assert_eq!(
        (&changed.json()["label"], &changed.json()["archived"]),
        (&json!("Plan"), &json!(true))
    );
    let retyped = service.patch("/v1/fields/tier", json!({"type": "number"})).await;
    assert_eq!(retyped.problem(), "409 conflict");
}

#[actix_web::test]
async fn a_searchable_field_finds_contacts_by_its_values() {
    let service = Service::new();
    let field = json!({"key": "company", "label": "Company", "type": "text", "searchable": true});
    assert_eq!(service.post("/v1/fields", field).await.json()["searchable"], json!(true));
    let ann = service.contact("Ann", "ann@example.org").await;
    service.patch(&ann, json!({"custom": {"company": "Müller Werke"}})).await;
    let found = service.get("/v1/contacts?q=muller").await;
    assert_eq!(found.json()["items"][0]["name"], json!("Ann"));
    let hidden = service.patch("/v1/fields/company", json!({"searchable": false})).await;
    assert_eq!(hidden.json()["version"], json!(2));
    assert_eq!(service.get("/v1/contacts?q=muller").await.json()["items"], json!([]));
    let born = json!({"key": "born", "label": "Born", "type": "date", "searchable": true});
    assert_eq!(service.post("/v1/fields", born).await.errors(), ["searchable"]);
    let null = service.patch("/v1/fields/company", json!({"searchable": null})).await;
    assert_eq!(null.errors(), ["searchable"]);
}

#[actix_web::test]
async fn a_field_is_read_with_its_entity_tag() {
    let service = Service::new();
    let body = json!({"key": "tier", "label": "Tier", "type": "text"});
    let made = service.post("/v1/fields", body).await;
    let read = service.get("/v1/fields/tier").await;
    assert_eq!((read.status.as_u16(), read.json()), (200, made.json()));
    assert_eq!(read.header("etag"), made.header("etag"));
    let archived = service.patch("/v1/fields/tier", json!({"archived": true})).await;
    let read = service.get("/v1/fields/tier").await;
    assert_eq!((read.json(), read.header("etag")), (archived.json(), archived.header("etag")));
    for unknown in ["/v1/fields/plan", "/v1/fields/Tier", "/v1/fields/order"] {
        assert_eq!(service.get(unknown).await.problem(), "404 not_found", "{unknown}");
    }
    let stranger = service.stranger();
    let other = service.send(request(&stranger, "GET", "/v1/fields/tier")).await;
    assert_eq!(other.problem(), "404 not_found");
}

#[actix_web::test]
async fn an_edit_of_a_stale_version_is_refused_with_the_current_field() {
    let service = Service::new();
    let body = json!({"key": "tier", "label": "Tier", "type": "text"});
    let made = service.post("/v1/fields", body).await;
    edits_honour_if_match(
        &service,
        "/v1/fields/tier",
        made.header("etag"),
        json!({"label": "Plan"}),
        json!({"archived": true}),
    )
    .await;
}

#[actix_web::test]
async fn fields_stand_in_the_order_that_is_given() {
    let service = Service::new();
    for key in ["one", "two", "order"] {
        let field = json!({"key": key, "label": key, "type": "text"});
        assert_eq!(service.post("/v1/fields", field).await.status, 201);
    }
    let ordered = service.put("/v1/fields/order", json!({"keys": ["order", "one"]})).await;
    assert_eq!(keys(&ordered.json()), ["order", "one", "two"]);
    assert_eq!(keys(&service.get("/v1/fields").await.json()), ["order", "one", "two"]);
    // The key of a field may be the same as a literal in a route.
    let patched = service.patch("/v1/fields/order", json!({"label": "Order"})).await;
    assert_eq!(patched.json()["label"], "Order");
    let errors = service.put("/v1/fields/order", json!({"keys": ["three"]})).await;
    assert_eq!(errors.errors(), ["keys"]);
}

#[actix_web::test]
async fn a_wrong_definition_is_refused_by_name() {
    let service = Service::new();
    for (body, errors) in [
        (json!({"key": "Tier", "label": "", "type": "text"}), vec!["key", "label"]),
        (json!({"key": "tier", "label": "Tier", "type": "colour"}), vec!["type"]),
        (json!({"key": "tier", "label": "Tier", "type": "select"}), vec!["options"]),
        (json!({"key": "tier", "label": "Tier"}), vec!["type"]),
    ] {
        assert_eq!(service.post("/v1/fields", body).await.errors(), errors);
    }
    assert_eq!(
        service.patch("/v1/fields/x", json!({"label": "X"})).await.problem(),
        "404 not_found"
    );
    assert_eq!(service.patch("/v1/fields/x", json!({"label": null})).await.errors(), ["label"]);
    assert_eq!(service.patch("/v1/fields/x", json!({"options": ["a"]})).await.errors(), ["type"]);
}

#[actix_web::test]
async fn only_an_admin_defines_fields() {
    let service = Service::new();
    let writer = service.key(&[Scope::Write]);
    assert_eq!(service.send(request(&writer, "GET", "/v1/fields")).await.status, 200);
    let define = request(&writer, "POST", "/v1/fields").set_json(json!({}));
    assert_eq!(service.send(define).await.problem(), "403 scope_missing");
}
