//! The change feed.

use std::time::Duration;

use actix_web::test::TestRequest;
use contacts_core::OrgId;
use contacts_core::event::FeedService;
use contacts_core::key::Scope;
use contacts_http::ApiConfig;
use serde_json::{Value, json};

use crate::run_events::Follower;
use crate::support::{Answer, Service, request};

async fn feed(service: &Service, query: &str) -> Answer {
    service.get(&format!("/v1/events{query}")).await
}

/// Returns the cursor after a number of events.
async fn cursor_after(service: &Service, events: u64) -> String {
    let path = match events {
        0 => "?from=latest".to_owned(),
        _ => format!("?limit={events}"),
    };
    let page = feed(service, &path).await.json();
    assert_eq!(page["items"].as_array().unwrap().len() as u64, events);
    page["next"].as_str().unwrap().to_owned()
}

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

#[actix_web::test]
async fn every_change_is_told_without_personal_data() {
    let service = Service::new();
    let path = service.contact("Ann Lee", "ann@example.org").await;
    service.patch(&path, json!({"phone": "+1 202 555 0101"})).await;
    service.post(&format!("{path}/tags"), json!({"add": ["Secret"]})).await;
    service.delete(&path).await;
    let answer = feed(&service, "").await;
    let text = String::from_utf8(answer.bytes.clone()).unwrap();
    for personal in ["Ann", "ann@", "555", "Secret"] {
        assert!(!text.contains(personal), "{text}");
    }
    let page = answer.json();
    let reported: Vec<_> = page["items"].as_array().unwrap().iter().collect();
    let kinds: Vec<_> = reported.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let updated = "contacts.updated";
    assert_eq!(kinds, ["contacts.created", updated, updated, "contacts.deleted"]);
    assert_eq!(reported[1]["fields"], json!(["phone"]));
    assert_eq!(reported[2]["fields"], json!(["tags"]));
    assert_eq!(
        *reported[3],
        json!({
            "number": 4, "type": "contacts.deleted", "contact_ids": [id_of(&path)], "fields": [],
            "survivor_id": null, "actor": reported[0]["actor"], "at": "2026-01-01T10:00:00Z",
        })
    );
    assert_eq!(reported[3]["actor"]["kind"], "key");
    assert_eq!(page["more"], json!(false));
    let next = page["next"].as_str().unwrap();
    let rest = feed(&service, &format!("?cursor={next}")).await.json();
    assert_eq!(rest, json!({"items": [], "next": next, "more": false}));
}

#[actix_web::test]
async fn events_carry_their_contacts_when_asked() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    let gone = service.contact("Bo", "bo@example.org").await;
    service.post(&format!("{path}/notes"), json!({"text": "Met in Rome"})).await;
    service.post(&format!("{path}/tags"), json!({"add": ["VIP"]})).await;
    service.delete(&gone).await;
    let ann = service.get(&path).await.json();
    let answer = feed(&service, "?include=contact&limit=3").await;
    assert!(!String::from_utf8_lossy(&answer.bytes).contains("Rome"));
    let page = answer.json();
    let contacts = |at: usize| page["items"][at]["contacts"].clone();
    assert_eq!(
        [contacts(0), contacts(1), contacts(2)],
        [json!([ann]), json!([null]), json!([ann])]
    );
    let next = page["next"].as_str().unwrap();
    let plain = feed(&service, &format!("?cursor={next}")).await.json();
    assert_eq!(
        (&plain["items"][0]["number"], plain["items"][0].get("contacts")),
        (&json!(4), None)
    );
    assert_eq!(feed(&service, "?include=notes").await.errors(), ["include"]);
}

#[actix_web::test]
async fn a_reader_goes_on_where_it_was() {
    let service = Service::new();
    let start = feed(&service, "").await.json();
    assert_eq!((&start["items"], &start["more"]), (&json!([]), &json!(false)));
    for _ in 0..3 {
        service.contact("Ann", &format!("{}@example.org", service.api.ids.next())).await;
    }
    let numbers = |page: &Value| -> Vec<u64> {
        page["items"].as_array().unwrap().iter().map(|e| e["number"].as_u64().unwrap()).collect()
    };
    let first = feed(&service, "?limit=2").await.json();
    assert_eq!((numbers(&first), &first["more"]), (vec![1, 2], &json!(true)));
    let next = first["next"].as_str().unwrap();
    let rest = feed(&service, &format!("?cursor={next}&limit=3")).await.json();
    assert_eq!((numbers(&rest), &rest["more"]), (vec![3], &json!(false)));
    let latest = feed(&service, "?from=latest").await.json();
    assert_eq!(latest, json!({"items": [], "next": rest["next"], "more": false}));
    let next = latest["next"].as_str().unwrap();
    assert_eq!(feed(&service, &format!("?cursor={next}")).await.json(), latest);
    let start = start["next"].as_str().unwrap();
    let oldest = feed(&service, "?from=oldest&limit=2").await.json();
    assert_eq!(
        (&oldest, &feed(&service, &format!("?cursor={start}&limit=2")).await.json()),
        (&first, &first)
    );
}

