//! Contacts over HTTP.

use crate::support::{Service, request};
use contacts_core::key::Scope;
use serde_json::json;

#[actix_web::test]
async fn a_contact_is_made_and_read_back() {
    let service = Service::new();
    let made = service
        .post(
            "/v1/contacts",
            json!({"name": " Ann Lee ", "email": "Ann@Example.org", "phone": "+1 202-555-0101",
                   "tags": ["VIP", "vip", "new"]}),
        )
        .await;
    assert_eq!(made.status, 201);
    let read = service.get(made.header("location")).await;
    assert_eq!(read.json(), made.json());
    assert_eq!(read.header("etag"), made.header("etag"));
    insta::assert_json_snapshot!(read.json(), @r#"
    {
      "consent": {
        "at": null,
        "reason": null,
        "state": "subscribed"
      },
      "created_at": "2026-01-01T10:00:00Z",
      "custom": {},
      "email": "Ann@Example.org",
      "external_id": null,
      "id": "019b78ff-f900-7000-8000-000000000004",
      "incomplete": false,
      "name": "Ann Lee",
      "other_emails": [],
      "phone": "+1 202-555-0101",
      "phone_e164": "+12025550101",
      "reachable": true,
      "source": {
        "at": "2026-01-01T10:00:00Z",
        "by": {
          "id": "019b78ff-f900-7000-8000-000000000002",
          "kind": "key"
        },
        "kind": "manual"
      },
      "tags": [
        "new",
        "VIP"
      ],
      "updated_at": "2026-01-01T10:00:00Z",
      "version": 1
    }
    "#);
}

#[actix_web::test]
async fn everything_that_is_wrong_is_named() {
    let service = Service::new();
    let answer = service
        .post("/v1/contacts", json!({"email": "nobody", "tags": ["a,b"], "custom": {"tier": "x"}}))
        .await;
    assert_eq!(answer.problem(), "422 invalid");
    assert_eq!(answer.errors(), ["name", "email", "tags[0]", "custom.tier"]);
}

#[actix_web::test]
async fn an_address_that_somebody_has_is_a_conflict_that_names_them() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    let answer =
        service.post("/v1/contacts", json!({"name": "An", "email": "ANN@example.org"})).await;
    assert_eq!(answer.problem(), "409 email_taken");
    assert!(path.ends_with(answer.json()["contact_id"].as_str().unwrap()));
}

#[actix_web::test]
async fn an_external_id_is_set_found_and_cleared() {
    let service = Service::new();
    let ann = json!({"name": "Ann", "email": "ann@example.org", "external_id": " tags/A 17%é "});
    let made = service.post("/v1/contacts", ann).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.json()["external_id"], "tags/A 17%é");
    let path = "/v1/contacts/by-external-id/tags%2FA%2017%25%C3%A9";
    let found = service.get(path).await;
    assert_eq!(found.json(), made.json());
    let known = service.request("GET", path).insert_header(("if-none-match", found.header("etag")));
    assert_eq!(service.send(known).await.status, 304);
    let bo = service.contact("Bo", "bo@example.org").await;
    let taken = service.patch(&bo, json!({"external_id": "tags/A 17%é"})).await;
    assert_eq!(taken.problem(), "409 external_id_taken");
    assert_eq!(taken.json()["contact_id"], made.json()["id"]);
    let long = service.patch(&bo, json!({"external_id": "7".repeat(501)})).await;
    assert_eq!(
        (long.problem().as_str(), long.errors()),
        ("422 invalid", vec!["external_id".into()])
    );
    for cleared in [json!(null), json!(" ")] {
        service.patch(&bo, json!({"external_id": "sources"})).await;
        assert_eq!(service.get("/v1/contacts/by-external-id/sources").await.json()["name"], "Bo");
        assert_eq!(service.patch(&bo, json!({"external_id": cleared})).await.status, 200);
        let gone = service.get("/v1/contacts/by-external-id/sources").await;
        assert_eq!(gone.problem(), "404 not_found");
    }
}

#[actix_web::test]
async fn a_patch_changes_only_the_fields_it_names() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    let patched = service.patch(&path, json!({"phone": "12"})).await;
    assert_eq!(patched.header("etag"), "\"2\"");
    let patch = service
        .request("PATCH", &path)
        .insert_header(("content-type", "application/merge-patch+json"))
        .set_payload(r#"{"phone": null}"#);
    let patched = service.send(patch).await;
    assert_eq!(patched.status, 200);
    assert_eq!(patched.json()["phone"], json!(null));
    assert_eq!(patched.json()["version"], 3);
    let same = service.patch(&path, json!({"name": "Ann"})).await;
    assert_eq!(same.json(), patched.json());
    let cleared = service.patch(&path, json!({"name": null})).await;
    assert_eq!(
        (cleared.problem().as_str(), cleared.errors()),
        ("422 invalid", vec!["name".into()])
    );
}

