//! Possible duplicates of an organisation over HTTP (R54).

use contacts_core::action::ActionService;
use serde_json::{Value, json};

use crate::support::Service;

fn id(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

async fn with_phone(service: &Service, name: &str) -> String {
    let path = service.contact(name, &format!("{name}@example.org")).await;
    service.patch(&path, json!({"phone": "+12025550101"})).await;
    id(&path)
}

async fn pairs(service: &Service, query: &str) -> Vec<Value> {
    service.get(&format!("/v1/duplicates{query}")).await.json()["items"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn pairs_are_listed_with_both_contacts_and_dismissed() {
    let service = Service::new();
    let (ann, bo) = (with_phone(&service, "Ann").await, with_phone(&service, "Bo").await);
    let found = pairs(&service, "").await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["strength"], &found[0]["reasons"]),
        (&json!("strong"), &json!(["phone"]))
    );
    assert_eq!((&found[0]["contact"]["id"], &found[0]["other"]["id"]), (&json!(ann), &json!(bo)));
    assert_eq!(found[0]["other"]["email"], "Bo@example.org");
    assert_eq!(pairs(&service, "?strength=medium").await, Vec::<Value>::new());
    assert_eq!(service.get("/v1/duplicates?strength=any").await.errors(), ["strength"]);

    let dismissal = |one: &str, other: &str| format!("/v1/duplicates/{one}/{other}/dismissal");
    let pair = dismissal(&bo, &ann);
    assert_eq!(service.send(service.request("PUT", &pair)).await.status, 204);
    assert_eq!(service.send(service.request("PUT", &pair)).await.status, 204, "again");
    assert_eq!(pairs(&service, "").await, Vec::<Value>::new());
    assert_eq!(service.delete(&pair).await.status, 204);
    assert_eq!(service.delete(&pair).await.status, 204, "again");
    assert_eq!(pairs(&service, "").await, found);
    let unknown = "019b7904-d100-7000-8000-00000000ffff";
    for (other, problem) in [(ann.as_str(), "422 invalid"), (unknown, "404 not_found")] {
        let pair = dismissal(&ann, other);
        assert_eq!(service.send(service.request("PUT", &pair)).await.problem(), problem);
        assert_eq!(service.delete(&pair).await.problem(), problem);
    }
}

#[actix_web::test]
async fn many_pairs_are_merged_as_one_action() {
    let service = Service::new();
    let mut ids = Vec::new();
    for name in ["A", "B", "C", "D"] {
        ids.push(id(&service.contact(name, &format!("{name}@example.org")).await));
    }
    let pair = |survivor: usize, other: usize| json!({"survivor_id": ids[survivor], "other_id": ids[other]});
    let gone = json!({"survivor_id": ids[3], "other_id": "019b7904-d100-7000-8000-00000000ffff"});
    let body = json!({"pairs": [pair(0, 1), pair(1, 2), gone]});
    let done = service.post("/v1/duplicates/merge", body).await;
    assert_eq!(done.status, 200, "{done:?}");
    let action = done.json();
    assert_eq!((&action["action"], &action["state"]), (&json!({"type": "merge"}), &json!("done")));
    let summary = json!({
        "changed": 2, "unchanged": 0, "skipped": 1, "skipped_by_reason": {"not_found": 1},
    });
    assert_eq!(action["summary"], summary);
    assert_eq!(service.get(done.header("location")).await.json()["summary"], summary);
    let runs = service.get("/v1/runs?kind=merge").await.json();
    assert_eq!(runs["items"].as_array().unwrap().len(), 1);
    for merged in [1, 2] {
        let old = service.get(&format!("/v1/contacts/{}", ids[merged])).await;
        assert_eq!(old.json()["contact_id"], json!(ids[0]));
    }
}

#[actix_web::test]
async fn many_merges_run_in_the_background() {
    let service = Service::new();
    let survivor = id(&service.contact("A", "a@example.org").await);
    let mut pairs = Vec::new();
    for n in 0..=ActionService::MERGES_AT_ONCE {
        let other = id(&service.contact("B", &format!("b{n}@example.org")).await);
        pairs.push(json!({"survivor_id": survivor, "other_id": other}));
    }
    let started = service.post("/v1/duplicates/merge", json!({"pairs": pairs})).await;
    assert_eq!(started.status, 202, "{started:?}");
    assert_eq!(started.json()["state"], "queued");
}

#[actix_web::test]
async fn pairs_that_cannot_be_merged_are_named() {
    let service = Service::new();
    let ann = id(&service.contact("Ann", "ann@example.org").await);
    let bo = id(&service.contact("Bo", "bo@example.org").await);
    let pair = |survivor: &str, other: &str| json!({"survivor_id": survivor, "other_id": other});
    for (pairs, errors) in [
        (json!([]), vec!["pairs"]),
        (json!([pair(&ann, &bo), pair(&ann, &ann)]), vec!["pairs[1].other_id"]),
        (json!([pair(&ann, &bo), pair(&ann, &bo)]), vec!["pairs[1].other_id"]),
    ] {
        let refused = service.post("/v1/duplicates/merge", json!({"pairs": pairs})).await;
        assert_eq!(
            (refused.problem(), refused.errors()),
            ("422 invalid".into(), errors.iter().map(ToString::to_string).collect())
        );
    }
}
