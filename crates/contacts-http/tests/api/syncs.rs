//! Connected sources.

use std::time::Duration;

use contacts_core::key::Scope;
use contacts_core::sync::{ConnectorError, SourceId};
use contacts_testkit::samples;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Service, edits_honour_if_match, request, run_of};

pub(crate) fn crm() -> Value {
    json!({
        "name": "CRM", "connector": "fake", "stream": "people", "mode": "incremental",
        "settings": {"host": "crm.example", "credentials": {"token": "hush-hush", "kind": "pat"}},
        "mapping": {"fields": [
            {"field": "name", "target": "name"},
            {"field": "email", "target": "email", "overwrite": "everything"},
        ]},
        "schedule": {"cron": "30 2 * * *", "time_zone": "Europe/Berlin"},
        "vanish": "tag", "vanish_tag": "Gone",
    })
}

async fn made(service: &Service) -> (String, Value) {
    let made = service.post("/v1/sources", crm()).await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    (format!("/v1/sources/{}", made["id"].as_str().unwrap()), made)
}

/// Runs the source as a worker does.
pub(crate) fn work(service: &Service, path: &str) {
    let id = SourceId(Uuid::try_parse(path.rsplit('/').next().unwrap()).unwrap());
    service.world.clock().advance(Duration::from_secs(1));
    service.api.sources.run(service.world.org(), id, &crate::imports::Always).unwrap();
}

#[actix_web::test]
async fn an_edit_of_a_stale_version_is_refused_with_the_current_source() {
    let service = Service::new();
    let (path, _) = made(&service).await;
    let read = service.get(&path).await;
    let (one, other) = (json!({"name": "Shop"}), json!({"paused": true}));
    edits_honour_if_match(&service, &path, read.header("etag"), one, other).await;
}

#[actix_web::test]
async fn a_source_is_made_changed_and_deleted_and_its_secrets_never_shown() {
    let service = Service::new();
    let (path, made) = made(&service).await;
    assert_eq!(made["settings"], json!({"host": "crm.example", "credentials": {"kind": "pat"}}));
    assert_eq!(made["secrets"], json!(["credentials.token"]));
    assert_eq!(made["schedule"]["cron"], "30 2 * * *");
    assert_eq!(made["mapping"]["fields"][0]["overwrite"], "own");
    assert_eq!(made["next_run_at"], "2026-01-02T01:30:00Z");
    assert_eq!((&made["vanish"], &made["vanish_tag"]), (&json!("tag"), &json!("Gone")));
    assert_eq!(service.get(&path).await.json(), made);
    assert_eq!(service.get("/v1/sources").await.json(), json!({"items": [made], "next": null}));

    let patch = json!({
        "settings": {"host": null, "credentials": {"kind": "oauth"}}, "paused": true,
        "schedule": null, "vanish": "nothing",
    });
    let changed = service.patch(&path, patch).await;
    assert!(!String::from_utf8_lossy(&changed.bytes).contains("hush"));
    let changed = changed.json();
    assert_eq!(changed["settings"], json!({"credentials": {"kind": "oauth"}}));
    assert_eq!(changed["secrets"], json!(["credentials.token"]), "what is not named stays");
    assert_eq!((&changed["schedule"], &changed["next_run_at"]), (&Value::Null, &Value::Null));
    assert_eq!((&changed["paused"], &changed["mode"]), (&json!(true), &json!("incremental")));
    assert_eq!(service.post("/v1/sources", crm()).await.problem(), "409 taken");
    let check = service.post(&format!("{path}/check"), Value::Null).await.json();
    assert_eq!(check, json!({"succeeded": true, "problem": null}));
    let given = service.connector.settings();
    assert_eq!(given.0.len(), 2, "the secret one is given to the connector");

    assert_eq!(service.delete(&path).await.status, 204);
    assert_eq!(service.get(&path).await.problem(), "404 not_found");
    assert_eq!(service.delete(&path).await.problem(), "404 not_found");
}

