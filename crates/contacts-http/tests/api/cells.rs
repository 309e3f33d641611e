//! The cells of imports and their corrections over HTTP (R58).

use serde_json::{Value, json};

use crate::imports::{PEOPLE, id, ready, run};
use crate::support::{Service, request};

#[actix_web::test]
async fn cells_are_read_and_corrected() {
    let service = Service::new();
    let path = ready(&service, PEOPLE).await;
    let read = service.get(&format!("{path}/cells?rows=3,2,99")).await.json();
    let cell = |text: &str| json!({"text": text, "original": null});
    let expected = json!({"rows": [
        {"row": 2, "line": 3, "cells": [cell(""), cell("bob@example.org"), cell("")]},
        {"row": 3, "line": 4, "cells": [cell("Cem"), cell("cem@example"), cell("")]},
    ]});
    assert_eq!(read, expected);

    let cells = json!([
        {"row": 2, "column": 0, "text": "Bob"}, {"row": 3, "column": 1, "text": "cem@example.org"}
    ]);
    let corrected = service.patch(&format!("{path}/cells"), json!({"cells": cells})).await;
    assert_eq!(corrected.status, 200, "{corrected:?}");
    let row = corrected.json()["rows"][1]["cells"][1].clone();
    assert_eq!(row, json!({"text": "cem@example.org", "original": "cem@example"}));
    let restored = json!({"cells": [{"row": 2, "column": 0, "text": null}]});
    let restored = service.patch(&format!("{path}/cells"), restored).await.json();
    assert_eq!(restored["rows"][0]["cells"][0], cell(""));

    service.post(&format!("{path}/start"), Value::Null).await;
    run(&service, &path);
    let summary = service.get(&path).await.json()["summary"].clone();
    assert_eq!((&summary["added"], &summary["skipped"]), (&json!(2), &json!(1)));
}

#[actix_web::test]
async fn a_correction_makes_the_dry_run_outdated() {
    let service = Service::new();
    let path = ready(&service, PEOPLE).await;
    let dry = format!("{path}/dry-run");
    assert_eq!(service.post(&dry, Value::Null).await.json()["outdated"], false);
    let cells = json!({"cells": [{"row": 1, "column": 0, "text": "Anna"}]});
    service.patch(&format!("{path}/cells"), cells).await;
    assert_eq!(service.get(&dry).await.json()["outdated"], true);
    assert_eq!(service.post(&dry, Value::Null).await.json()["outdated"], false);
}

#[actix_web::test]
async fn cells_that_a_file_does_not_have_are_refused_by_name() {
    let service = Service::new();
    let path = ready(&service, PEOPLE).await;
    let cells = format!("{path}/cells");
    let wrong = json!({"cells": [
        {"row": 1, "column": 0, "text": "Anna"}, {"row": 4, "column": 0, "text": "x"},
        {"row": 1, "column": 3, "text": "x"}, {"row": 1, "column": 0, "text": "x".repeat(4_001)},
    ]});
    let answer = service.patch(&cells, wrong).await;
    assert_eq!(answer.problem(), "422 invalid");
    let errors = answer.json()["errors"].clone();
    let fields: Vec<_> = errors.as_array().unwrap().iter().map(|e| e["field"].clone()).collect();
    assert_eq!(fields, ["cells[1].row", "cells[2].column", "cells[3].text"]);
    let read = service.get(&format!("{cells}?rows=1")).await.json();
    assert_eq!(read["rows"][0]["cells"][0]["text"], "Ann", "all cells or none");

    let many: Vec<_> = (0..201).map(|_| json!({"row": 1, "column": 0, "text": "x"})).collect();
    assert_eq!(service.patch(&cells, json!({"cells": many})).await.problem(), "422 invalid");
    assert_eq!(service.get(&format!("{cells}?rows=one")).await.problem(), "422 invalid");
    assert_eq!(service.get(&cells).await.problem(), "422 invalid");

    service.post(&format!("{path}/start"), Value::Null).await;
    let late = || json!({"cells": [{"row": 1, "column": 0, "text": "Anna"}]});
    assert_eq!(service.patch(&cells, late()).await.problem(), "409 conflict");
    run(&service, &path);
    assert_eq!(service.patch(&cells, late()).await.problem(), "422 invalid", "row 1 was imported");
}

#[actix_web::test]
async fn cells_of_another_organisation_are_not_there() {
    let service = Service::new();
    let path = ready(&service, PEOPLE).await;
    let stranger = service.stranger();
    let cells = format!("{path}/cells?rows=1");
    let answer = service.send(request(&stranger, "GET", &cells)).await;
    assert_eq!(answer.problem(), "404 not_found");
    let edit = json!({"cells": [{"row": 1, "column": 0, "text": "x"}]});
    let edit = request(&stranger, "PATCH", &format!("{path}/cells")).set_json(edit);
    assert_eq!(service.send(edit).await.problem(), "404 not_found");
    let imports = &service.api.imports;
    assert_eq!(imports.cells(service.world.org(), id(&path), &[1]).unwrap().len(), 1);
}

