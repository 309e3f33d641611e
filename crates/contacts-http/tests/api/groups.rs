//! Groups of conditions over HTTP (R62): in the query, in bodies and in segments.

use serde_json::{Value, json};

use crate::support::Service;

/// Returns the names of the contacts of a list, sorted.
async fn names(service: &Service, query: &str) -> Vec<String> {
    let answer = service.get(&format!("/v1/contacts?sort=name&{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.json());
    let list = answer.json();
    let items = list["items"].as_array().unwrap();
    items.iter().map(|contact| contact["name"].as_str().unwrap().to_owned()).collect()
}

async fn filled() -> Service {
    let service = Service::new();
    for (name, email, tags) in [
        ("Ann", "ann@x.org", json!(["vip"])),
        ("Bo", "bo@y.org", json!([])),
        ("Cy", "cy@y.org", json!(["x"])),
    ] {
        let body = json!({"name": name, "email": email, "tags": tags});
        assert_eq!(service.post("/v1/contacts", body).await.status, 201);
    }
    service
}

/// Returns the number of contacts that a filter selects.
async fn selected(service: &Service, filter: Value) -> u64 {
    let answer = service.post("/v1/selections", json!({"filter": filter})).await;
    assert!(answer.status.is_success(), "{filter}: {}", answer.json());
    answer.json()["count"].as_u64().unwrap()
}

#[actix_web::test]
async fn a_query_combines_conditions_by_any_all_and_not() {
    let service = filled().await;
    for (query, expected) in [
        ("group=any(tags_any=vip,q=bo)", &["Ann", "Bo"][..]),
        ("group=not(email_domain=y.org)", &["Ann"]),
        ("group=not(tagged=true)", &["Bo"]),
        ("group=any(all(email_domain=y.org,tagged=true),q=ann)", &["Ann", "Cy"]),
        ("group=any(tags_any=%22vip,x%22)&group=not(q=ann)", &["Cy"]),
        ("email_domain=y.org&group=not(any(q=cy,q=ann))", &["Bo"]),
        ("mailed=false&incomplete=false", &["Ann", "Bo", "Cy"]),
        ("delivery=opened", &[]),
        ("conversation_last=7d", &[]),
    ] {
        assert_eq!(names(&service, query).await, expected, "{query}");
    }
}

#[actix_web::test]
async fn a_body_combines_filters_by_members() {
    let service = filled().await;
    for (filter, expected) in [
        (json!({"any": [{"tags_any": ["vip"]}, {"q": "bo"}]}), 2),
        (json!({"not": {"email_domain": "y.org"}}), 1),
        (json!({"any": [{"email_domain": "y.org", "tagged": true}, {"q": "ann"}]}), 2),
        (json!({"all": [{"email_domain": "y.org"}, {"not": {"q": "cy"}}]}), 1),
        (json!({"not": {"any": [{"q": "cy"}, {"all": [{"q": "ann"}, {"reachable": true}]}]}}), 1),
        (json!({"email_domain": "y.org", "group": "not(q=cy)"}), 1),
        (json!({"any": [{"tags_any": ["vip", "x"]}, {"q": "nobody, (or) \"none\""}]}), 2),
    ] {
        assert_eq!(selected(&service, filter.clone()).await, expected, "{filter}");
    }
}

#[actix_web::test]
async fn a_segment_keeps_groups_as_text() {
    let service = filled().await;
    let body = json!({"name": "Some", "filter": {"any": [{"tags_any": ["vip"]}, {"q": "bo", "reachable": true}]}});
    let made = service.post("/v1/segments", body).await.json();
    let text = "any(tags_any=vip,all(q=bo,reachable=true))";
    assert_eq!(made["filter"], json!({"group": [text]}));
    let id = made["id"].as_str().unwrap();
    assert_eq!(names(&service, &format!("segment={id}")).await, ["Ann", "Bo"]);
    assert_eq!(names(&service, &format!("group=not(segment={id})")).await, ["Cy"]);
    let copy = json!({"name": "Copy", "filter": made["filter"]});
    assert_eq!(service.post("/v1/segments", copy).await.json()["filter"], made["filter"]);
}

#[actix_web::test]
async fn an_unusable_group_is_refused_by_name() {
    let service = filled().await;
    for group in [
        "any(",
        "some(q=a)",
        "any(colour=red)",
        "any(q=)",
        "not(not(not(not(q=a))))",
        "q=a",
        "any(group=any(q=a))",
    ] {
        let answer = service.get(&format!("/v1/contacts?group={group}")).await;
        assert_eq!(
            (&*answer.problem(), answer.errors()),
            ("422 invalid", vec!["group".to_owned()]),
            "{group}"
        );
    }
    let answer = service.post("/v1/selections", json!({"filter": {"any": [{}]}})).await;
    assert_eq!(answer.errors(), ["filter.group"]);
    for (filter, place) in [
        (json!({"any": {"q": "a"}}), "filter.any"),
        (json!({"not": [{"q": "a"}]}), "filter.not"),
        (json!({"all": [{"q": {}}]}), "filter.all[0].q"),
        (json!({"any": []}), "filter.any"),
        (json!({"all": []}), "filter.all"),
        (json!({"any": [{"q": "a"}, {"any": []}]}), "filter.any[1].any"),
        (json!({"tags_any": []}), "filter.tags_any"),
    ] {
        let answer = service.post("/v1/selections", json!({"filter": filter})).await;
        assert_eq!(answer.errors(), [place]);
    }
}