#[actix_web::test]
async fn every_error_names_its_field() {
    let service = Service::new();
    let mut body = crm();
    body["mode"] = json!("sometimes");
    body["schedule"] = json!({"cron": "30 2 * * *", "time_zone": "Berlin"});
    body["vanish_tag"] = json!("a,b");
    body["settings"] = json!({"a.b": 1});
    body["mapping"]["fields"][0]["target"] = json!("surname");
    let errors = service.post("/v1/sources", body).await.errors();
    assert_eq!(errors, ["settings", "mode", "mapping", "schedule.time_zone", "vanish_tag"]);
    let mut body = crm();
    body["connector"] = json!("/bin/sh");
    body["name"] = json!(" ");
    body["mapping"] = json!({"fields": [{"field": "p", "target": "phone"}]});
    let errors = service.post("/v1/sources", body).await.errors();
    assert_eq!(errors, ["mapping", "name", "connector"]);
    let mut body = crm();
    body["command"] = json!("rm");
    assert_eq!(service.post("/v1/sources", body).await.errors(), ["command"]);
    let (path, _) = made(&service).await;
    for (patch, field) in [
        (json!({"schedule": {"every_seconds": 5}}), "schedule.every_seconds"),
        (json!({"schedule": {"every_seconds": 60, "cron": "* * * * *"}}), "schedule"),
        (json!({"schedule": {"cron": "61 * * * *"}}), "schedule.cron"),
        (json!({"cursor_field": "id"}), "cursor_field"),
        (json!({"vanish": "tag"}), "vanish_tag"),
        (json!({"name": null}), "name"),
    ] {
        assert_eq!(service.patch(&path, patch).await.errors(), [field]);
    }
}

#[actix_web::test]
async fn a_connector_is_asked_before_a_source_is_made() {
    let service = Service::new();
    let all = service.get("/v1/connectors").await.json();
    assert_eq!(all, json!({"items": [{"name": "fake", "protocol": "fake"}], "next": null}));
    let one = service.get("/v1/connectors/fake").await.json();
    assert_eq!(one["settings"][1]["path"], "credentials.token");
    assert_eq!(one["settings"][1]["secret"], true);
    assert_eq!(service.get("/v1/connectors/other").await.problem(), "404 not_found");

    let settings = json!({"settings": {"host": "x", "credentials": {"token": "hush-hush"}}});
    let streams = service.post("/v1/connectors/fake/discover", settings.clone()).await.json();
    assert_eq!(streams["items"][0]["name"], "people");
    assert_eq!(streams["items"][0]["incremental"], true);
    let people: Vec<_> = (0..30)
        .map(|n| {
            let (name, email) = (format!("Ann {n}"), format!("ann{n}@example.org"));
            samples::record(&n.to_string(), &[("full_name", &name), ("e_mail", &email)])
        })
        .collect();
    service.connector.plays(vec![samples::batch(&people, "x")], None);
    let mut of_stream = settings.clone();
    of_stream["stream"] = json!("people");
    let sample = service.post("/v1/connectors/fake/sample", of_stream).await.json();
    assert_eq!(sample["fields"], json!(["e_mail", "full_name"]));
    assert_eq!(sample["rows"].as_array().unwrap().len(), 20);
    assert_eq!(sample["suggestions"][0]["target"], "email");
    assert_eq!(sample["suggestions"][1]["target"], "name");
    assert_eq!(sample["has_ids"], true);

    let down = ConnectorError::Broken("it died and said hush-hush".to_owned());
    service.connector.plays(vec![], Some(down));
    let check = service.post("/v1/connectors/fake/check", settings.clone()).await.json();
    assert_eq!(check, json!({"succeeded": false, "problem": "it died and said ***"}));
    let refused = service.post("/v1/connectors/fake/discover", settings.clone()).await;
    assert_eq!(refused.problem(), "409 conflict");
    service.connector.plays(vec![], Some(ConnectorError::Settings("no such host".to_owned())));
    let refused = service.post("/v1/connectors/fake/discover", settings).await;
    assert_eq!(refused.errors(), ["settings"]);
}

