//! Imports over HTTP.

use contacts_core::import::{ImportId, Interrupt};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, Service, request, run_of};

/// Lets an import run without a time limit.
pub(crate) struct Always;

impl Interrupt for Always {
    fn may_continue(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

pub(crate) const PEOPLE: &str =
    "Name,E-mail,Tier\nAnn,ann@example.org,pro\n,bob@example.org,\nCem,cem@example,\n";

pub(crate) async fn upload(service: &Service, file_name: &str, file: &str) -> Answer {
    let path = format!("/v1/imports?file_name={file_name}");
    let request = service.request("POST", &path).insert_header(("content-type", "text/csv"));
    service.send(request.set_payload(file.to_owned())).await
}

/// Uploads and analyses a file; returns the path of the import.
pub(crate) async fn ready(service: &Service, file: &str) -> String {
    let answer = upload(service, "people.csv", file).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let path = answer.header("location").to_owned();
    service.api.imports.analyse(service.world.org(), id(&path), &Always).unwrap();
    path
}

/// Runs the import as a worker does.
pub(crate) fn run(service: &Service, path: &str) {
    let imports = &service.api.imports;
    let (import, chunks) = imports.chunks(service.world.org(), id(path)).unwrap().unwrap();
    imports.take(&import, chunks, &Always).unwrap();
}

pub(crate) fn id(path: &str) -> ImportId {
    ImportId(Uuid::parse_str(path.rsplit('/').next().unwrap()).unwrap())
}

#[actix_web::test]
async fn a_file_is_uploaded_looked_at_and_run() {
    let service = Service::new();
    let uploaded = upload(&service, "people.csv", PEOPLE).await;
    assert_eq!(uploaded.status, 201);
    assert_eq!(uploaded.json()["state"], "analysing");
    assert_eq!(uploaded.json()["bytes"], PEOPLE.len());
    let path = ready(&service, PEOPLE).await;
    let import = service.get(&path).await.json();
    assert_eq!(import["state"], "ready");
    insta::assert_json_snapshot!(import["analysis"], @r#"
    {
      "columns": [
        {
          "confidence": 0.95,
          "field_label": "Name",
          "header": "Name",
          "samples": [
            "Ann",
            "",
            "Cem"
          ],
          "target": "name"
        },
        {
          "confidence": 0.9,
          "field_label": "E-mail",
          "header": "E-mail",
          "samples": [
            "ann@example.org",
            "bob@example.org",
            "cem@example"
          ],
          "target": "email"
        },
        {
          "confidence": 0.0,
          "field_label": "Tier",
          "header": "Tier",
          "samples": [
            "pro",
            "",
            ""
          ],
          "target": null
        }
      ],
      "delimiter": ",",
      "domains": [],
      "encoding": "utf-8",
      "header_line": 1,
      "quoting": "standard",
      "rows": 3,
      "sheet": null,
      "sheets": []
    }
    "#);
    insta::assert_json_snapshot!(import["plan"], @r#"
    {
      "choices_of": null,
      "columns": [
        "name",
        "email",
        null
      ],
      "domains": {},
      "formats": [],
      "policy": "overwrite",
      "rules": [],
      "tags": []
    }
    "#);
    let started = service.post(&format!("{path}/start"), Value::Null).await.json();
    assert_eq!((&started["state"], &started["progress"]["total"]), (&json!("queued"), &json!(3)));
    run(&service, &path);
    let done = service.get(&path).await.json();
    assert_eq!(done["state"], "done");
    insta::assert_json_snapshot!(done["summary"], @r#"
    {
      "added": 1,
      "skipped": 2,
      "skipped_by_reason": {
        "invalid_email": 1,
        "missing_name": 1
      },
      "updated": 0,
      "warnings": 0
    }
    "#);
    let list = service.get("/v1/contacts?source=csv_import&q=ann").await.json();
    assert_eq!(list["items"][0]["source"]["file_name"], "people.csv");
}

#[actix_web::test]
async fn a_plan_can_be_changed_until_the_import_starts() {
    let service = Service::new();
    let path = ready(&service, PEOPLE).await;
    let plan = json!({
        "columns": ["name", "email", null], "policy": "add_only", "tags": ["Show"],
        "domains": {"gmial.com": "gmail.com"}, "formats": [], "rules": [],
    });
    let changed = service.patch(&path, plan.clone()).await;
    let mut expected = plan.clone();
    expected["choices_of"] = Value::Null;
    assert_eq!(changed.json()["plan"], expected);
    for (body, errors) in [
        (json!({"columns": ["name"]}), vec!["columns"]),
        (json!({"columns": ["nme", "email", "custom:"]}), vec!["columns[0]", "columns[2]"]),
        (json!({"policy": "replace", "tags": ["a,b"]}), vec!["policy", "tags[0]"]),
        (json!({"tags": null}), vec!["tags"]),
        (json!({"colums": []}), vec!["colums"]),
    ] {
        assert_eq!(service.patch(&path, body).await.errors(), errors);
    }
    service.patch(&path, json!({"columns": ["name", null, null]})).await;
    let started = service.post(&format!("{path}/start"), Value::Null).await;
    assert_eq!(started.errors(), ["columns"]);
    service.patch(&path, json!({"columns": ["name", "email", null]})).await;
    assert_eq!(service.post(&format!("{path}/start"), Value::Null).await.status, 200);
    assert_eq!(service.patch(&path, json!({"tags": []})).await.problem(), "409 conflict");
    assert_eq!(service.post(&format!("{path}/start"), Value::Null).await.problem(), "409 conflict");
}

#[actix_web::test]
async fn a_column_that_says_who_opted_out_is_suggested_and_missed() {
    let service = Service::new();
    let file = "Name,E-mail,Abgemeldet\nAnn,ann@example.org,ja\nBo,bo@example.org,nein\n";
    let path = ready(&service, file).await;
    let import = service.get(&path).await.json();
    assert_eq!(import["plan"]["columns"], json!(["name", "email", "unsubscribed"]));
    assert_eq!(import["warnings"], json!([]));
    let unread = service.patch(&path, json!({"columns": ["name", "email", null]})).await;
    let warning = json!({
        "code": "unread_opt_out", "column": 2, "header": "Abgemeldet", "rows": null, "line": null,
        "example": null, "repaired": null
    });
    assert_eq!(unread.json()["warnings"], json!([warning]));
    service.patch(&path, json!({"columns": ["name", "email", "unsubscribed"]})).await;
    assert_eq!(service.post(&format!("{path}/start"), Value::Null).await.status, 200);
    run(&service, &path);
    let found = service.get("/v1/contacts?subscribed=false").await.json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!(found["items"][0]["consent"]["reason"], "imported");
}

#[actix_web::test]
async fn what_is_wrong_with_cells_is_a_warning_before_the_start() {
    let service = Service::new();
    let file = "Name,E-mail,Phone\nJÃ¼rgen,rep@example.org,4.91512E+12\nBo,REP@example.org,\n";
    let path = ready(&service, file).await;
    let warnings = service.get(&path).await.json()["warnings"].clone();
    let garbled = json!({
        "code": "garbled_text", "column": 0, "header": "Name", "rows": 1, "line": 2,
        "example": "JÃ¼rgen", "repaired": "Jürgen"
    });
    let one = json!({
        "code": "one_contact", "column": 1, "header": "E-mail", "rows": 2, "line": 2,
        "example": "rep@example.org", "repaired": null
    });
    let exponent = json!({
        "code": "exponent", "column": 2, "header": "Phone", "rows": 1, "line": 2,
        "example": "4.91512E+12", "repaired": null
    });
    assert_eq!(warnings, json!([garbled, one, exponent]));
    let changed = service.patch(&path, json!({"columns": ["name", null, null]})).await;
    assert_eq!(changed.json()["warnings"], json!([garbled]));
}

#[actix_web::test]
async fn columns_that_the_plan_does_not_read_are_warnings() {
    let service = Service::new();
    let file = "id,Name,E-mail,Unsubscribed\n17,Ann,ann@example.org,maybe\n";
    let path = ready(&service, file).await;
    let import = service.get(&path).await.json();
    assert_eq!(import["plan"]["columns"], json!([null, "name", "email", null]));
    let unread = json!({
        "code": "unread_id", "column": 0, "header": "id", "rows": null, "line": null,
        "example": null, "repaired": null
    });
    let unclear = json!({
        "code": "unclear_opt_out", "column": 3, "header": "Unsubscribed", "rows": null,
        "line": null, "example": "maybe", "repaired": null
    });
    assert_eq!(import["warnings"], json!([unread, unclear]));
    let columns = json!({"columns": ["external_id", "name", "email", "unsubscribed"]});
    assert_eq!(service.patch(&path, columns).await.json()["warnings"], json!([]));
}

#[actix_web::test]
async fn an_opt_out_list_needs_addresses_only() {
    let service = Service::new();
    service.post("/v1/contacts", json!({"name": "Ann", "email": "ann@example.org"})).await;
    let path = ready(&service, "E-mail\nann@example.org\nnew@example.org\n").await;
    let changed = service.patch(&path, json!({"policy": "opt_out"})).await;
    assert_eq!(changed.json()["plan"]["policy"], "opt_out");
    assert_eq!(service.post(&format!("{path}/start"), Value::Null).await.status, 200);
    run(&service, &path);
    let summary = service.get(&path).await.json()["summary"].clone();
    assert_eq!(summary["updated"], 1);
    assert_eq!(summary["skipped_by_reason"], json!({"suppressed": 1}));
    let new = json!({"name": "New", "email": "new@example.org"});
    let added = service.post("/v1/contacts", new).await.json();
    assert_eq!(added["consent"]["state"], "unsubscribed");
    let found = service.get("/v1/contacts?subscribed=false").await.json();
    assert_eq!(found["items"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn an_import_is_cancelled_once() {
    let service = Service::new();
    let path = ready(&service, PEOPLE).await;
    let cancel = format!("{}/cancel", run_of(&path));
    assert_eq!(service.post(&cancel, Value::Null).await.json()["state"], "cancelled");
    assert_eq!(service.get(&path).await.json()["state"], "cancelled");
    assert_eq!(service.post(&cancel, Value::Null).await.problem(), "409 conflict");
}

#[actix_web::test]
async fn an_unusable_file_has_a_reason() {
    let service = Service::new();
    let path = ready(&service, "ann@example.org,Ann\n").await;
    let import = service.get(&path).await.json();
    assert_eq!(import["state"], "unusable");
    assert!(import["problem"].as_str().unwrap().contains("header row"));
}

#[actix_web::test]
async fn skipped_rows_are_listed_and_downloaded() {
    let service = Service::new();
    let path = ready(&service, PEOPLE).await;
    let csv = format!("{path}/skipped.csv");
    service.post(&format!("{path}/start"), Value::Null).await;
    run(&service, &path);
    let first = service.get(&format!("{path}/issues?limit=1")).await.json();
    let expected =
        json!([{"row": 2, "line": 3, "code": "missing_name", "reason": "the name is missing"}]);
    assert_eq!(first["items"], expected);
    let next = first["next"].as_str().unwrap();
    let second = service.get(&format!("{path}/issues?limit=1&cursor={next}")).await.json();
    assert_eq!(
        (&second["items"][0]["code"], &second["next"]),
        (&json!("invalid_email"), &Value::Null)
    );
    let file = service.get(&csv).await;
    assert!(file.header("content-disposition").starts_with("attachment; filename=\"skipped-"));
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        String::from_utf8(file.bytes).unwrap(),
        "reason,Name,E-mail,Tier\r\n\
         line 3: the name is missing,,bob@example.org,\r\n\
         line 4: the email address needs a valid domain after the @ (such as example.com),Cem,cem@example,\r\n"
    );
    let early = upload(&service, "people.csv", PEOPLE).await.header("location").to_owned();
    assert_eq!(service.get(&format!("{early}/skipped.csv")).await.problem(), "409 conflict");
}

#[actix_web::test]
async fn imports_are_listed_the_newest_first() {
    let service = Service::new();
    for name in ["a.csv", "b.csv", "c.csv"] {
        upload(&service, name, PEOPLE).await;
    }
    let first = service.get("/v1/imports?limit=2").await.json();
    assert_eq!(
        (&first["items"][0]["file_name"], &first["items"][1]["file_name"]),
        (&json!("c.csv"), &json!("b.csv"))
    );
    let next = first["next"].as_str().unwrap();
    let rest = service.get(&format!("/v1/imports?limit=2&cursor={next}")).await.json();
    assert_eq!((&rest["items"][0]["file_name"], &rest["next"]), (&json!("a.csv"), &Value::Null));
}

#[actix_web::test]
async fn another_organisations_import_is_not_there() {
    let service = Service::new();
    let path = ready(&service, PEOPLE).await;
    let stranger = service.stranger();
    for (method, rest) in
        [("GET", ""), ("POST", "/start"), ("GET", "/issues"), ("GET", "/skipped.csv")]
    {
        let answer = service.send(request(&stranger, method, &format!("{path}{rest}"))).await;
        assert_eq!(answer.problem(), "404 not_found", "{method} {rest}");
    }
    assert_eq!(service.get(&path).await.json()["state"], "ready");
}

#[actix_web::test]
async fn the_choices_of_an_earlier_import_are_offered_and_can_be_dropped() {
    let service = Service::new();
    let first = ready(&service, PEOPLE).await;
    let plan = json!({"columns": ["name", "email", "tags"], "policy": "update_only"});
    service.patch(&first, plan).await;
    service.post(&format!("{first}/start"), Value::Null).await;
    let path = ready(&service, PEOPLE).await;
    let plan = service.get(&path).await.json()["plan"].clone();
    assert_eq!((&plan["columns"][2], &plan["policy"]), (&json!("tags"), &json!("update_only")));
    let origin = plan["choices_of"].clone();
    assert_eq!(origin["import_id"], id(&first).to_string());
    assert!(origin["started_at"].is_string());
    let fresh = service.patch(&path, json!({"use_suggestions": true, "tags": ["New"]})).await;
    let plan = fresh.json()["plan"].clone();
    let expected = json!({
        "columns": ["name", "email", null], "policy": "overwrite", "tags": ["New"], "domains": {},
        "formats": [], "rules": [], "choices_of": null
    });
    assert_eq!(plan, expected);
}

#[actix_web::test]
async fn columns_have_rules_and_a_word_that_clears() {
    const RULED: &str =
        "Name,Email,Phone\nAnna,ann@example.org,null\nBo,bo@example.org,+12025550102\n";
    let service = Service::new();
    let ann = json!({"name": "Ann", "email": "ann@example.org", "phone": "+12025550101"});
    service.post("/v1/contacts", ann).await;
    let path = ready(&service, RULED).await;
    let rules = json!([
        {"column": 0, "rule": "fill_blanks", "clear": null},
        {"column": 2, "rule": null, "clear": "NULL"}
    ]);
    let plan = service.patch(&path, json!({"rules": rules})).await.json()["plan"].clone();
    assert_eq!(plan["rules"][0]["rule"], "fill_blanks");
    assert_eq!(plan["rules"][1]["clear"], "null");
    let wrong = json!({"rules": [{"column": 3, "rule": null, "clear": null}]});
    assert_eq!(service.patch(&path, wrong).await.problem(), "422 invalid");
    let wrong = json!({"rules": [{"column": 2, "rule": null, "clear": " "}]});
    assert_eq!(service.patch(&path, wrong).await.problem(), "422 invalid");
    service.post(&format!("{path}/start"), Value::Null).await;
    run(&service, &path);
    let found = service.get("/v1/contacts?q=ann").await.json()["items"][0].clone();
    assert_eq!((&found["name"], &found["phone"]), (&json!("Ann"), &Value::Null));

    let path = ready(&service, RULED).await;
    let wrong = json!({"rules": [{"column": 1, "rule": null, "clear": "null"}]});
    service.patch(&path, wrong).await;
    let refused = service.post(&format!("{path}/start"), Value::Null).await;
    assert_eq!(refused.json()["errors"][0]["field"], "rules[0].clear");
}
