//! Pages of every list (R21): a list is walked by its cursors, and a cursor is valid for its list
//! only.

use std::collections::BTreeSet;

use contacts_core::key::Scope;
use contacts_testkit::samples;
use serde_json::{Value, json};

use crate::captures::{WIDGET, capture, conversation, report};
use crate::imports::{PEOPLE, ready, run, upload};
use crate::sessions::{sign_in, with};
use crate::support::{Answer, Service, request};
use crate::undo::{dry_run_import, undo_action, undo_import, undo_merge};
use crate::{syncs, webhooks};

/// A list with at least two items, but for the connectors, of which the tests have one.
struct List {
    /// The path as the API description has it.
    pattern: &'static str,
    path: String,
}

/// Credentials of one organisation.
struct Credentials {
    token: String,
    cookie: String,
}

impl Credentials {
    /// Returns the request for a list. Sessions are listed for a user who is signed in.
    async fn get(&self, service: &Service, list: &List, query: &str) -> Answer {
        let path = format!("{}{query}", list.path);
        let request = match list.pattern {
            "/v1/sessions" => with(&self.cookie, "GET", &path),
            _ => request(&self.token, "GET", &path),
        };
        service.send(request).await
    }
}

async fn credentials(service: &Service) -> Credentials {
    let org = service.world.org();
    for name in ["Bo", "Cy", "Ann", "Ann"] {
        sign_in(service, org, name).await;
    }
    let cookie = sign_in(service, org, "Ann").await;
    Credentials { token: service.token.clone(), cookie }
}

async fn strangers(service: &Service) -> Credentials {
    let cookie = sign_in(service, service.world.another_org(), "Eve").await;
    Credentials { token: service.stranger(), cookie }
}

fn widget(nth: u8) -> String {
    format!("019b7904-d100-7000-8000-0000000003{nth:02}")
}

fn list(pattern: &'static str) -> List {
    List { pattern, path: pattern.to_owned() }
}

fn of(parent: &str, pattern: &'static str) -> List {
    let (_, rest) = pattern.split_once("{id}").unwrap();
    List { pattern, path: format!("{parent}{rest}") }
}

/// Fills every list.
async fn all(service: &Service) -> Vec<List> {
    let mut lists: Vec<_> = [
        "/v1/contacts",
        "/v1/duplicates",
        "/v1/tags",
        "/v1/segments",
        "/v1/fields",
        "/v1/keys",
        "/v1/users",
        "/v1/invitations",
        "/v1/audit",
        "/v1/sessions",
        "/v1/webhooks",
        "/v1/sources",
        "/v1/connectors",
        "/v1/widgets",
        "/v1/campaigns",
        "/v1/imports",
        "/v1/actions",
        "/v1/erasures",
        "/v1/runs",
        "/v1/events",
    ]
    .map(list)
    .into();
    lists.extend(of_contact(service).await);
    lists.extend(of_imports(service).await);
    lists.extend(of_settings(service).await);
    lists
}

async fn of_contact(service: &Service) -> Vec<List> {
    let ann = service.contact("Ann", "ann@example.org").await;
    for nth in 1..=3_u8 {
        service.world.clock().tick();
        let tick = format!("{nth}");
        service.post(&format!("{ann}/notes"), json!({"text": tick})).await;
        service.post(&format!("{ann}/tags"), json!({"add": [tick]})).await;
        let body = json!({
            "widget_id": WIDGET, "visitor": "v", "conversation_id": conversation(nth),
            "email": "ann@example.org",
        });
        assert_eq!(capture(service, body).await.status, 202);
        let body = json!({
            "widget_id": widget(nth), "visitor": "w", "conversation_id": conversation(10 + nth),
            "email": format!("{nth}@example.org"),
        });
        assert_eq!(capture(service, body).await.status, 202);
        assert_eq!(report(service, nth, "v", nth, 1).await.status, 200);
        let campaign = format!("00000000-0000-4000-8000-00000000000{nth}");
        let path = format!("/v1/campaigns/{campaign}");
        service.put(&path, json!({"kind": "campaign", "name": tick})).await;
        service.post(&format!("{ann}/campaigns"), json!({"campaign_id": campaign})).await;
        let email = format!("bo{nth}@example.org");
        let bo = json!({"name": "Bo", "email": email, "phone": "+12025550101"});
        assert_eq!(service.post("/v1/contacts", bo).await.status, 201);
        let deleted = service.contact("Cy", "cy@example.org").await;
        service.post(&format!("{deleted}/erase"), json!({})).await;
    }
    service.patch(&ann, json!({"phone": "+12025550101"})).await;
    [
        "/v1/contacts/{id}/activity",
        "/v1/contacts/{id}/campaigns",
        "/v1/contacts/{id}/conversations",
        "/v1/contacts/{id}/duplicates",
        "/v1/contacts/{id}/notes",
        "/v1/contacts/{id}/sources",
    ]
    .map(|pattern| of(&ann, pattern))
    .into()
}