#[actix_web::test]
async fn a_source_runs_and_its_history_is_told() {
    let service = Service::new();
    let (path, _) = made(&service).await;
    let ann = samples::record("1", &[("name", "Ann"), ("email", "ann@example.org")]);
    let unknown = samples::record("2", &[("phone", "1")]);
    service.connector.plays(vec![samples::batch(&[ann, unknown], "one")], None);
    let requested = service.post(&format!("{path}/runs"), json!({})).await;
    assert_eq!((requested.status.as_u16(), &requested.json()["state"]), (202, &json!("queued")));
    assert_eq!(requested.json()["actor"]["kind"], "key");
    let again = service.post(&format!("{path}/runs"), json!({"from_start": true})).await;
    assert_eq!(again.json()["id"], requested.json()["id"]);
    work(&service, &path);
    let run = format!("{path}/runs/{}", requested.json()["id"].as_str().unwrap());
    let run = service.get(&run).await.json();
    assert_eq!((&run["state"], &run["summary"]["added"]), (&json!("done"), &json!(1)));
    assert_eq!(run["summary"]["skipped_by_reason"], json!({"no_name_or_email": 1}));
    assert_eq!(run["log"][0], "2 records");
    assert!(run["log"][1].as_str().unwrap().starts_with("record 2 skipped"), "{run}");
    let runs = service.get(&format!("{path}/runs?limit=1")).await.json();
    assert_eq!((runs["items"].as_array().unwrap().len(), &runs["next"]), (1, &Value::Null));
    assert_eq!(service.get(&path).await.json()["last_run"], runs["items"][0]);
    assert_eq!(service.get(&format!("{path}/runs?cursor=x")).await.errors(), ["cursor"]);

    let contacts = service.get("/v1/contacts").await.json();
    assert_eq!(contacts["items"][0]["source"]["kind"], "connected");
    let requested = service.post(&format!("{path}/runs"), json!({})).await.json();
    let run = format!("{path}/runs/{}", requested["id"].as_str().unwrap());
    let run = run_of(&run);
    let cancelled = service.post(&format!("{run}/cancel"), Value::Null).await.json();
    assert_eq!(cancelled["state"], "cancelled");
    let late = service.post(&format!("{run}/cancel"), Value::Null).await;
    assert_eq!(late.problem(), "409 conflict");
    let events = service.get(&format!("{run}/events")).await;
    assert_eq!(events.header("content-type"), "text/event-stream");
    assert!(String::from_utf8_lossy(&events.bytes).contains("cancelled"));
}

#[actix_web::test]
async fn only_administrators_see_sources_and_strangers_see_nothing() {
    let service = Service::new();
    let (path, _) = made(&service).await;
    let requested = service.post(&format!("{path}/runs"), json!({})).await.json();
    let run = format!("{path}/runs/{}", requested["id"].as_str().unwrap());
    let reader = service.key(&[Scope::Read]);
    let writer = service.key(&[Scope::Read, Scope::Write]);
    let read = async |key: &str, path: &str| service.send(request(key, "GET", path)).await;
    for path in ["/v1/sources", "/v1/connectors", &path] {
        assert_eq!(read(&writer, path).await.problem(), "403 scope_missing");
    }
    assert_eq!(read(&reader, &format!("{path}/runs")).await.status, 200);
    assert_eq!(read(&reader, &run).await.status, 200);
    let body = request(&writer, "POST", &format!("{path}/runs")).set_json(json!({}));
    assert_eq!(service.send(body).await.problem(), "403 scope_missing");
    let stranger = service.stranger();
    assert_eq!(read(&stranger, "/v1/sources").await.json(), json!({"items": [], "next": null}));
    for path in [&path, &run, &format!("{path}/runs")] {
        assert_eq!(read(&stranger, path).await.problem(), "404 not_found");
    }
    for task in ["check", "discover", "sample", "runs"] {
        let body = request(&stranger, "POST", &format!("{path}/{task}")).set_json(json!({}));
        assert_eq!(service.send(body).await.problem(), "404 not_found", "{task}");
    }
}
