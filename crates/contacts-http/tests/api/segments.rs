//! Segments: saved filters with a name (R20).

use contacts_core::key::Scope;

use crate::support::{Service, edits_honour_if_match, request};
use serde_json::json;

async fn fans(service: &Service) -> String {
    let body = json!({"name": "Fans", "filter": {"tags_any": ["vip"], "created_last": "7d"}});
    let made = service.post("/v1/segments", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.json()["id"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_segment_is_saved_read_changed_and_deleted() {
    let service = Service::new();
    let id = fans(&service).await;
    let path = format!("/v1/segments/{id}");
    let read = service.get(&path).await.json();
    assert_eq!(read["name"], "Fans");
    assert_eq!(read["filter"], json!({"tags_any": ["vip"], "created_last": ["7d"]}));
    let changed = service.patch(&path, json!({"filter": {"q": "ann"}})).await.json();
    assert_eq!((&changed["name"], &changed["filter"]), (&json!("Fans"), &json!({"q": ["ann"]})));
    let list = service.get("/v1/segments?limit=1").await.json();
    let mut listed = changed.clone();
    listed["count"] = json!(null);
    assert_eq!(list["items"], json!([listed]));
    assert_eq!(service.delete(&path).await.status, 204);
    assert_eq!(service.get(&path).await.problem(), "404 not_found");
}

#[actix_web::test]
async fn a_segment_is_a_view_with_order_and_columns() {
    let service = Service::new();
    let columns = json!([{"key": "name", "width": 240}, {"key": "field.tier"}]);
    let body = json!({"name": "View", "filter": {}, "sort": "-name", "columns": columns});
    let made = service.post("/v1/segments", body).await.json();
    assert_eq!((&made["sort"], &made["private"]), (&json!("-name"), &json!(false)));
    let expected = json!([{"key": "name", "width": 240}, {"key": "field.tier", "width": null}]);
    assert_eq!(made["columns"], expected);
    let path = format!("/v1/segments/{}", made["id"].as_str().unwrap());
    let patch = json!({"columns": [{"key": "email"}], "sort": "created"});
    let changed = service.patch(&path, patch).await.json();
    assert_eq!((&changed["sort"], &changed["version"]), (&json!("created"), &json!(2)));
    assert_eq!(changed["columns"], json!([{"key": "email", "width": null}]));
    assert_eq!(service.get(&path).await.json(), changed);
    for (patch, error) in [
        (json!({"columns": [{"key": "colour"}]}), "columns[0].key"),
        (json!({"columns": [{"key": "name", "width": 3}]}), "columns[0].width"),
        (json!({"sort": "age"}), "sort"),
        (json!({"private": null}), "private"),
    ] {
        assert_eq!(service.patch(&path, patch).await.errors(), [error]);
    }
    assert_eq!(service.patch(&path, json!({"private": true})).await.problem(), "409 conflict");
}

#[actix_web::test]
async fn a_private_segment_is_its_owners_until_it_is_shared() {
    let service = Service::new();
    let other = service.key(&[Scope::Write]);
    let body = json!({"name": "Mine", "filter": {"q": "ann"}, "private": true});
    let made = service.post("/v1/segments", body).await.json();
    assert_eq!(made["private"], true);
    let path = format!("/v1/segments/{}", made["id"].as_str().unwrap());
    let names = async |token: &str| {
        let list = service.send(request(token, "GET", "/v1/segments")).await.json();
        list["items"].as_array().unwrap().len()
    };
    assert_eq!((names(&service.token).await, names(&other).await), (1, 0));
    for (method, body) in [("GET", None), ("DELETE", None), ("PATCH", Some(json!({"name": "x"})))] {
        let request = request(&other, method, &path);
        let request = body.into_iter().fold(request, |request, body| request.set_json(body));
        assert_eq!(service.send(request).await.problem(), "404 not_found", "{method}");
    }
    let shared = service.patch(&path, json!({"private": false})).await.json();
    assert_eq!(shared["private"], false);
    assert_eq!(names(&other).await, 1);
}

#[actix_web::test]
async fn administrators_change_private_segments_of_revoked_keys() {
    let service = Service::new();
    let admin = service.key(&[Scope::Admin]);
    let as_admin = |method, path: &str| request(&admin, method, path);
    let body = json!({"name": "Mine", "filter": {"q": "ann"}, "private": true});
    let made = service.post("/v1/segments", body).await.json();
    let path = format!("/v1/segments/{}", made["id"].as_str().unwrap());
    let orphaned =
        async || service.send(as_admin("GET", "/v1/segments?orphaned=true")).await.json();
    assert_eq!(orphaned().await["items"], json!([]));
    assert_eq!(service.send(as_admin("DELETE", &path)).await.problem(), "404 not_found");
    let writer = service.key(&[Scope::Write]);
    let refused = service.send(request(&writer, "GET", "/v1/segments?orphaned=true")).await;
    assert_eq!(refused.status, 403);

    let own = service.get("/v1/me").await.json()["actor"]["id"].as_str().unwrap().to_owned();
    let revoke = as_admin("DELETE", &format!("/v1/keys/{own}"));
    assert!(service.send(revoke).await.status.is_success());
    assert_eq!(orphaned().await["items"][0]["name"], "Mine");
    let renamed = service.send(as_admin("PATCH", &path).set_json(json!({"name": "Theirs"}))).await;
    assert_eq!(renamed.json()["name"], "Theirs");
    assert_eq!(service.send(request(&writer, "DELETE", &path)).await.problem(), "404 not_found");
    assert_eq!(service.send(as_admin("DELETE", &path)).await.status, 204);
    assert_eq!(orphaned().await["items"], json!([]));
}

#[actix_web::test]
async fn an_edit_of_a_stale_version_is_refused_with_the_current_segment() {
    let service = Service::new();
    let path = format!("/v1/segments/{}", fans(&service).await);
    let read = service.get(&path).await;
    let (one, other) = (json!({"name": "Friends"}), json!({"filter": {"q": "ann"}}));
    edits_honour_if_match(&service, &path, read.header("etag"), one, other).await;
}

#[actix_web::test]
async fn what_cannot_be_a_segment_is_refused_by_name() {
    let service = Service::new();
    let id = fans(&service).await;
    for (body, errors) in [
        (json!({"name": "", "filter": {}}), "name"),
        (json!({"name": "x"}), "filter"),
        (json!({"name": "x", "filter": {"colour": "red"}}), "filter.colour"),
        (json!({"name": "x", "filter": {"created_last": "7"}}), "filter.created_last"),
        (json!({"name": "x", "filter": {"field.tier": "set"}}), "filter.field.tier"),
        (json!({"name": "x", "filter": {"q": {}}}), "filter.q"),
        (json!({"name": "x", "filter": {"segment": id}}), "filter.segment"),
    ] {
        let answer = service.post("/v1/segments", body.clone()).await;
        assert_eq!(answer.problem(), "422 invalid", "{body}");
        assert_eq!(answer.errors(), [errors], "{body}");
    }
    let result = service.post("/v1/segments", json!({"name": "FANS", "filter": {}})).await;
    assert_eq!(result.problem(), "409 taken");
}

#[actix_web::test]
async fn a_segment_narrows_the_list_until_it_does_not_read_any_more() {
    let service = Service::new();
    service.post("/v1/fields", json!({"key": "tier", "label": "Tier", "type": "text"})).await;
    for (name, tier) in [("Ann", "pro"), ("Bo", "free")] {
        let email = format!("{name}@example.org");
        let body = json!({"name": name, "email": email, "custom": {"tier": tier}});
        assert_eq!(service.post("/v1/contacts", body).await.status, 201);
    }
    let body = json!({"name": "Pros", "filter": {"field.tier": "any_of:pro"}});
    let made = service.post("/v1/segments", body).await.json();
    let list = format!("/v1/contacts?segment={}", made["id"].as_str().unwrap());
    let found = service.get(&list).await.json();
    assert_eq!((&found["count"]["value"], &found["items"][0]["name"]), (&json!(1), &json!("Ann")));
    service.patch("/v1/fields/tier", json!({"archived": true})).await;
    let refused = service.get(&list).await;
    assert_eq!(
        (refused.problem().as_str(), refused.errors()),
        ("422 invalid", vec!["segment".to_owned()])
    );
    assert!(refused.json()["detail"].as_str().unwrap().contains("field.tier is archived"));
    let unknown = service.get("/v1/contacts?segment=7").await;
    assert_eq!(unknown.errors(), ["segment"]);
}

#[actix_web::test]
async fn the_contacts_of_segments_are_counted_in_one_request() {
    let service = Service::new();
    service.post("/v1/fields", json!({"key": "tier", "label": "Tier", "type": "text"})).await;
    for name in ["Ann", "Bo"] {
        service.contact(name, &format!("{name}@example.org")).await;
    }
    let gold = json!({"field.tier": ["is:gold"]});
    for (name, filter) in [("All", json!({})), ("Ann", json!({"q": "ann"})), ("Gold", gold)] {
        let made = service.post("/v1/segments", json!({"name": name, "filter": filter})).await;
        assert_eq!(made.status, 201, "{made:?}");
    }
    let counts = async || {
        let list = service.get("/v1/segments?counts=true").await.json();
        let items = list["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["count"].clone()).collect::<Vec<_>>()
    };
    let exact = |value: u64| json!({"value": value, "exact": true});
    assert_eq!(counts().await, [exact(2), exact(1), exact(0)]);
    // A filter that is no longer valid has no count.
    let archived = service.patch("/v1/fields/tier", json!({"archived": true})).await;
    assert_eq!(archived.status, 200, "{archived:?}");
    assert_eq!(counts().await, [exact(2), exact(1), json!(null)]);
    let list = service.get("/v1/segments").await.json();
    assert_eq!(list["items"][0]["count"], json!(null));
}