#[actix_web::test]
async fn a_patch_refuses_what_cannot_be_patched() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    for (body, errors) in [
        (json!({"tags": "a"}), "tags"),
        (json!({"tags": ["a", "b,c"]}), "tags[1]"),
        (json!({"version": 3}), "version"),
        (json!({"name": 3}), "name"),
        (json!({"custom": null}), "custom"),
        (json!({"custom": {"tier": ["a"]}}), "custom.tier"),
        (json!([]), "body"),
        (json!(null), "body"),
    ] {
        let answer = service.patch(&path, body).await;
        assert_eq!(answer.problem(), "422 invalid");
        assert_eq!(answer.errors(), [errors]);
    }
}

#[actix_web::test]
async fn a_stale_edit_is_told_the_current_state() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    service.patch(&path, json!({"name": "Anna"})).await;
    let edit = |tags: &str, name: &str| {
        let edit = service.request("PATCH", &path).insert_header(("if-match", tags));
        service.send(edit.set_json(json!({"name": name})))
    };
    for stale in ["\"1\"", "\"1\", \"7\"", "W/\"2\"", "\"x\""] {
        let answer = edit(stale, "An").await;
        assert_eq!(answer.problem(), "412 stale");
        assert_eq!(answer.json()["current"]["name"], "Anna");
    }
    assert_eq!(edit("2", "An").await.problem(), "400 invalid_header");
    assert_eq!(edit("\"1\", \"2\"", "An").await.status, 200);
    assert_eq!(edit("*", "Ann").await.json()["version"], 4);
    let delete = service.request("DELETE", &path).insert_header(("if-match", "\"3\""));
    assert_eq!(service.send(delete).await.problem(), "412 stale");
}

#[actix_web::test]
async fn a_copy_is_good_until_the_contact_or_its_tags_change() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    let copy = |etag: String| {
        service.send(service.request("GET", &path).insert_header(("if-none-match", etag)))
    };
    assert_eq!(copy("\"1\"".into()).await.status, 304);
    let tagged = service.post(&format!("{path}/tags"), json!({"add": ["VIP"]})).await;
    assert_eq!(tagged.json()["contact"]["version"], 1);
    assert_eq!(copy("\"1\"".into()).await.status, 200);
    assert_eq!(copy(tagged.header("etag").to_owned()).await.status, 304);
    // An edit that is based on the version before the tagging does not conflict with it.
    let edit = service.request("PATCH", &path).insert_header(("if-match", "\"1\""));
    assert_eq!(service.send(edit.set_json(json!({"name": "An"}))).await.status, 200);
}

#[actix_web::test]
async fn a_contact_is_expanded_by_the_first_pages_of_its_lists() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    for n in 1..=51 {
        let note = json!({"text": format!("Note {n}")});
        assert_eq!(service.post(&format!("{path}/notes"), note).await.status, 201);
    }
    let expanded = service.get(&format!("{path}?expand=notes,conversations")).await;
    let contact = expanded.json();
    assert_eq!(contact["name"], "Ann");
    assert_eq!(contact["notes"]["items"].as_array().unwrap().len(), 50);
    assert_eq!(contact["conversations"], json!({"items": [], "next": null}));
    assert_eq!(contact.get("campaigns"), None);
    // The cursor is one of the list of notes.
    let next = contact["notes"]["next"].as_str().unwrap();
    let rest = service.get(&format!("{path}/notes?cursor={next}")).await;
    assert_eq!(rest.json()["items"][0]["text"], "Note 1");
    // A note is a change of the expanded contact, but not of the contact.
    let copy = |query: &str, etag: &str| {
        let request = service.request("GET", &format!("{path}{query}"));
        service.send(request.insert_header(("if-none-match", etag.to_owned())))
    };
    let etag = expanded.header("etag");
    assert_eq!(copy("?expand=notes,conversations", etag).await.status, 304);
    assert_eq!(copy("?expand=notes,conversations", "\"1\"").await.status, 200);
    assert_eq!(service.get(&format!("{path}?expand=notes,tags")).await.errors(), ["expand"]);
}

