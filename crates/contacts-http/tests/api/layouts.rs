//! The choice of the layout of a file over HTTP (R56).

use serde_json::{Value, json};
use uuid::Uuid;

use crate::imports::{Always, PEOPLE, id, ready, run};
use crate::support::Service;

const WORKBOOK: &str = "[Notes]\nTopic,Text\nFair,Tuesday\n[Empty]\n[Lists hidden]\nName\nAnn\n\
                        [People]\nName,E-mail\nAnn,ann@example.org\nBo,bo@example.org\n";

fn analyse(service: &Service, path: &str) {
    service.api.imports.analyse(service.world.org(), id(path), &Always).unwrap();
}

#[actix_web::test]
async fn another_sheet_of_a_workbook_is_chosen_before_the_start() {
    let service = Service::new();
    let path = ready(&service, WORKBOOK).await;
    let analysis = service.get(&path).await.json()["analysis"].clone();
    assert_eq!((&analysis["sheet"], &analysis["encoding"]), (&json!("Notes"), &Value::Null));
    let hidden: Vec<_> =
        analysis["sheets"].as_array().unwrap().iter().map(|s| &s["hidden"]).collect();
    assert_eq!(hidden, [false, false, false, true]);
    assert_eq!(analysis["sheets"][3]["name"], "Lists");

    let layout = format!("{path}/layout");
    let same = service.put(&layout, json!({})).await;
    assert_eq!((same.status.as_u16(), &same.json()["state"]), (200, &json!("ready")));
    let chosen = service.put(&layout, json!({"sheet": "People"})).await;
    assert_eq!(chosen.json()["state"], "analysing");
    let early = service.put(&layout, json!({"sheet": "Notes"})).await;
    assert_eq!(early.problem(), "409 conflict");
    analyse(&service, &path);
    let again = service.get(&path).await.json();
    assert_eq!(
        (&again["analysis"]["sheet"], &again["analysis"]["rows"]),
        (&json!("People"), &json!(2))
    );
    assert_eq!(again["plan"]["columns"], json!(["name", "email"]));
    service.post(&format!("{path}/start"), Value::Null).await.json();
    run(&service, &path);
    assert_eq!(service.get(&path).await.json()["summary"]["added"], 2);
    let late = service.put(&layout, json!({"sheet": "Notes"})).await;
    assert_eq!(late.problem(), "409 conflict");
}

#[actix_web::test]
async fn a_layout_by_which_the_file_cannot_be_imported_is_refused() {
    let service = Service::new();
    let book = ready(&service, WORKBOOK).await;
    let text = ready(&service, PEOPLE).await;
    for (path, body, error) in [
        (&book, json!({"sheet": "Empty"}), "sheet"),
        (&book, json!({"sheet": "none"}), "sheet"),
        (&book, json!({"sheet": "People", "delimiter": ";"}), "delimiter"),
        (&text, json!({"sheet": "People"}), "sheet"),
        (&text, json!({"encoding": "utf-9"}), "encoding"),
        (&text, json!({"delimiter": "x"}), "delimiter"),
        (&text, json!({"delimiter": ", "}), "delimiter"),
        (&text, json!({"quoting": "sometimes"}), "quoting"),
        (&text, json!({"header_row": 17}), "header_row"),
        (&text, json!({"header_row": -1}), "header_row"),
        (&text, json!({"headers": 1}), "headers"),
    ] {
        let refused = service.put(&format!("{path}/layout"), body.clone()).await;
        assert_eq!(refused.status.as_u16(), 422, "{body}");
        assert_eq!(refused.errors(), [error], "{body}");
    }
    assert_eq!(service.get(&book).await.json()["analysis"]["sheet"], "Notes");
    assert_eq!(service.get(&text).await.json()["state"], "ready");
    let missing = format!("/v1/imports/{}/layout", Uuid::nil());
    assert_eq!(service.put(&missing, json!({})).await.problem(), "404 not_found");
    assert_eq!(service.get(&missing).await.problem(), "404 not_found");
}

