//! Selections and bulk actions (R23, R24, R45).

use crate::support::{Answer, Service, run_of};
use contacts_core::action::ActionId;
use contacts_core::import::Interrupt;
use serde_json::{Value, json};
use uuid::Uuid;

struct NeverInterrupt;

impl Interrupt for NeverInterrupt {
    fn may_continue(&self) -> bool {
        true
    }
    fn must_end(&self) -> bool {
        false
    }
}

async fn people(service: &Service) -> Vec<String> {
    let mut ids = Vec::new();
    for name in ["Ann Lee", "Bo Lee", "Cem"] {
        let email = format!("{}@example.org", name.replace(' ', "."));
        let path = service.contact(name, &email).await;
        ids.push(path.trim_start_matches("/v1/contacts/").to_owned());
    }
    ids
}

async fn select(service: &Service, body: Value) -> (String, u64) {
    let made = service.post("/v1/selections", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let json = made.json();
    (json["id"].as_str().unwrap().to_owned(), json["count"].as_u64().unwrap())
}

fn summary(answer: &Answer) -> [u64; 3] {
    let summary = &answer.json()["summary"];
    ["changed", "unchanged", "skipped"].map(|name| summary[name].as_u64().unwrap())
}

#[actix_web::test]
async fn a_field_of_many_contacts_is_set_and_cleared() {
    let service = Service::new();
    let ids = people(&service).await;
    let field = json!({"key": "seats", "label": "Seats", "type": "number"});
    assert_eq!(service.post("/v1/fields", field).await.status, 201);
    let paths: Vec<_> = ids.iter().map(|id| format!("/v1/contacts/{id}")).collect();
    let contact = |nth: usize| service.get(&paths[nth]);
    service.patch(&paths[0], json!({"custom": {"seats": 3}})).await;
    let run = |action: Value| service.post("/v1/actions", json!({"ids": ids, "action": action}));
    let fill =
        json!({"type": "set_field", "field": "custom.seats", "value": 7, "only_blanks": true});
    let done = run(fill.clone()).await;
    assert_eq!((summary(&done), &done.json()["action"]), ([2, 1, 0], &fill));
    assert_eq!(contact(0).await.json()["custom"], json!({"seats": 3}));
    assert_eq!(contact(1).await.json()["custom"], json!({"seats": 7}));
    let clear = run(json!({"type": "set_field", "field": "custom.seats", "value": null})).await;
    assert_eq!(summary(&clear), [3, 0, 0]);
    assert_eq!(clear.json()["action"]["value"], Value::Null);
    let phone = json!({"type": "set_field", "field": "phone", "value": "+1 202 555 0101"});
    assert_eq!(summary(&run(phone).await), [3, 0, 0]);
    assert_eq!(contact(2).await.json()["phone_e164"], "+12025550101");
    for (action, errors) in [
        (json!({"type": "set_field"}), vec!["action.field", "action.value"]),
        (json!({"type": "set_field", "field": "name", "value": "x"}), vec!["action.field"]),
        (json!({"type": "set_field", "field": "custom.seats", "value": "x"}), vec!["action.value"]),
        (json!({"type": "delete", "field": "phone"}), vec!["action.field"]),
    ] {
        assert_eq!(run(action).await.errors(), errors);
    }
}

#[actix_web::test]
async fn a_selection_is_frozen_and_acted_upon_at_once() {
    let service = Service::new();
    let ids = people(&service).await;
    let body = json!({"filter": {"q": "lee"}, "except": [ids[1]]});
    let (selection, count) = select(&service, body).await;
    assert_eq!(count, 1);
    service.contact("Dee Lee", "dee@example.org").await;
    let read = service.get(&format!("/v1/selections/{selection}")).await.json();
    assert_eq!((&read["count"], &read["filter"]), (&json!(1), &json!({"q": ["lee"]})));

    let tag = json!({"type": "add_tags", "tags": ["vip"]});
    let body = json!({"selection_id": selection, "action": tag});
    let done = service.post("/v1/actions", body.clone()).await;
    assert_eq!((done.status.as_u16(), summary(&done)), (200, [1, 0, 0]));
    assert_eq!(done.json()["state"], "done");
    assert_eq!(done.json()["action"], tag);
    assert_eq!(summary(&service.post("/v1/actions", body).await), [0, 1, 0]);
    let path = done.header("location").to_owned();
    assert_eq!(service.get(&path).await.json(), done.json());
    let list = service.get("/v1/actions?limit=1").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert!(list["next"].is_string());
    let file = service.get(&format!("{path}/result")).await;
    let expected = format!("contact_id,outcome,reason\r\n{},changed,\r\n", ids[0]);
    assert_eq!(String::from_utf8(file.bytes.to_vec()).unwrap(), expected);
    let late = service.post(&format!("{}/cancel", run_of(&path)), json!({})).await;
    assert_eq!(late.problem(), "409 conflict");
    let activity = service.get(&format!("/v1/contacts/{}/activity", ids[0])).await.json();
    assert_eq!(activity["items"][0]["added"], json!(["vip"]));
}

#[actix_web::test]
async fn a_large_one_is_a_job_that_is_cancelled_or_done() {
    let service = Service::new();
    let ann = people(&service).await.remove(0);
    let mut ids: Vec<_> = (1..=1_000u128).map(Uuid::from_u128).collect();
    ids.push(Uuid::try_parse(&ann).unwrap());
    let body = json!({"ids": ids, "action": {"type": "remove_tags", "tags": ["x"]}});
    let [first, second] =
        [service.post("/v1/actions", body.clone()).await, service.post("/v1/actions", body).await];
    assert_eq!((first.status.as_u16(), summary(&first)), (202, [0, 0, 0]));
    assert_eq!(first.json()["state"], "queued");
    assert_eq!(first.json()["progress"]["total"], 1_001);
    let path = first.header("location").to_owned();
    let cancelled = service.post(&format!("{}/cancel", run_of(&path)), json!({})).await;
    assert_eq!(cancelled.json()["state"], "cancelled");
    for answer in [&first, &second] {
        let id = Uuid::try_parse(answer.json()["id"].as_str().unwrap()).unwrap();
        service.api.actions.run(service.world.org(), ActionId(id), &NeverInterrupt).unwrap();
    }
    assert_eq!(summary(&service.get(&path).await), [0, 0, 0]);
    let done = service.get(second.header("location")).await;
    assert_eq!(summary(&done), [0, 1, 1_000]);
    assert_eq!(done.json()["summary"]["skipped_by_reason"], json!({"not_found": 1_000}));
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.bytes.to_vec()).unwrap()
}