#[actix_web::test]
async fn misspelt_domains_are_offered_and_replaced_when_accepted() {
    let service = Service::new();
    let path = ready(&service, "Name,E-mail\nAnn,ann@gmial.com\n").await;
    let import = service.get(&path).await.json();
    let offer = json!({
        "column": 1, "domain": "gmial.com", "suggestion": "gmail.com", "addresses": 1
    });
    assert_eq!(import["analysis"]["domains"], json!([offer]));
    assert_eq!(import["plan"]["domains"], json!({}));
    let domains = |by: &str| json!({"domains": {"gmial.com": by}});
    let wrong = service.patch(&path, domains("gmail com")).await;
    assert_eq!(wrong.problem(), "422 invalid");
    let planned = service.patch(&path, domains("gmail.com")).await.json();
    assert_eq!(planned["plan"]["domains"], json!({"gmial.com": "gmail.com"}));
    service.post(&format!("{path}/start"), Value::Null).await;
    run(&service, &path);
    let found = service.get("/v1/contacts").await.json();
    assert_eq!(found["items"][0]["email"], "ann@gmail.com");
}

#[actix_web::test]
async fn formats_of_columns_are_chosen_and_settle_their_warnings() {
    let service = Service::new();
    service.post("/v1/fields", json!({"key": "visited", "label": "Visited", "type": "date"})).await;
    let path = ready(&service, "Name,E-mail,Visited\nAnn,ann@example.org,03/04/2026\n").await;
    let import = service.get(&path).await.json();
    assert_eq!(import["warnings"][0]["code"], "ambiguous_date");
    let format = |column: usize, order: &str| json!({"column": column, "date_order": order});
    let wrong = [
        json!({"formats": [format(3, "day_first")]}),
        json!({"formats": [format(2, "day_first"), format(2, "month_first")]}),
        json!({"formats": [format(2, "year_first")]}),
    ];
    for body in wrong {
        assert_eq!(service.patch(&path, body).await.problem(), "422 invalid");
    }
    let chosen = json!({"formats": [format(2, "month_first")]});
    let planned = service.patch(&path, chosen).await.json();
    let shown = json!([{"column": 2, "date_order": "month_first", "decimal_mark": null}]);
    assert_eq!((&planned["plan"]["formats"], &planned["warnings"]), (&shown, &json!([])));
    service.post(&format!("{path}/start"), Value::Null).await;
    run(&service, &path);
    let found = service.get("/v1/contacts").await.json();
    assert_eq!(found["items"][0]["custom"]["visited"], "2026-03-04");
}

/// Imports a file of which two rows are skipped; returns the path of the import.
async fn done(service: &Service) -> String {
    let path = ready(service, PEOPLE).await;
    service.post(&format!("{path}/start"), Value::Null).await;
    run(service, &path);
    path
}

#[actix_web::test]
async fn skipped_rows_are_corrected_and_imported_into_the_same_import() {
    let service = Service::new();
    let path = done(&service).await;
    let retry = format!("{path}/retry");
    assert_eq!(service.post(&retry, Value::Null).await.problem(), "409 conflict");
    let cells = json!({"cells": [{"row": 2, "column": 0, "text": "Bob"}]});
    assert_eq!(service.patch(&format!("{path}/cells"), cells).await.status, 200);
    assert_eq!(service.get(&path).await.json()["corrected_rows"], 1);
    let queued = service.post(&retry, Value::Null).await;
    assert_eq!(queued.status, 200, "{queued:?}");
    assert_eq!(queued.json()["state"], "queued");
    assert_eq!(queued.json()["progress"]["total"], 1);
    run(&service, &path);
    let import = service.get(&path).await.json();
    assert_eq!((&import["state"], &import["corrected_rows"]), (&json!("done"), &json!(0)));
    assert_eq!(import["summary"]["added"], 2);
    assert_eq!(import["summary"]["skipped_by_reason"], json!({"invalid_email": 1}));
}

#[actix_web::test]
async fn the_corrected_file_of_skipped_rows_is_imported_into_the_same_import() {
    let service = Service::new();
    let path = done(&service).await;
    let skipped = format!("{path}/skipped.csv");
    let file = String::from_utf8(service.get(&skipped).await.bytes).unwrap();
    let upload = |text: String| {
        let request = service.request("POST", &skipped).insert_header(("content-type", "text/csv"));
        service.send(request.set_payload(text))
    };
    assert_eq!(upload(file.clone()).await.problem(), "422 invalid", "nothing is corrected");
    assert_eq!(upload(PEOPLE.to_owned()).await.problem(), "422 invalid", "another file");
    let foreign = file.replace("line 3:", "line 2:");
    assert_eq!(upload(foreign).await.problem(), "422 invalid", "line 2 was imported");
    let corrected = file.replace(",cem@example,", ",cem@example.org,");
    let queued = upload(corrected).await;
    assert_eq!(queued.status, 200, "{queued:?}");
    assert_eq!(queued.json()["corrected_rows"], 1);
    run(&service, &path);
    let import = service.get(&path).await.json();
    assert_eq!(
        (&import["summary"]["added"], &import["summary"]["skipped"]),
        (&json!(2), &json!(1))
    );
}
