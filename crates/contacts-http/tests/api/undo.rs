//! Undo and dry runs of imports, and undo of bulk actions, over HTTP (R37, R53).

use contacts_core::Clock;
use contacts_core::action::ActionId;
use contacts_core::contact::ContactId;
use contacts_core::housekeeping::Housekeeping;
use contacts_core::import::{DryRunRepository, Interrupt};
use contacts_core::journal::KEEP_JOURNAL;
use contacts_core::undo::{UndoRepository, UndoSubject};
use serde_json::{Value, json};

use crate::imports::{id, ready, run};
use crate::support::{Service, run_of};

struct Always;

impl Interrupt for Always {
    fn may_continue(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

const FILE: &str = "Name,E-mail\nAnna,ann@example.org\nBo,bo@example.org\n,no@example.org\n\
                    Bo,bo@example.org\n";

/// Runs the undo as a worker does.
pub(crate) fn undo_import(service: &Service, path: &str) {
    run_undo(service, UndoSubject::Import(id(path)));
}

/// Runs the undo of an action as a worker does.
pub(crate) fn undo_action(service: &Service, path: &str) {
    let id = path.trim_start_matches("/v1/actions/").parse().unwrap();
    run_undo(service, UndoSubject::Action(ActionId(id)));
}

/// Runs the undo of the merge of a contact as a worker does.
pub(crate) fn undo_merge(service: &Service, path: &str) {
    let id = path.trim_start_matches("/v1/contacts/").parse().unwrap();
    run_undo(service, UndoSubject::Merge(ContactId(id)));
}

fn run_undo(service: &Service, subject: UndoSubject) {
    let org = service.world.org();
    let undo = UndoRepository::get(&service.world, org, subject).unwrap().unwrap();
    service.api.undos.run(org, undo.id, &Always).unwrap();
}

pub(crate) fn dry_run_import(service: &Service, path: &str) {
    let (imports, org) = (&service.api.imports, service.world.org());
    let run = DryRunRepository::get(&service.world, org, id(path)).unwrap().unwrap();
    let (import, chunks) = imports.dry_chunks(org, run.id).unwrap().unwrap();
    imports.run_dry_chunks(&import, run.id, chunks, &Always).unwrap();
}

#[actix_web::test]
async fn an_import_is_undone_but_for_what_was_changed_since() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    let path = ready(&service, FILE).await;
    let undo = format!("{path}/undo");
    assert_eq!(service.post(&undo, Value::Null).await.problem(), "409 conflict");
    assert_eq!(service.get(&undo).await.problem(), "404 not_found");
    service.post(&format!("{path}/start"), Value::Null).await;
    run(&service, &path);

    let activity = service.get(&format!("{ann}/activity")).await.json();
    let imported = &activity["items"][0];
    assert_eq!(imported["kind"], "imported");
    let change = json!({"field": "name", "from": "Ann", "to": "Anna"});
    assert_eq!((&imported["changes"][0], &imported["source"]["row"]), (&change, &json!(1)));

    let found = service.get("/v1/contacts?q=bo").await.json();
    let bo = found["items"][0]["id"].as_str().unwrap().to_owned();
    service.patch(&format!("/v1/contacts/{bo}"), json!({"name": "Bob"})).await;
    let started = service.post(&undo, Value::Null).await;
    assert_eq!((started.status.as_u16(), &started.json()["state"]), (202, &json!("queued")));
    assert_eq!(service.get(&path).await.json()["state"], "undoing");
    assert_eq!(service.post(&undo, Value::Null).await.problem(), "409 conflict");
    let cancelled = service.post(&format!("{}/cancel", run_of(&path)), Value::Null).await;
    assert_eq!(cancelled.problem(), "409 conflict");
    undo_import(&service, &path);

    assert_eq!(service.get(&path).await.json()["state"], "undone");
    assert_eq!(service.post(&undo, Value::Null).await.problem(), "409 conflict");
    let undone = service.get(&undo).await.json();
    assert_eq!((&undone["state"], &undone["progress"]["done"]), (&json!("done"), &json!(1)));
    let summary = json!({"removed": 0, "restored": 1, "kept": 1, "unchanged": 0, "gone": 0});
    assert_eq!(undone["summary"], summary);
    let kept = service.get(&format!("{undo}/kept")).await.json();
    let expected = json!([{"contact_id": bo, "field": null, "reason": "edited"}]);
    assert_eq!((&kept["items"], &kept["next"]), (&expected, &Value::Null));
    assert_eq!(service.get(&ann).await.json()["name"], "Ann");
}

#[actix_web::test]
async fn a_bulk_action_is_undone_but_for_what_was_changed_since() {
    let service = Service::new();
    let [ann, bo] = [
        service.contact("Ann", "ann@example.org").await,
        service.contact("Bo", "bo@example.org").await,
    ];
    let ids = [&ann, &bo].map(|path| path.trim_start_matches("/v1/contacts/").to_owned());
    let body = json!({"ids": ids, "action": {"type": "add_tags", "tags": ["vip"]}});
    let done = service.post("/v1/actions", body).await;
    let path = done.header("location").to_owned();
    let undo = format!("{path}/undo");
    assert_eq!(done.json()["undo"], Value::Null);
    assert_eq!(service.get(&undo).await.problem(), "404 not_found");
    assert_eq!(service.get(&format!("{undo}/kept")).await.problem(), "404 not_found");
    service.world.clock().tick();
    service.post(&format!("{bo}/tags"), json!({"remove": ["vip"]})).await;
    service.post(&format!("{bo}/tags"), json!({"add": ["vip"]})).await;

    let started = service.post(&undo, Value::Null).await;
    assert_eq!((started.status.as_u16(), &started.json()["state"]), (202, &json!("queued")));
    assert_eq!(service.get(&path).await.json()["undo"], "queued");
    assert_eq!(service.post(&undo, Value::Null).await.problem(), "409 conflict");
    let runs = service.get("/v1/runs?kind=undo_action").await.json();
    let run = &runs["items"][0];
    assert_eq!(
        (&run["id"], path.ends_with(run["subject_id"].as_str().unwrap())),
        (&started.json()["id"], true)
    );
    let cancel = format!("/v1/runs/{}/cancel", run["id"].as_str().unwrap());
    assert_eq!(service.post(&cancel, Value::Null).await.status, 200);
    assert_eq!(service.get(&path).await.json()["undo"], "cancelled");

    assert_eq!(service.post(&undo, Value::Null).await.status, 202);
    undo_action(&service, &path);
    assert_eq!(service.get(&path).await.json()["undo"], "done");
    assert_eq!(service.get("/v1/actions").await.json()["items"][0]["undo"], "done");
    let undone = service.get(&undo).await.json();
    let summary = json!({"removed": 0, "restored": 1, "kept": 1, "unchanged": 0, "gone": 0});
    assert_eq!((&undone["state"], &undone["summary"]), (&json!("done"), &summary));
    let kept = service.get(&format!("{undo}/kept")).await.json();
    let expected = json!([{"contact_id": ids[1], "field": "tags", "reason": "tagged"}]);
    assert_eq!((&kept["items"], &kept["next"]), (&expected, &Value::Null));
    assert_eq!(service.get(&ann).await.json()["tags"], json!([]));
    assert_eq!(service.get(&bo).await.json()["tags"], json!(["vip"]));
    assert_eq!(service.post(&undo, Value::Null).await.problem(), "409 conflict");
}

#[actix_web::test]
async fn a_merge_is_undone_but_for_what_was_changed_since() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    let twin = service.contact("Ann Lee", "a.lee@example.org").await;
    service.patch(&twin, json!({"phone": "12"})).await;
    let ids = [&ann, &twin].map(|path| path.trim_start_matches("/v1/contacts/").to_owned());
    let undo = format!("/v1/merges/{}/undo", ids[1]);
    let refused = service.post(&undo, Value::Null).await;
    assert_eq!(refused.problem(), "404 not_found", "it is not merged");
    let merged = json!({"other_id": ids[1], "values": {"name": "other"}});
    assert_eq!(service.post(&format!("{ann}/merge"), merged).await.status, 200);
    assert_eq!(service.get(&undo).await.problem(), "404 not_found");
    service.patch(&ann, json!({"name": "Anna"})).await;
    let started = service.post(&undo, Value::Null).await;
    assert_eq!((started.status.as_u16(), &started.json()["state"]), (202, &json!("queued")));
    let refused = service.post(&undo, Value::Null).await;
    assert_eq!(refused.json()["detail"], "the merge is being undone");
    let runs = service.get("/v1/runs?kind=undo_merge").await.json();
    assert_eq!(runs["items"][0]["subject_id"], ids[1].as_str());

