//! The list of contacts: pages, filters, and refused requests.

use crate::support::{Answer, Service};
use serde_json::{Value, json};
use uuid::Uuid;

/// Creates three contacts: Ann (VIP, tier pro, score 10), Bob (VIP, new), Cem.
async fn people() -> Service {
    let service = Service::new();
    let field = |key: &str, kind: &str| json!({"key": key, "label": key, "type": kind});
    service.post("/v1/fields", field("tier", "text")).await;
    service.post("/v1/fields", field("score", "number")).await;
    for body in [
        json!({"name": "Ann", "email": "ann@example.org", "tags": ["VIP"],
               "custom": {"tier": "pro", "score": 10}}),
        json!({"name": "Bob", "email": "bob@example.org", "tags": ["VIP", "new"],
               "custom": {"score": 9.5}}),
        json!({"name": "Cem", "email": "cem@example.org"}),
    ] {
        assert_eq!(service.post("/v1/contacts", body).await.status, 201);
        service.world.clock().advance(std::time::Duration::from_secs(86_400));
    }
    service
}

fn names(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let items = json["items"].as_array().unwrap_or_else(|| panic!("{json}"));
    items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn filters_find_whom_they_mean() {
    let service = people().await;
    for (query, expected) in [
        ("", "Cem Bob Ann"),
        ("sort=name", "Ann Bob Cem"),
        ("sort=-email", "Cem Bob Ann"),
        ("q=BOB+exam", "Bob"),
        ("q=%25", ""),
        ("tags_any=vip", "Bob Ann"),
        ("tags_all=vip,NEW", "Bob"),
        ("tags_none=new", "Cem Ann"),
        ("tags_any=vip&tags_none=new", "Ann"),
        ("source=manual", "Cem Bob Ann"),
        ("source=csv_import", ""),
        ("source=csv_import&source=manual", "Cem Bob Ann"),
        ("source=manual:019b7904-d100-7000-8000-00000000ffff", ""),
        ("source_from=2026-01-02T00:00:00Z", "Cem Bob"),
        ("source=manual&source_until=2026-01-02T00:00:00%2B00:00", "Ann"),
        ("created_from=2026-01-02T00:00:00Z&created_until=2026-01-03T00:00:00Z", "Bob"),
        ("created_from=2026-01-02&created_until=2026-01-02", "Bob"),
        ("updated_until=2026-01-02&time_zone=Europe/Berlin", "Bob Ann"),
        ("created_last=1d", "Cem"),
        ("created_last=2d&time_zone=Europe/Berlin", "Cem Bob"),
        ("updated_last=7d", "Cem Bob Ann"),
        ("reachable=true", "Cem Bob Ann"),
        ("reachable=false", ""),
        ("field.tier=set", "Ann"),
        ("field.tier=unset", "Cem Bob"),
        ("field.tier=any_of:pro,free", "Ann"),
        ("field.tier=none_of:pro", "Cem Bob"),
        ("field.tier=contains:PR", "Ann"),
        ("field.tier=is:pro", "Ann"),
        ("field.tier=is_not:pro", "Cem Bob"),
        ("field.tier=starts_with:P", "Ann"),
        ("field.tier=ends_with:p", ""),
        ("field.tier=ends_with:RO", "Ann"),
        ("created_in=this_year&time_zone=Europe/Berlin", "Cem Bob Ann"),
        ("created_in=yesterday", "Cem"),
        ("field.score=at_least:10", "Ann"),
        ("field.score=less:10", "Bob"),
        ("field.score=greater:9&field.score=at_most:9.5", "Bob"),
    ] {
        let answer = service.get(&format!("/v1/contacts?{query}")).await;
        assert_eq!(names(&answer).join(" "), expected, "{query}");
    }
}

#[actix_web::test]
async fn contacts_are_found_by_their_ids() {
    let service = people().await;
    let items = service.get("/v1/contacts?sort=name").await.json()["items"].clone();
    let id = |at: usize| items[at]["id"].as_str().unwrap().to_owned();
    let listed = service.get(&format!("/v1/contacts?ids={},{}&tags_none=new", id(0), id(1))).await;
    assert_eq!(names(&listed), ["Ann"]);
    let unknown = "019b7904-d100-7000-8000-00000000ffff";
    let got = service.post("/v1/contacts/get", json!({"ids": [unknown, id(2), id(0)]})).await;
    assert_eq!(names(&got), ["Ann", "Cem"]);
    assert_eq!(got.json()["missing"], json!([unknown]));
    assert_eq!(got.json()["items"][0]["tags"], json!(["VIP"]));
    let merge = format!("/v1/contacts/{}/merge", id(0));
    assert_eq!(service.post(&merge, json!({"other_id": id(2)})).await.status, 200);
    let got = service.post("/v1/contacts/get", json!({"ids": [unknown, id(2)]})).await;
    assert_eq!(names(&got), ["Ann"], "the survivor stands for the merged contact");
    assert_eq!(got.json()["merged"], json!([{"id": id(2), "contact_id": id(0)}]));
    assert_eq!(got.json()["missing"], json!([unknown]));
    for ids in [json!([]), json!((0..201).map(Uuid::from_u128).collect::<Vec<_>>())] {
        let refused = service.post("/v1/contacts/get", json!({"ids": ids})).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.json()["errors"][0]["field"], "ids");
    }
}