#[actix_web::test]
async fn an_export_is_a_file_for_a_day() {
    let service = Service::new();
    let ids = people(&service).await;
    let deleted = Uuid::from_u128(1).to_string();
    let export = |ids: &[&str], action: Value| {
        service.post("/v1/actions", json!({"ids": ids, "action": action}))
    };
    let action = json!({"type": "export", "columns": ["name", "email"], "bom": true});
    let done = export(&[&ids[2], &ids[0], &deleted], action.clone()).await;
    assert_eq!((done.status.as_u16(), summary(&done)), (200, [0, 2, 1]));
    assert_eq!((&done.json()["action"], &done.json()["file"]), (&action, &json!("ready")));
    let path = done.header("location").to_owned();
    let file = service.get(&format!("{path}/file")).await;
    let rows = "Ann Lee,Ann.Lee@example.org\r\nCem,Cem@example.org\r\n";
    assert_eq!(text(&file), format!("\u{feff}name,email\r\n{rows}"));
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let id = done.json()["id"].as_str().unwrap().to_owned();
    let name = format!("attachment; filename=\"contacts-{id}.csv\"");
    assert_eq!(file.header("content-disposition"), name);
    let all = export(&[&ids[0]], json!({"type": "export"})).await.json();
    assert_eq!(all["action"]["columns"].as_array().unwrap().len(), 11);
    let id = ActionId(Uuid::try_parse(&id).unwrap());
    service.api.actions.erase_file(service.world.org(), id).unwrap();
    assert_eq!(service.get(&format!("{path}/file")).await.problem(), "410 file_erased");
    assert_eq!(service.get(&path).await.json()["file"], "erased");
}

#[actix_web::test]
async fn what_is_no_whole_file_is_not_given_out() {
    let service = Service::new();
    let ids = people(&service).await;
    let tag = json!({"type": "add_tags", "tags": ["x"]});
    let done = service.post("/v1/actions", json!({"ids": ids, "action": tag})).await;
    assert_eq!(done.json()["file"], Value::Null);
    let path = format!("{}/file", done.header("location"));
    assert_eq!(service.get(&path).await.problem(), "404 not_found");
    let ids: Vec<_> = (1..=1_001u128).map(Uuid::from_u128).collect();
    let export = json!({"ids": ids, "action": {"type": "export"}});
    let running = service.post("/v1/actions", export).await;
    assert_eq!((running.status.as_u16(), &running.json()["file"]), (202, &json!("pending")));
    let path = running.header("location").to_owned();
    assert_eq!(service.get(&format!("{path}/file")).await.problem(), "409 conflict");
    let cancelled = service.post(&format!("{}/cancel", run_of(&path)), json!({})).await;
    assert_eq!(cancelled.json()["state"], "cancelled");
    assert_eq!(service.get(&path).await.json()["file"], "erased");
    assert_eq!(service.get(&format!("{path}/file")).await.problem(), "409 conflict");
    // An export of no contacts has a header line.
    let (selection, count) = select(&service, json!({"filter": {"q": "nobody"}})).await;
    let export = json!({"type": "export", "columns": ["id"]});
    let none = json!({"selection_id": selection, "action": export});
    let none = service.post("/v1/actions", none).await;
    assert_eq!((count, none.json()["state"].as_str()), (0, Some("done")));
    let path = format!("{}/file", none.header("location"));
    assert_eq!(text(&service.get(&path).await), "id\r\n");
}