#[actix_web::test]
async fn a_cursor_that_is_too_old_says_so() {
    let service = Service::new();
    let start = cursor_after(&service, 0).await;
    service.contact("Ann", "ann@example.org").await;
    service.contact("Bo", "bo@example.org").await;
    let [one, two] = [cursor_after(&service, 1).await, cursor_after(&service, 2).await];
    service.world.clock().advance(FeedService::RETENTION + Duration::from_secs(1));
    service.contact("Cy", "cy@example.org").await;
    service.world.ports().feed.sweep(org(&service), service.world_time()).unwrap();
    let expired = feed(&service, &format!("?cursor={one}")).await;
    assert_eq!(expired.problem(), "410 cursor_expired");
    let expired = service.get(&format!("/v1/events/stream?cursor={start}")).await;
    assert_eq!(expired.problem(), "410 cursor_expired");
    let kept = feed(&service, "").await.json();
    assert_eq!(kept["items"][0]["number"], json!(3));
    assert_eq!(feed(&service, &format!("?cursor={two}")).await.json(), kept);
}

fn org(service: &Service) -> OrgId {
    service.world.org()
}

impl Service {
    /// Returns the time before which events are no longer kept.
    fn world_time(&self) -> time::OffsetDateTime {
        self.api.clock.now() - FeedService::RETENTION
    }
}

#[actix_web::test]
async fn wrong_parameters_are_refused_by_name() {
    let service = Service::new();
    let errors = feed(&service, "?from=yesterday&cursor=4711&limit=0&type=x").await;
    assert_eq!(errors.errors(), ["from", "cursor", "limit", "type"]);
    let cursor = cursor_after(&service, 0).await;
    let both = feed(&service, &format!("?from=latest&cursor={cursor}")).await;
    assert_eq!(both.errors(), ["from"]);
    let stream = service.request("GET", "/v1/events/stream").insert_header(("last-event-id", "x"));
    assert_eq!(service.send(stream).await.problem(), "400 invalid_header");
}

#[actix_web::test]
async fn the_feed_is_for_those_who_may_read() {
    let service = Service::new();
    service.contact("Ann", "ann@example.org").await;
    let widget = service.key(&[Scope::Capture]);
    for path in ["/v1/events", "/v1/events/stream"] {
        let refused = service.send(request(&widget, "GET", path)).await;
        assert_eq!(refused.problem(), "403 scope_missing");
        let bare = service.send(TestRequest::get().uri(path)).await;
        assert_eq!(bare.problem(), "401 unauthenticated");
    }
    let stranger = service.stranger();
    let foreign = service.send(request(&stranger, "GET", "/v1/events")).await.json();
    assert_eq!(foreign["items"], json!([]));
}

#[actix_web::test]
async fn a_stream_tells_what_happens_and_goes_on_after_the_last_event() {
    let service = Service::with(ApiConfig {
        events_interval: Duration::from_millis(10),
        events_heartbeat: Duration::from_millis(50),
        ..ApiConfig::default()
    });
    let start = cursor_after(&service, 0).await;
    service.contact("Ann", "ann@example.org").await;
    let address = service.listen();
    let mut live = Follower::at(&service, address, "/v1/events/stream", "");
    assert_eq!(live.line(": ").as_deref(), Some("alive"), "what was before is not told");
    service.contact("Bo", "bo@example.org").await;
    let [one, two] = [cursor_after(&service, 1).await, cursor_after(&service, 2).await];
    assert_eq!(live.line("id: ").as_ref(), Some(&two));
    assert_eq!(live.line("event: ").as_deref(), Some("contacts.created"));
    let event: Value = serde_json::from_str(&live.line("data: ").unwrap()).unwrap();
    assert_eq!((&event["number"], &event["type"]), (&json!(2), &json!("contacts.created")));
    let head = format!("last-event-id: {start}\r\n");
    let mut again = Follower::at(&service, address, "/v1/events/stream?from=latest", &head);
    assert_eq!([again.line("id: "), again.line("id: ")].map(Option::unwrap), [&*one, &*two]);
    let path = format!("/v1/events/stream?cursor={one}&include=contact");
    let mut after = Follower::at(&service, address, &path, "");
    assert_eq!(after.line("id: "), Some(two));
    let event: Value = serde_json::from_str(&after.line("data: ").unwrap()).unwrap();
    assert_eq!(event["contacts"][0]["email"], "bo@example.org");
}

#[actix_web::test]
async fn a_last_event_that_cannot_be_is_refused() {
    let service = Service::new();
    for last in ["9223372036854775808", "-1", "first", "1"] {
        let request = service.request("GET", "/v1/events/stream");
        let answer = service.send(request.insert_header(("last-event-id", last))).await;
        assert_eq!(answer.problem(), "400 invalid_header", "{last}");
    }
}

#[actix_web::test]
async fn more_streams_than_there_is_room_for_are_told_to_come_back() {
    let service = Service::with(ApiConfig { max_streams: 0, ..ApiConfig::default() });
    assert_eq!(service.get("/v1/events/stream").await.problem(), "503 busy");
}