    undo_merge(&service, &twin);
    let undone = service.get(&undo).await.json();
    let summary = json!({"removed": 0, "restored": 0, "kept": 1, "unchanged": 0, "gone": 0});
    assert_eq!((&undone["state"], &undone["summary"]), (&json!("done"), &summary));
    let kept = service.get(&format!("{undo}/kept")).await.json();
    let expected = json!([{"contact_id": ids[0], "field": "name", "reason": "edited"}]);
    assert_eq!(kept["items"], expected);
    let (one, other) = (service.get(&ann).await.json(), service.get(&twin).await.json());
    assert_eq!((&one["name"], &one["phone"]), (&json!("Anna"), &Value::Null));
    assert_eq!((&other["name"], &other["phone"]), (&json!("Ann Lee"), &json!("12")));
    let activity = service.get(&format!("{twin}/activity")).await.json();
    let entry = &activity["items"][0];
    assert_eq!((&entry["kind"], &entry["called"]), (&json!("merge_undone"), &json!("Anna")));
    assert_eq!(entry["other_id"], ids[0].as_str());
}

#[actix_web::test]
async fn a_merge_that_cannot_be_undone_says_why() {
    let service = Service::new();
    let mut paths = Vec::new();
    for name in ["a", "b", "c"] {
        paths.push(service.contact(name, &format!("{name}@example.org")).await);
    }
    let ids: Vec<_> = paths.iter().map(|path| path.trim_start_matches("/v1/contacts/")).collect();
    for (survivor, other) in [(1, 0), (2, 1)] {
        let merge = json!({"other_id": ids[other]});
        assert_eq!(service.post(&format!("{}/merge", paths[survivor]), merge).await.status, 200);
    }
    let reason = async |id: &str| {
        let refused = service.post(&format!("/v1/merges/{id}/undo"), Value::Null).await;
        assert_eq!(refused.problem(), "409 conflict");
        refused.json()["detail"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        reason(ids[0]).await,
        "the surviving contact was merged since: undo that merge first"
    );
    let clock = service.world.clock();
    clock.advance(KEEP_JOURNAL.unsigned_abs());
    service.world.sweep(clock.now()).unwrap();
    assert_eq!(
        reason(ids[1]).await,
        "what the merge did is kept for 30 days: it can no longer be undone"
    );
}

#[actix_web::test]
async fn an_action_that_cannot_be_undone_says_why() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    let id = ann.trim_start_matches("/v1/contacts/").to_owned();
    let reason = async |action: Value| {
        let done = service.post("/v1/actions", json!({"ids": [id], "action": action})).await;
        let undo = format!("{}/undo", done.header("location"));
        let clock = service.world.clock();
        clock.advance(KEEP_JOURNAL.unsigned_abs());
        service.world.sweep(clock.now()).unwrap();
        let refused = service.post(&undo, Value::Null).await;
        assert_eq!(refused.problem(), "409 conflict");
        refused.json()["detail"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        reason(json!({"type": "unsubscribe"})).await,
        "an action of the type unsubscribe cannot be undone"
    );
    assert_eq!(
        reason(json!({"type": "add_tags", "tags": ["vip"]})).await,
        "what the action did is kept for 30 days: it can no longer be undone"
    );
    let ids: Vec<_> = (1..=1_001).map(uuid::Uuid::from_u128).collect();
    let body = json!({"ids": ids, "action": {"type": "remove_tags", "tags": ["vip"]}});
    let open = service.post("/v1/actions", body).await;
    let refused = service.post(&format!("{}/undo", open.header("location")), Value::Null).await;
    assert_eq!(
        refused.json()["detail"],
        "the action is queued: it can be undone after it has ended"
    );
    let unknown = format!("/v1/actions/{}/undo", uuid::Uuid::from_u128(9));
    assert_eq!(service.post(&unknown, Value::Null).await.problem(), "404 not_found");
}

#[actix_web::test]
async fn what_was_kept_is_paged() {
    let service = Service::new();
    let path =
        ready(&service, "Name,E-mail\nA,a@example.org\nB,b@example.org\nC,c@example.org\n").await;
    service.post(&format!("{path}/start"), Value::Null).await;
    run(&service, &path);
    for contact in service.get("/v1/contacts").await.json()["items"].as_array().unwrap() {
        let contact = format!("/v1/contacts/{}", contact["id"].as_str().unwrap());
        service.patch(&contact, json!({"name": "X"})).await;
    }
    service.post(&format!("{path}/undo"), Value::Null).await;
    undo_import(&service, &path);
    let kept = format!("{path}/undo/kept");
    let mut read = Vec::new();
    let mut next = format!("{kept}?limit=2");
    loop {
        let page = service.get(&next).await.json();
        read.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("{kept}?limit=2&cursor={cursor}");
    }
    let all = service.get(&kept).await.json();
    assert_eq!((&Value::Array(read.clone()), read.len()), (&all["items"], 3));
    assert_eq!(service.get(&format!("{kept}?cursor=x")).await.errors(), ["cursor"]);
}

#[actix_web::test]
async fn a_dry_run_says_what_would_happen_row_by_row() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    let path = ready(&service, FILE).await;
    let dry = format!("{path}/dry-run");
    assert_eq!(service.get(&dry).await.problem(), "404 not_found");
    let started = service.post(&dry, Value::Null).await;
    assert_eq!((started.status.as_u16(), &started.json()["state"]), (202, &json!("queued")));
    dry_run_import(&service, &path);
    let done = service.get(&dry).await.json();
    assert_eq!((&done["state"], &done["progress"]["done"]), (&json!("done"), &json!(4)));
    insta::assert_json_snapshot!(done["summary"], @r#"
    {
      "added": 1,
      "skipped": 2,
      "skipped_by_reason": {
        "missing_name": 1,
        "unchanged": 1
      },
      "updated": 1,
      "warnings": 0
    }
    "#);
    let first = service.get(&format!("{dry}/rows?limit=3")).await.json();
    let contact_id = ann.rsplit('/').next().unwrap();
    let change = json!({"field": "name", "from": "Ann", "to": "Anna"});
    let expected = json!([
        {"row": 1, "line": 2, "outcome": "updated", "contact_id": contact_id,
         "changes": [change], "tags": [], "warnings": []},
        {"row": 2, "line": 3, "outcome": "added", "warnings": []},
        {"row": 3, "line": 4, "outcome": "skipped", "code": "missing_name",
         "reason": "the name is missing", "warnings": []},
    ]);
    assert_eq!(first["items"], expected);
    let next = first["next"].as_str().unwrap();
    let rest = service.get(&format!("{dry}/rows?limit=3&cursor={next}")).await.json();
    assert_eq!((&rest["items"][0]["code"], &rest["next"]), (&json!("unchanged"), &Value::Null));
    assert_eq!(service.get(&ann).await.json()["name"], "Ann", "nothing is changed");
    assert_eq!(service.get(&path).await.json()["state"], "ready");
}

#[actix_web::test]
async fn a_dry_run_is_thrown_away_by_hand_and_by_another_plan() {
    let service = Service::new();
    let path = ready(&service, FILE).await;
    let dry = format!("{path}/dry-run");
    service.post(&dry, Value::Null).await;
    assert_eq!(service.delete(&dry).await.status, 204);
    assert_eq!(service.delete(&dry).await.problem(), "404 not_found");
    assert_eq!(service.get(&format!("{dry}/rows")).await.problem(), "404 not_found");
    service.post(&dry, Value::Null).await;
    service.patch(&path, json!({"policy": "add_only"})).await;
    assert_eq!(service.get(&dry).await.problem(), "404 not_found");
    service.patch(&path, json!({"columns": ["name", null]})).await;
    assert_eq!(service.post(&dry, Value::Null).await.errors(), ["columns"]);
    service.post(&format!("{}/cancel", run_of(&path)), Value::Null).await;
    assert_eq!(service.post(&dry, Value::Null).await.problem(), "409 conflict");
}