#[actix_web::test]
async fn a_file_without_a_header_is_imported_once_that_is_confirmed() {
    let service = Service::new();
    let path = ready(&service, "ann@example.org,Ann Lee\nbo@example.org,Bo Ray\n").await;
    assert_eq!(service.get(&path).await.json()["state"], "unusable");
    let layout = format!("{path}/layout");
    let seen = service.get(&layout).await.json();
    assert_eq!(seen["rows"][0], json!({"line": 1, "cells": ["ann@example.org", "Ann Lee"]}));
    assert_eq!((&seen["header_row"], &seen["delimiter"]), (&Value::Null, &json!(",")));
    let chosen = service.put(&layout, json!({"header_row": 0})).await.json();
    assert_eq!((&chosen["state"], &chosen["problem"]), (&json!("analysing"), &Value::Null));
    analyse(&service, &path);
    let import = service.get(&path).await.json();
    assert_eq!((&import["state"], &import["analysis"]["rows"]), (&json!("ready"), &json!(2)));
    assert_eq!(import["analysis"]["header_line"], Value::Null);
    assert_eq!(import["analysis"]["columns"][0]["header"], "A");
    assert_eq!(import["plan"]["columns"], json!(["email", "name"]));
    let seen = service.get(&layout).await.json();
    assert_eq!((&seen["header_row"], &seen["chosen"]["header_row"]), (&json!(0), &json!(0)));
    service.post(&format!("{path}/start"), Value::Null).await;
    run(&service, &path);
    assert_eq!(service.get(&path).await.json()["summary"]["added"], 2);
}

#[actix_web::test]
async fn a_new_layout_keeps_what_was_chosen_as_far_as_it_fits() {
    let service = Service::new();
    let file = "List of people;June;x\nName;Contact;Tier\nAnn;ann@example.org;pro\n";
    let path = ready(&service, file).await;
    let layout = format!("{path}/layout");
    service.patch(&path, json!({"policy": "add_only", "tags": ["Show"]})).await;
    service.put(&layout, json!({"delimiter": ";", "header_row": 2})).await;
    analyse(&service, &path);
    let plan = service.get(&path).await.json()["plan"].clone();
    assert_eq!(plan["columns"], json!(["name", "email", null]));
    assert_eq!((&plan["policy"], &plan["tags"]), (&json!("add_only"), &json!(["Show"])));

    service.patch(&path, json!({"columns": ["last_name", "email", "tags"]})).await;
    service.put(&layout, json!({"delimiter": ";", "header_row": 1})).await;
    analyse(&service, &path);
    let columns = service.get(&path).await.json()["plan"]["columns"].clone();
    assert_eq!((&columns[0], &columns[2]), (&json!("last_name"), &json!("tags")));
    // The table has other columns now.
    service.put(&layout, json!({})).await;
    analyse(&service, &path);
    assert_eq!(service.get(&path).await.json()["plan"]["columns"], json!([null]));
}

#[actix_web::test]
async fn garbled_text_is_repaired_on_request() {
    let service = Service::new();
    let path = ready(&service, "Name,E-mail\nJÃ¼rgen GroÃŸ,j@example.org\n").await;
    let warning = service.get(&path).await.json()["warnings"][0].clone();
    assert_eq!(
        (&warning["code"], &warning["repaired"]),
        (&json!("garbled_text"), &json!("Jürgen Groß"))
    );
    let layout = format!("{path}/layout");
    service.put(&layout, json!({"repair_text": true})).await;
    analyse(&service, &path);
    let import = service.get(&path).await.json();
    assert_eq!(import["warnings"], json!([]));
    assert_eq!(import["analysis"]["columns"][0]["samples"], json!(["Jürgen Groß"]));
    assert_eq!(service.get(&layout).await.json()["chosen"]["repair_text"], true);
    service.post(&format!("{path}/start"), Value::Null).await;
    run(&service, &path);
    let found = service.get("/v1/contacts").await.json();
    assert_eq!(found["items"][0]["name"], "Jürgen Groß");
}
