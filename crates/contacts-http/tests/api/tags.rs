//! Tags over HTTP.

use crate::support::{Service, request};
use serde_json::{Value, json};

async fn make(service: &Service, name: &str) -> String {
    let answer = service.post("/v1/tags", json!({"name": name})).await;
    format!("/v1/tags/{}", answer.json()["id"].as_str().unwrap())
}

#[actix_web::test]
async fn a_tag_is_made_once() {
    let service = Service::new();
    let made = service.post("/v1/tags", json!({"name": " Trade   show "})).await;
    assert_eq!((made.status.as_u16(), &made.json()["name"]), (201, &json!("Trade show")));
    let again = service.post("/v1/tags", json!({"name": "TRADE SHOW"})).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, made.json()));
    let errors = service.post("/v1/tags", json!({"name": "a,b"})).await;
    assert_eq!((errors.problem().as_str(), errors.errors()), ("422 invalid", vec!["name".into()]));
}

#[actix_web::test]
async fn tags_are_listed_with_their_counts_and_completed() {
    let service = Service::new();
    for (name, tags) in [("ann", vec!["VIP", "new"]), ("bob", vec!["vip"])] {
        let email = format!("{name}@example.org");
        service.post("/v1/contacts", json!({"name": name, "email": email, "tags": tags})).await;
    }
    let names = |json: Value| -> Vec<String> {
        let items = json["items"].as_array().unwrap();
        items.iter().map(|tag| format!("{} {}", tag["name"], tag["contacts"])).collect()
    };
    assert_eq!(names(service.get("/v1/tags").await.json()), ["\"new\" 1", "\"VIP\" 2"]);
    assert_eq!(names(service.get("/v1/tags?prefix=VI").await.json()), ["\"VIP\" 2"]);
    assert_eq!(service.get("/v1/tags?prefix=%00").await.errors(), ["prefix"]);
    let first = service.get("/v1/tags?limit=1").await.json();
    let next = first["next"].as_str().unwrap();
    let second = service.get(&format!("/v1/tags?limit=1&cursor={next}")).await.json();
    assert_eq!((names(second.clone()), &second["next"]), (vec!["\"VIP\" 2".into()], &Value::Null));
    assert_eq!(service.get("/v1/tags?prefiks=a").await.errors(), ["prefiks"]);
}

#[actix_web::test]
async fn renaming_says_whether_it_merged() {
    let service = Service::new();
    let (one, _other) = (make(&service, "One").await, make(&service, "Other").await);
    let renamed = service.patch(&one, json!({"name": "Only"})).await.json();
    assert_eq!((&renamed["outcome"], &renamed["tag"]["name"]), (&json!("renamed"), &json!("Only")));
    let stale = service.request("PATCH", &one).insert_header(("if-match", "\"1\""));
    let stale = service.send(stale.set_json(json!({"name": "Lonely"}))).await;
    assert_eq!(stale.problem(), "412 stale");
    assert_eq!(stale.json()["current"], renamed["tag"]);
    let merged = service.patch(&one, json!({"name": "OTHER"})).await.json();
    assert_eq!((&merged["outcome"], &merged["tag"]["name"]), (&json!("merged"), &json!("Other")));
    assert_eq!(service.get(&one).await.problem(), "404 not_found");
}

#[actix_web::test]
async fn a_deleted_tag_comes_off_every_contact() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    service.post(&format!("{ann}/tags"), json!({"add": ["VIP"]})).await;
    let tag = make(&service, "VIP").await;
    assert_eq!(service.delete(&tag).await.status, 204);
    assert_eq!(service.get(&ann).await.json()["tags"], json!([]));
    assert_eq!(service.delete(&tag).await.problem(), "404 not_found");
}

#[actix_web::test]
async fn another_organisations_tag_is_not_there() {
    let service = Service::new();
    let tag = make(&service, "VIP").await;
    let stranger = service.stranger();
    for method in ["GET", "DELETE"] {
        let answer = service.send(request(&stranger, method, &tag)).await;
        assert_eq!(answer.problem(), "404 not_found");
    }
    assert_eq!(service.get(&tag).await.status, 200);
}
