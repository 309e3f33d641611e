//! Merging contacts over HTTP.

use serde_json::json;

use crate::support::{Answer, Service};

fn id(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

async fn merge(service: &Service, path: &str, other: &str) -> Answer {
    service.post(&format!("{path}/merge"), json!({"other_id": id(other)})).await
}

#[actix_web::test]
async fn the_survivor_takes_what_it_lacks_and_the_old_id_leads_to_it() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    let twin = service.contact("Ann Lee", "a.lee@example.org").await;
    service.patch(&twin, json!({"phone": "12"})).await;
    service.post(&format!("{twin}/tags"), json!({"add": ["VIP"]})).await;
    let merged = merge(&service, &ann, &twin).await;
    assert_eq!(merged.status, 200, "{merged:?}");
    let json = merged.json();
    assert_eq!(json["contact"]["name"], "Ann");
    assert_eq!(json["contact"]["phone"], "12");
    let phone = json!({"field": "phone", "from": null, "to": "12"});
    let addresses = json!({"field": "addresses", "from": null, "to": "a.lee@example.org"});
    assert_eq!(json["changes"], json!([phone, addresses]));
    assert_eq!(json["contact"]["other_emails"], json!(["a.lee@example.org"]));
    assert_eq!(json["tags"], json!(["VIP"]));
    assert_eq!(service.get(&ann).await.header("etag"), merged.header("etag"));

    let old = service.get(&twin).await;
    assert_eq!(old.problem(), "308 merged");
    assert_eq!((old.header("location"), &old.json()["contact_id"]), (&*ann, &json!(id(&ann))));
    for (path, method) in
        [("/activity?limit=2", "GET"), ("/sources", "GET"), ("/campaigns", "GET"), ("", "DELETE")]
    {
        let answer = service.send(service.request(method, &format!("{twin}{path}"))).await;
        assert_eq!(answer.problem(), "308 merged");
        assert_eq!(answer.header("location"), format!("{ann}{path}"));
    }
    let tagged = service.post(&format!("{twin}/tags"), json!({"add": ["x"]})).await;
    assert_eq!(tagged.header("location"), format!("{ann}/tags"));
    assert_eq!(service.patch(&twin, json!({"name": "A"})).await.problem(), "308 merged");

    let activity = service.get(&format!("{ann}/activity")).await.json();
    assert_eq!(activity["items"][0]["kind"], "merged");
    assert_eq!(activity["items"][0]["called"], "Ann Lee");
    assert_eq!(merge(&service, &ann, &twin).await.json()["changes"], json!([]), "once more");
}

#[actix_web::test]
async fn values_are_chosen_field_by_field() {
    let service = Service::new();
    service.post("/v1/fields", json!({"key": "tier", "label": "Tier", "type": "text"})).await;
    let ann = service.contact("Ann", "ann@example.org").await;
    let twin = service.contact("Ann Lee", "a.lee@example.org").await;
    service.patch(&ann, json!({"phone": "12", "custom": {"tier": "gold"}})).await;
    service.patch(&twin, json!({"custom": {"tier": "free"}})).await;
    let chosen = |values| json!({"other_id": id(&twin), "values": values});
    let path = format!("{ann}/merge");
    for (values, field) in [
        (json!({"tags": "other"}), "values.tags"),
        (json!({"custom.No": "other"}), "values.custom.No"),
        (json!({"name": "both"}), "values.name"),
        (json!({"custom.teir": "other"}), "values.custom.teir"),
    ] {
        let refused = service.post(&path, chosen(values)).await;
        assert_eq!(
            (refused.problem(), refused.errors()),
            ("422 invalid".into(), vec![field.into()])
        );
    }
    let values = json!({
        "name": "other", "email": "survivor", "phone": "other", "custom.tier": "other",
    });
    let merged = service.post(&path, chosen(values)).await.json();
    let contact = &merged["contact"];
    assert_eq!(
        (&contact["name"], &contact["email"]),
        (&json!("Ann Lee"), &json!("ann@example.org"))
    );
    assert_eq!((&contact["phone"], &contact["custom"]["tier"]), (&json!("12"), &json!("free")));
    assert_eq!(contact["version"], 3);
}

#[actix_web::test]
async fn what_cannot_be_merged_is_refused() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    let itself = merge(&service, &ann, &ann).await;
    assert_eq!(
        (itself.problem(), itself.errors()),
        ("422 invalid".into(), vec!["other_id".into()])
    );
    let unknown = "/019b7904-d100-7000-8000-00000000ffff";
    assert_eq!(merge(&service, &ann, unknown).await.problem(), "404 not_found");
    let stranger = service.stranger();
    let foreign = crate::support::request(&stranger, "POST", "/v1/contacts")
        .set_json(json!({"name": "Ann", "email": "ann@example.org"}));
    let foreign = service.send(foreign).await.header("location").to_owned();
    assert_eq!(merge(&service, &ann, &foreign).await.problem(), "404 not_found");

    let twin = service.contact("Twin", "twin@example.org").await;
    let stale = service
        .request("POST", &format!("{ann}/merge"))
        .insert_header(("if-match", "\"7\""))
        .set_json(json!({"other_id": id(&twin)}));
    assert_eq!(service.send(stale).await.problem(), "412 stale");
    assert_eq!(service.get(&twin).await.status, 200);

    let third = service.contact("Third", "third@example.org").await;
    merge(&service, &twin, &third).await;
    let elsewhere = merge(&service, &ann, &third).await;
    assert_eq!(elsewhere.problem(), "422 invalid");
    assert!(elsewhere.json()["detail"].as_str().unwrap().contains(&id(&twin)));
}