async fn of_imports(service: &Service) -> Vec<List> {
    for name in ["a.csv", "b.csv"] {
        upload(service, name, PEOPLE).await;
    }
    let errors = ready(service, "Name,E-mail\n,a@x.org\nA,a\n,b@x.org\n").await;
    service.post(&format!("{errors}/start"), Value::Null).await;
    run(service, &errors);
    let dry = ready(service, "Name,E-mail\nD,d@x.org\nE,e@x.org\nF,f@x.org\n").await;
    service.post(&format!("{dry}/dry-run"), Value::Null).await;
    dry_run_import(service, &dry);
    let undone = ready(service, "Name,E-mail\nG,g@x.org\nH,h@x.org\nI,i@x.org\n").await;
    service.post(&format!("{undone}/start"), Value::Null).await;
    run(service, &undone);
    let people = service.get("/v1/contacts?source=csv_import").await.json();
    for contact in people["items"].as_array().unwrap() {
        let path = format!("/v1/contacts/{}", contact["id"].as_str().unwrap());
        service.patch(&path, json!({"name": "X"})).await;
    }
    service.post(&format!("{undone}/undo"), Value::Null).await;
    undo_import(service, &undone);
    vec![
        of(&errors, "/v1/imports/{id}/issues"),
        of(&dry, "/v1/imports/{id}/dry-run/rows"),
        of(&undone, "/v1/imports/{id}/undo/kept"),
    ]
}

async fn of_settings(service: &Service) -> Vec<List> {
    let (mut webhook, mut source) = (String::new(), String::new());
    for nth in 1..=3 {
        service.world.clock().tick();
        let name = format!("{nth}");
        service.post("/v1/segments", json!({"name": name, "filter": {"q": "a"}})).await;
        let field = json!({"key": format!("f{nth}"), "label": name, "type": "text"});
        service.post("/v1/fields", field).await;
        service.key(&[Scope::Read]);
        let invited = json!({"email": format!("user{nth}@example.org"), "role": "viewer"});
        service.post("/v1/invitations", invited).await;
        webhook = webhooks::made(service).await.0;
        let mut body = syncs::crm();
        body["name"] = json!(name);
        let made = service.post("/v1/sources", body).await.json();
        source = format!("/v1/sources/{}", made["id"].as_str().unwrap());
        let bo = service.get("/v1/contacts?limit=1").await.json()["items"][0]["id"].clone();
        let action = json!({"ids": [bo], "action": {"type": "add_tags", "tags": [name]}});
        let done = service.post("/v1/actions", action).await;
        assert_eq!(done.status, 200, "{done:?}");
    }
    for _ in 1..=3 {
        service.post(&format!("{webhook}/test"), Value::Null).await;
        service.connector.plays(vec![samples::batch(&[], "one")], None);
        service.post(&format!("{source}/runs"), json!({})).await;
        syncs::work(service, &source);
    }
    vec![
        of(&webhook, "/v1/webhooks/{id}/deliveries"),
        of(&source, "/v1/sources/{id}/runs"),
        of(&undone_action(service).await, "/v1/actions/{id}/undo/kept"),
        of(&undone_merge(service).await, "/v1/merges/{id}/undo/kept"),
    ]
}