#[actix_web::test]
async fn an_unusable_filter_is_refused_by_name() {
    let service = people().await;
    for (query, errors) in [
        ("colour=red", "colour"),
        ("q=a&q=b", "q"),
        ("source=mail", "source"),
        ("source=chat:7", "source"),
        ("tags_any=", "tags_any"),
        ("tags_all=a,,b", "tags_all"),
        ("created_from=yesterday", "created_from"),
        ("created_from=2026-01-02T00:00:00Z&created_until=2026-01-01T00:00:00Z", "created_until"),
        ("created_from=2026-01-02&created_until=2026-01-01", "created_until"),
        ("updated_from=2026-02-30", "updated_from"),
        ("ids=7", "ids"),
        ("created_last=7", "created_last"),
        ("created_last=0d", "created_last"),
        ("created_last=9999d", "created_last"),
        ("created_last=7d&created_from=2026-01-02T00:00:00Z", "created_last"),
        ("created_last=7d&time_zone=Mars/Base", "time_zone"),
        ("reachable=yes", "reachable"),
        ("field.colour=set", "field.colour"),
        ("created_in=tomorrow", "created_in"),
        ("field.tier=at_least:a", "field.tier"),
        ("field.score=at_least:ten", "field.score"),
        ("field.score=", "field.score"),
        ("field.tier=contains:%00", "field.tier"),
        ("sort=age", "sort"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("cursor=abc", "cursor"),
        ("count=all", "count"),
    ] {
        let answer = service.get(&format!("/v1/contacts?{query}")).await;
        assert_eq!(answer.problem(), "422 invalid", "{query}");
        assert_eq!(answer.errors(), [errors], "{query}");
    }
    let answer = service.get("/v1/contacts?limit=0&colour=red&reachable=yes").await;
    assert_eq!(answer.errors(), ["reachable", "limit", "colour"]);
}

#[actix_web::test]
async fn pages_follow_each_other_and_the_first_is_counted() {
    let service = people().await;
    let first = service.get("/v1/contacts?limit=2&sort=name").await;
    assert_eq!(names(&first), ["Ann", "Bob"]);
    assert_eq!(first.json()["count"], json!({"value": 3, "exact": true}));
    let next = first.json()["next"].as_str().unwrap().to_owned();
    let second = service.get(&format!("/v1/contacts?limit=2&sort=name&cursor={next}")).await;
    assert_eq!(names(&second), ["Cem"]);
    assert_eq!((&second.json()["next"], &second.json()["count"]), (&Value::Null, &Value::Null));
    let counted = format!("/v1/contacts?limit=2&sort=name&count=exact&cursor={next}");
    assert_eq!(service.get(&counted).await.json()["count"]["value"], 3);
    let bare = service.get("/v1/contacts?limit=2&count=none").await;
    assert_eq!(bare.json()["count"], Value::Null);
    let other = service.get(&format!("/v1/contacts?sort=created&cursor={next}")).await;
    assert_eq!(other.errors(), ["cursor"]);
}