#[actix_web::test]
async fn a_delete_is_done_to_the_number_that_was_confirmed_or_not_at_all() {
    let service = Service::new();
    let ids = people(&service).await;
    let (selection, count) = select(&service, json!({"filter": {"q": "lee"}})).await;
    let delete = |confirm: Option<u64>| {
        let mut body = json!({"selection_id": selection, "action": {"type": "delete"}});
        if let Some(confirm) = confirm {
            body["confirm_count"] = json!(confirm);
        }
        body
    };
    let bare = service.post("/v1/actions", delete(None)).await;
    assert_eq!(bare.errors(), ["confirm_count"]);
    let bo = format!("/v1/contacts/{}", ids[1]);
    service.patch(&bo, json!({"name": "Bo"})).await;
    service.patch(&bo, json!({"email": "bo@example.org"})).await;
    service.delete(&format!("{bo}/addresses/Bo.Lee@example.org")).await;
    let refused = service.post("/v1/actions", delete(Some(count))).await;
    assert_eq!(
        (refused.problem().as_str(), &refused.json()["count"]),
        ("409 count_changed", &json!(1))
    );
    let done = service.post("/v1/actions", delete(Some(1))).await;
    assert_eq!(summary(&done), [1, 0, 1]);
    assert_eq!(done.json()["summary"]["skipped_by_reason"], json!({"changed": 1}));
    let left = service.get("/v1/contacts?count=exact").await.json();
    assert_eq!(left["count"]["value"], 2);
}

#[actix_web::test]
async fn what_cannot_be_chosen_or_done_is_refused_by_name() {
    let service = Service::new();
    let ids = people(&service).await;
    for (body, errors) in [
        (json!({}), "ids"),
        (json!({"ids": []}), "ids"),
        (json!({"ids": vec![Uuid::nil(); 10_001]}), "ids"),
        (json!({"ids": ids, "filter": {}}), "filter"),
        (json!({"except": ids}), "except"),
        (json!({"filter": {"reachable": "maybe"}}), "filter.reachable"),
        (json!({"filter": {}, "colour": 1}), "colour"),
    ] {
        let answer = service.post("/v1/selections", body.clone()).await;
        assert_eq!(answer.problem(), "422 invalid", "{body}");
        assert_eq!(answer.errors(), [errors], "{body}");
    }
    let unknown = "019b7904-d100-7000-8000-00000000ffff";
    let tag = json!({"type": "add_tags", "tags": ["x"]});
    for (body, errors) in [
        (json!({"action": tag}), "selection_id"),
        (json!({"selection_id": unknown, "action": tag}), "selection_id"),
        (json!({"ids": ids, "action": {"type": "paint"}}), "action.type"),
        (json!({"ids": ids, "action": {"type": "add_tags"}}), "action.tags"),
        (json!({"ids": ids, "action": {"type": "add_tags", "tags": ["a,b"]}}), "action.tags[0]"),
        (
            json!({"ids": ids, "action": {"type": "add_to_campaign", "campaign_id": unknown}}),
            "action.campaign_id",
        ),
        (json!({"ids": ids, "action": {"type": "delete", "all": true}}), "action.all"),
        (json!({"ids": ids, "action": {"type": "delete", "bom": true}}), "action.bom"),
        (json!({"ids": ids, "action": {"type": "export", "columns": ["x"]}}), "action.columns"),
    ] {
        let answer = service.post("/v1/actions", body.clone()).await;
        assert_eq!(answer.problem(), "422 invalid", "{body}");
        assert_eq!(answer.errors(), [errors], "{body}");
    }
}

#[actix_web::test]
async fn organisations_do_not_see_each_others_selections_and_actions() {
    let service = Service::new();
    let ids = people(&service).await;
    let (selection, _) = select(&service, json!({"ids": ids})).await;
    let tag = json!({"type": "add_tags", "tags": ["x"]});
    let body = json!({"selection_id": selection, "action": tag});
    let path = service.post("/v1/actions", body.clone()).await.header("location").to_owned();
    let stranger = service.stranger();
    for path in [format!("/v1/selections/{selection}"), path.clone(), format!("{path}/result")] {
        let request = crate::support::request(&stranger, "GET", &path);
        assert_eq!(service.send(request).await.problem(), "404 not_found", "{path}");
    }
    let request = crate::support::request(&stranger, "POST", "/v1/actions").set_json(body);
    assert_eq!(service.send(request).await.errors(), ["selection_id"]);
}