/// Returns the path of a merge whose undo kept three fields.
async fn undone_merge(service: &Service) -> String {
    let (ann, twin) = (
        service.contact("Merged", "merged@example.org").await,
        service.contact("Twin", "twin@example.org").await,
    );
    let (other, field) = (twin.trim_start_matches("/v1/contacts/"), "custom.f1");
    service.patch(&twin, json!({"phone": "12", "custom": {"f1": "x"}})).await;
    let merge = json!({"other_id": other, "values": {"name": "other", field: "other"}});
    assert_eq!(service.post(&format!("{ann}/merge"), merge).await.status, 200);
    service.patch(&ann, json!({"name": "Ann", "phone": "34", "custom": {"f1": "y"}})).await;
    let path = format!("/v1/merges/{other}");
    assert_eq!(service.post(&format!("{path}/undo"), Value::Null).await.status, 202);
    undo_merge(service, &twin);
    path
}

/// Returns the path of an action whose undo kept three contacts.
async fn undone_action(service: &Service) -> String {
    let people = service.get("/v1/contacts?limit=3").await.json();
    let people = people["items"].as_array().unwrap();
    let ids: Vec<_> = people.iter().map(|contact| contact["id"].clone()).collect();
    let body = json!({"ids": ids, "action": {"type": "add_tags", "tags": ["undone"]}});
    let path = service.post("/v1/actions", body).await.header("location").to_owned();
    service.world.clock().tick();
    for id in ids {
        let tags = format!("/v1/contacts/{}/tags", id.as_str().unwrap());
        service.post(&tags, json!({"remove": ["undone"]})).await;
        service.post(&tags, json!({"add": ["undone"]})).await;
    }
    service.post(&format!("{path}/undo"), Value::Null).await;
    undo_action(service, &path);
    path
}

/// Returns the items of all pages.
async fn walk(service: &Service, who: &Credentials, list: &List, limit: u8) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = who.get(service, list, &format!("?limit={limit}{cursor}")).await;
        assert_eq!(answer.status, 200, "{} {answer:?}", list.path);
        let page = answer.json();
        assert!(page.as_object().unwrap().contains_key("next"), "{page}");
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        // The change feed has a cursor at its end too.
        let is_end = page["next"].is_null() || page["more"] == json!(false);
        if is_end {
            return items;
        }
        cursor = format!("&cursor={}", page["next"].as_str().unwrap());
        assert!(items.len() < 1_000, "{} has no end", list.path);
    }
}

/// Returns the cursor of the second page.
async fn second(service: &Service, who: &Credentials, list: &List, query: &str) -> Option<String> {
    let page = who.get(service, list, &format!("?limit=1{query}")).await.json();
    page["next"].as_str().map(str::to_owned)
}

#[actix_web::test]
async fn every_list_is_walked_by_pages_of_any_size() {
    let service = Service::new();
    let lists = all(&service).await;
    let who = credentials(&service).await;
    for list in &lists {
        let whole = walk(&service, &who, list, 200).await;
        let least = if list.pattern == "/v1/connectors" { 1 } else { 3 };
        assert!(whole.len() >= least, "{} has {whole:?}", list.path);
        for limit in [1, 2] {
            assert_eq!(walk(&service, &who, list, limit).await, whole, "{} {limit}", list.path);
        }
        let texts: BTreeSet<_> = whole.iter().map(Value::to_string).collect();
        assert_eq!(texts.len(), whole.len(), "{} repeats an item", list.path);
    }
}