#[actix_web::test]
async fn tagging_says_what_it_changed() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    let tags = format!("{path}/tags");
    service.post(&tags, json!({"add": ["VIP", "new"]})).await;
    let answer = service.post(&tags, json!({"add": ["vip"], "remove": ["NEW", "gone"]})).await;
    assert_eq!(answer.json()["contact"]["tags"], json!(["VIP"]));
    assert_eq!(answer.json()["added"], json!([]));
    assert_eq!(answer.json()["removed"], json!(["new"]));
    let errors = service.post(&tags, json!({"add": [" "], "remove": ["a,b"]})).await;
    assert_eq!(errors.errors(), ["add[0]", "remove[0]"]);
}

#[actix_web::test]
async fn a_patch_replaces_the_tags() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    let patched =
        service.patch(&path, json!({"name": "Anna", "tags": ["VIP", "vip", "new"]})).await;
    assert_eq!(patched.json()["tags"], json!(["new", "VIP"]));
    assert_eq!((&patched.json()["name"], &patched.json()["version"]), (&json!("Anna"), &json!(2)));
    assert_eq!(service.get(&path).await.header("etag"), patched.header("etag"));
    let kept = service.patch(&path, json!({"phone": "1"})).await;
    assert_eq!(kept.json()["tags"], json!(["new", "VIP"]));
    for empty in [json!([]), json!(null)] {
        let one = service.patch(&path, json!({"tags": ["x"]})).await;
        assert_eq!((&one.json()["tags"], &one.json()["version"]), (&json!(["x"]), &json!(3)));
        let none = service.patch(&path, json!({"tags": empty})).await;
        assert_eq!((&none.json()["tags"], &none.json()["version"]), (&json!([]), &json!(3)));
    }
    let many: Vec<_> = (0..101).map(|n| n.to_string()).collect();
    assert_eq!(service.patch(&path, json!({"tags": many})).await.errors(), ["tags"]);
}

#[actix_web::test]
async fn a_deleted_contact_is_gone() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    let deleted = service.delete(&path).await;
    assert_eq!((deleted.status.as_u16(), deleted.bytes.len()), (204, 0));
    assert_eq!(service.get(&path).await.problem(), "404 not_found");
    assert_eq!(service.delete(&path).await.problem(), "404 not_found");
    assert_eq!(service.get("/v1/contacts/ann").await.problem(), "404 not_found");
}

#[actix_web::test]
async fn another_organisations_contact_answers_like_one_that_is_not_there() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    let stranger = service.stranger();
    let nowhere = "/v1/contacts/019b7904-d100-7000-8000-00000000ffff";
    for rest in ["", "/sources", "/activity"] {
        let foreign = service.send(request(&stranger, "GET", &format!("{path}{rest}"))).await;
        let nobodys = service.send(request(&stranger, "GET", &format!("{nowhere}{rest}"))).await;
        assert_eq!(foreign.problem(), "404 not_found");
        assert_eq!(foreign.bytes, nobodys.bytes);
    }
    let list = service.send(request(&stranger, "GET", "/v1/contacts")).await;
    assert_eq!(list.json()["items"], json!([]));
    let patch = request(&stranger, "PATCH", &path).set_json(json!({"name": "Mine"}));
    assert_eq!(service.send(patch).await.problem(), "404 not_found");
}

#[actix_web::test]
async fn sources_and_activity_tell_the_story() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    service.world.clock().tick();
    service.patch(&path, json!({"name": "Anna"})).await;
    let sources = service.get(&format!("{path}/sources")).await.json();
    assert_eq!(sources["items"][0]["kind"], "manual");
    assert_eq!(sources["items"][0]["by"]["kind"], "key");
    let page = service.get(&format!("{path}/activity?limit=1")).await.json();
    insta::assert_json_snapshot!(page["items"][0], @r#"
    {
      "actor": {
        "id": "019b78ff-f900-7000-8000-000000000002",
        "kind": "key"
      },
      "at": "2026-01-01T10:00:01Z",
      "changes": [
        {
          "field": "name",
          "from": "Ann",
          "to": "Anna"
        }
      ],
      "kind": "edited"
    }
    "#);
    let next = page["next"].as_str().unwrap();
    let rest = service.get(&format!("{path}/activity?limit=1&cursor={next}")).await.json();
    assert_eq!(rest["items"][0]["kind"], "created");
    assert_eq!(rest["next"], json!(null));
}

#[actix_web::test]
async fn a_key_that_reads_cannot_write() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    let reader = service.key(&[Scope::Read]);
    assert_eq!(service.send(request(&reader, "GET", &path)).await.status, 200);
    let answer = service.send(request(&reader, "DELETE", &path)).await;
    assert_eq!(answer.problem(), "403 scope_missing");
    assert!(answer.json()["detail"].as_str().unwrap().contains("write"));
}
