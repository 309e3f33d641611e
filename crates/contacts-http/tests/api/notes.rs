//! Notes over HTTP (R40).

use crate::support::{Service, edits_honour_if_match, request};
use contacts_core::key::Scope;
use serde_json::{Value, json};

async fn write(service: &Service, contact: &str, text: &str) -> String {
    let answer = service.post(&format!("{contact}/notes"), json!({"text": text})).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.header("location").to_owned()
}

#[actix_web::test]
async fn a_note_is_written_and_read_back() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    let answer =
        service.post(&format!("{ann}/notes"), json!({"text": " Called.\r\n\tAgain "})).await;
    assert_eq!(answer.status, 201);
    let read = service.get(answer.header("location")).await;
    assert_eq!(read.json(), answer.json());
    insta::assert_json_snapshot!(read.json(), @r#"
    {
      "author": {
        "id": "019b78ff-f900-7000-8000-000000000002",
        "kind": "key"
      },
      "contact_id": "019b78ff-f900-7000-8000-000000000004",
      "created_at": "2026-01-01T10:00:00Z",
      "id": "019b78ff-f900-7000-8000-000000000006",
      "text": "Called.\n\tAgain",
      "updated_at": "2026-01-01T10:00:00Z",
      "version": 1
    }
    "#);
}

#[actix_web::test]
async fn notes_are_listed_the_newest_first_page_by_page() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    for text in ["one", "two", "three"] {
        write(&service, &ann, text).await;
    }
    let texts = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items.iter().map(|note| note["text"].as_str().unwrap().to_owned()).collect()
    };
    let first = service.get(&format!("{ann}/notes?limit=2")).await.json();
    assert_eq!(texts(&first), ["three", "two"]);
    let next = first["next"].as_str().unwrap();
    let second = service.get(&format!("{ann}/notes?limit=2&cursor={next}")).await.json();
    assert_eq!((texts(&second), &second["next"]), (vec!["one".to_owned()], &Value::Null));
    let errors = service.get(&format!("{ann}/notes?cursor=x&page=2")).await;
    assert_eq!(errors.errors(), ["cursor", "page"]);
}

#[actix_web::test]
async fn a_note_is_changed_by_its_author_or_an_admin() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    let (author, other) =
        (service.key(&[Scope::Read, Scope::Write]), service.key(&[Scope::Read, Scope::Write]));
    let written = request(&author, "POST", &format!("{ann}/notes")).set_json(json!({"text": "x"}));
    let note = service.send(written).await.header("location").to_owned();
    let edit = |token: &str, text: &str| {
        service.send(request(token, "PATCH", &note).set_json(json!({"text": text})))
    };
    assert_eq!(edit(&other, "mine").await.problem(), "403 forbidden");
    assert_eq!(service.send(request(&other, "DELETE", &note)).await.problem(), "403 forbidden");
    assert_eq!(edit(&author, "better").await.json()["text"], "better");
    let edited = edit(&service.token, "best").await;
    assert_eq!(edited.json()["text"], "best");
    assert_ne!(edited.json()["author"], json!(null));
    assert_eq!(service.send(request(&author, "DELETE", &note)).await.status, 204);
    assert_eq!(service.get(&note).await.problem(), "404 not_found");
    let activity = service.get(&format!("{ann}/activity")).await;
    let changes: Vec<_> = activity.json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["change"].as_str().unwrap_or("created").to_owned())
        .collect();
    assert_eq!(changes, ["deleted", "edited", "edited", "added", "created"]);
    assert!(!String::from_utf8(activity.bytes).unwrap().contains("best"));
}

#[actix_web::test]
async fn an_edit_of_a_stale_version_is_refused_with_the_current_note() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    let made = service.post(&format!("{ann}/notes"), json!({"text": "one"})).await;
    let path = made.header("location").to_owned();
    assert_eq!(service.get(&path).await.header("etag"), made.header("etag"));
    let (two, three) = (json!({"text": "two"}), json!({"text": "three"}));
    edits_honour_if_match(&service, &path, made.header("etag"), two, three).await;
    assert_eq!(service.get(&path).await.json()["text"], "three");
}

#[actix_web::test]
async fn every_error_names_its_field() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    let notes = format!("{ann}/notes");
    for body in [
        json!({"text": " "}),
        json!({"text": "a\u{7}"}),
        json!({"text": "x".repeat(10_001)}),
        json!({}),
        json!({"text": null}),
    ] {
        let answer = service.post(&notes, body).await;
        assert_eq!(
            (answer.problem().as_str(), answer.errors()),
            ("422 invalid", vec!["text".into()])
        );
    }
    let unknown = service.post(&notes, json!({"text": "x", "author": "me"})).await;
    assert_eq!(unknown.errors(), ["author"]);
}

#[actix_web::test]
async fn what_is_not_there_is_not_found() {
    let service = Service::new();
    let (ann, bo) = (
        service.contact("Ann", "a@example.org").await,
        service.contact("Bo", "b@example.org").await,
    );
    let note = write(&service, &ann, "x").await;
    let (_, id) = note.rsplit_once('/').unwrap();
    let unknown = "/v1/contacts/019b7904-d100-7000-8000-00000000ffff";
    for path in [
        format!("{bo}/notes/{id}"),
        format!("{unknown}/notes/{id}"),
        format!("{ann}/notes/x"),
        format!("{unknown}/notes"),
    ] {
        assert_eq!(service.get(&path).await.problem(), "404 not_found", "{path}");
    }
    let stranger = service.stranger();
    for path in [&note, &format!("{ann}/notes")] {
        assert_eq!(service.send(request(&stranger, "GET", path)).await.problem(), "404 not_found");
    }
    assert_eq!(
        service.post(&format!("{unknown}/notes"), json!({"text": "x"})).await.problem(),
        "404 not_found"
    );
    service.delete(&ann).await;
    assert_eq!(service.get(&note).await.problem(), "404 not_found");
}

#[actix_web::test]
async fn scopes_hold() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    let note = write(&service, &ann, "x").await;
    let reader = service.key(&[Scope::Read]);
    assert_eq!(service.send(request(&reader, "GET", &note)).await.status, 200);
    let answer = service.send(request(&reader, "DELETE", &note)).await;
    assert_eq!(answer.problem(), "403 scope_missing");
    // Checks R3: a key that visitors can read gives no access to notes.
    let widget = service.key(&[Scope::Capture]);
    assert_eq!(service.send(request(&widget, "GET", &note)).await.problem(), "403 scope_missing");
}