#[actix_web::test]
async fn a_cursor_is_refused_by_every_list_but_its_own() {
    let service = Service::new();
    let lists = all(&service).await;
    let who = credentials(&service).await;
    let stranger = strangers(&service).await;
    for (nth, list) in lists.iter().enumerate() {
        let Some(cursor) = second(&service, &who, list, "").await else {
            assert_eq!(list.pattern, "/v1/connectors");
            continue;
        };
        let good = who.get(&service, list, &format!("?cursor={cursor}")).await;
        assert_eq!(good.status, 200, "{good:?}");
        let foreign = stranger.get(&service, list, &format!("?cursor={cursor}")).await;
        assert_refused(&foreign);
        let other = &lists[(nth + 1) % lists.len()];
        assert_refused(&who.get(&service, other, &format!("?cursor={cursor}")).await);
        let end = cursor.len() - 1;
        let changed = |at: usize| {
            let byte = if cursor.as_bytes()[at] == b'A' { "B" } else { "A" };
            format!("{}{byte}{}", &cursor[..at], &cursor[at + 1..])
        };
        let errors = [
            changed(0),
            changed(end / 2),
            changed(end),
            cursor[..end].to_owned(),
            cursor[1..].to_owned(),
            format!("{cursor}A"),
            String::new(),
            "%FF%FE".to_owned(),
            "019b7904-d100".to_owned(),
            "1".to_owned(),
        ];
        for errors in errors {
            assert_refused(&who.get(&service, list, &format!("?cursor={errors}")).await);
        }
        for nul in ["%00", &format!("{cursor}%00")] {
            let refused = who.get(&service, list, &format!("?cursor={nul}")).await;
            assert_eq!(refused.errors(), ["cursor"]);
        }
        let twice = who.get(&service, list, &format!("?cursor={cursor}&cursor={cursor}")).await;
        assert_eq!(twice.problem(), "422 invalid");
    }
}

fn assert_refused(answer: &Answer) {
    assert_eq!(answer.problem(), "422 invalid", "{answer:?}");
    let errors = answer.json()["errors"].to_string();
    assert!(errors.contains("start again without a cursor"), "{errors}");
}

#[actix_web::test]
async fn a_cursor_is_valid_for_its_filter_and_order_only() {
    let service = Service::new();
    let lists = all(&service).await;
    let who = credentials(&service).await;
    let filters = [
        ("/v1/contacts", "&sort=name", vec!["", "&sort=-name", "&sort=name&q=x"]),
        ("/v1/contacts", "&q=bo&reachable=true", vec!["&q=bo", "&reachable=true"]),
        ("/v1/duplicates", "&strength=strong", vec!["", "&strength=weak"]),
        ("/v1/tags", "&prefix=", vec!["", "&prefix=1"]),
        ("/v1/webhooks/{id}/deliveries", "&state=pending", vec!["", "&state=dead"]),
    ];
    for (pattern, filter, others) in filters {
        let list = lists.iter().find(|list| list.pattern == pattern).unwrap();
        let cursor = second(&service, &who, list, filter).await;
        let Some(cursor) = cursor else { panic!("{pattern} {filter} has one page") };
        let same = who.get(&service, list, &format!("?limit=7&cursor={cursor}{filter}")).await;
        assert_eq!(same.status, 200, "{same:?}");
        for other in others {
            assert_refused(&who.get(&service, list, &format!("?cursor={cursor}{other}")).await);
        }
    }
}

/// Checks that no list lacks pages, and that the tests above know every list.
#[actix_web::test]
async fn every_list_has_pages() {
    let service = Service::new();
    let existing: BTreeSet<_> = all(&service).await.iter().map(|list| list.pattern).collect();
    let document = serde_json::to_value(contacts_http::openapi()).unwrap();
    let mut listed = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let operation = &item["get"];
        let answer = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let Some(name) = answer["$ref"].as_str().and_then(|name| name.rsplit('/').next()) else {
            continue;
        };
        let schema = &document["components"]["schemas"][name];
        if schema["properties"]["items"].is_null() {
            continue;
        }
        listed.insert(path.as_str());
        let required: Vec<_> = schema["required"].as_array().unwrap().iter().collect();
        assert!(required.contains(&&json!("next")), "{name} may lack its next");
        let parameters = operation["parameters"].as_array().unwrap();
        let names: BTreeSet<_> = parameters.iter().filter_map(|one| one["name"].as_str()).collect();
        assert!(names.contains("cursor") && names.contains("limit"), "{path} has no pages");
        assert!(!names.contains("before") && !names.contains("after"), "{path}");
    }
    assert_eq!(listed, existing);
}
