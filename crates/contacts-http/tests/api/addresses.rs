//! Addresses of a contact over HTTP (R48).

use contacts_core::key::Scope;
use serde_json::json;

use crate::support::{Service, request};

#[actix_web::test]
async fn an_address_is_added_listed_made_primary_and_removed() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    let addresses = format!("{path}/addresses");
    let added = service.post(&addresses, json!({"email": " Ann@Work.example "})).await;
    assert_eq!((added.status.as_u16(), added.header("etag")), (201, "\"2\""));
    assert_eq!(added.json()["other_emails"], json!(["Ann@Work.example"]));
    let again = service.post(&addresses, json!({"email": "ann@work.example"})).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, added.json()));
    insta::assert_json_snapshot!(service.get(&addresses).await.json(), @r#"
    {
      "addresses": [
        {
          "added_at": "2026-01-01T10:00:00Z",
          "email": "ann@example.org",
          "is_primary": true,
          "source": "manual"
        },
        {
          "added_at": "2026-01-01T10:00:00Z",
          "email": "Ann@Work.example",
          "is_primary": false,
          "source": "manual"
        }
      ]
    }
    "#);
    let primary = service.delete(&format!("{addresses}/ANN@example.org")).await;
    assert_eq!(primary.problem(), "409 conflict");
    assert!(primary.json()["detail"].as_str().unwrap().contains("make another address primary"));
    let patched = service.patch(&path, json!({"email": "ann@work.example"})).await;
    assert_eq!(patched.json()["other_emails"], json!(["ann@example.org"]));
    let removed = service.delete(&format!("{addresses}/ANN%40example.org")).await;
    assert_eq!(removed.status, 204);
    assert_eq!(service.get(&path).await.json()["other_emails"], json!([]));
    for missing in ["ann@example.org", "nobody", "%00"] {
        let missing = service.delete(&format!("{addresses}/{missing}")).await;
        assert_eq!(missing.problem(), "404 not_found");
    }
}

#[actix_web::test]
async fn an_address_that_cannot_be_added_is_refused_with_the_reason() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    let bo = service.contact("Bo", "bo@example.org").await;
    let add = async |email: &str| {
        service.post(&format!("{ann}/addresses"), json!({"email": email})).await
    };
    let taken = add("BO@example.org").await;
    assert_eq!(taken.problem(), "409 email_taken");
    assert!(bo.ends_with(taken.json()["contact_id"].as_str().unwrap()));
    let invalid = add("nobody").await;
    assert_eq!(
        (invalid.problem().as_str(), invalid.errors()),
        ("422 invalid", vec!["email".into()])
    );
    for nth in 1..20 {
        assert_eq!(add(&format!("a{nth}@example.org")).await.status, 201);
    }
    let more = add("a20@example.org").await;
    assert_eq!((more.problem().as_str(), more.errors()), ("422 invalid", vec!["email".into()]));
    assert!(more.json().to_string().contains("remove one of them first"));
    let merged = service.post(&format!("{ann}/merge"), json!({"other_id": &bo[13..]})).await;
    assert_eq!(merged.problem(), "409 conflict");
}

#[actix_web::test]
async fn changes_of_addresses_honour_if_match() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    let addresses = format!("{path}/addresses");
    service.post(&addresses, json!({"email": "b@example.org"})).await;
    let add = service.request("POST", &addresses).insert_header(("if-match", "\"1\""));
    let stale = service.send(add.set_json(json!({"email": "c@example.org"}))).await;
    assert_eq!(stale.problem(), "412 stale");
    assert_eq!(stale.json()["current"]["other_emails"], json!(["b@example.org"]));
    let remove = |tag: &'static str| {
        let path = format!("{addresses}/b@example.org");
        service.send(service.request("DELETE", &path).insert_header(("if-match", tag)))
    };
    assert_eq!(remove("\"1\"").await.problem(), "412 stale");
    assert_eq!(remove("\"2\"").await.status, 204);
}

#[actix_web::test]
async fn a_contact_is_found_by_any_of_its_addresses() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    service.post(&format!("{path}/addresses"), json!({"email": "a+b@bücher.example"})).await;
    let ann = service.get(&path).await;
    for text in ["ann@example.org", "ANN%40Example.org", "a%2Bb@xn--bcher-kva.example"] {
        let found = service.get(&format!("/v1/contacts/by-email/{text}")).await;
        assert_eq!((found.status.as_u16(), found.json()), (200, ann.json()), "{text}");
        assert_eq!(found.header("etag"), ann.header("etag"));
    }
    let find = async |token: &str, text: &str| {
        service.send(request(token, "GET", &format!("/v1/contacts/by-email/{text}"))).await
    };
    assert_eq!(find(&service.token, "eve@example.org").await.problem(), "404 not_found");
    assert_eq!(find(&service.token, "nobody").await.problem(), "422 invalid");
    let stranger = service.stranger();
    assert_eq!(find(&stranger, "ann@example.org").await.problem(), "404 not_found");
    let widget = service.key(&[Scope::Capture]);
    assert_eq!(find(&widget, "ann@example.org").await.status, 403);
    let listed = service.send(request(&stranger, "GET", &format!("{path}/addresses"))).await;
    assert_eq!(listed.problem(), "404 not_found");
}
