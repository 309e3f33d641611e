//! Exports over HTTP (R25).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use contacts_core::key::Scope;
use contacts_http::ApiConfig;
use serde_json::json;

use crate::support::{Service, request};

#[actix_web::test]
async fn everybody_that_a_filter_means_is_exported() {
    let service = Service::new();
    service
        .post("/v1/fields", json!({"key": "tier", "label": "Account tier", "type": "text"}))
        .await;
    service
        .post(
            "/v1/contacts",
            json!({
                "name": "Ann Lee", "email": "ann@example.org", "phone": "+1 202 555 0101",
                "tags": ["vip", "a;b"], "custom": {"tier": "gold, \"old\""},
            }),
        )
        .await;
    service.contact("Bo", "bo@example.org").await;
    let answer = service.get("/v1/contacts/export").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"contacts-2026-01-01.csv\""
    );
    let text = String::from_utf8(answer.bytes).unwrap();
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    assert_eq!(
        lines[0],
        "id,external_id,name,email,other_emails,phone,tags,Account tier,consent,source,created_at,updated_at"
    );
    assert!(
        lines[1].ends_with(
            ",Ann Lee,ann@example.org,,+1 202 555 0101,\"\"\"a;b\"\", vip\",\"gold, \"\"old\"\"\",\
             subscribed,manual,2026-01-01T10:00:00Z,2026-01-01T10:00:00Z"
        ),
        "{text}"
    );
    assert_eq!(lines.len(), 3);
    let chosen = service.get("/v1/contacts/export?q=ann&columns=email,tier,tags&bom=true").await;
    assert_eq!(
        String::from_utf8(chosen.bytes).unwrap(),
        "\u{feff}email,Account tier,tags\r\n\
         ann@example.org,\"gold, \"\"old\"\"\",\"\"\"a;b\"\", vip\"\r\n"
    );
}

#[actix_web::test]
async fn everything_that_is_wrong_is_named_before_anything_is_sent() {
    let service = Service::new();
    let answer =
        service.get("/v1/contacts/export?columns=email,nme,email&reachable=2&x=1&bom=no").await;
    assert_eq!(answer.problem(), "422 invalid");
    assert_eq!(answer.errors(), ["reachable", "bom", "columns", "columns", "x"]);
    assert_eq!(service.get("/v1/contacts/export?columns=").await.errors(), ["columns"]);
    // The parameters of a page are refused, because an export has no pages.
    assert_eq!(service.get("/v1/contacts/export?limit=2").await.errors(), ["limit"]);
}

#[actix_web::test]
async fn the_kind_of_the_file_is_in_its_type_and_its_name() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    let id = path.trim_start_matches("/v1/contacts/");
    let action = json!({"ids": [id], "action": {"type": "export"}});
    let action = service.post("/v1/actions", action).await;
    let file = format!("{}/file", action.header("location"));
    let workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    for path in ["/v1/contacts/export", &*file] {
        for (format, kind) in [("csv", "text/csv; charset=utf-8"), ("xlsx", workbook)] {
            let answer = service.get(&format!("{path}?format={format}")).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            assert_eq!(answer.header("content-type"), kind, "{path}");
            let name = answer.header("content-disposition");
            assert!(name.ends_with(&format!(".{format}\"")), "{name}");
        }
        let answer = service.get(&format!("{path}?format=xls")).await;
        assert_eq!(answer.errors(), ["format"]);
    }
}

#[actix_web::test]
async fn nobody_exports_anothers_contacts_nor_without_the_scope() {
    let service = Service::new();
    service.contact("Ann", "ann@example.org").await;
    let stranger = service.stranger();
    let answer = service.send(request(&stranger, "GET", "/v1/contacts/export?columns=name")).await;
    assert_eq!(answer.bytes, b"name\r\n");
    let capture = service.key(&[Scope::Capture]);
    let answer = service.send(request(&capture, "GET", "/v1/contacts/export")).await;
    assert_eq!(answer.problem(), "403 scope_missing");
}

#[actix_web::test]
async fn exports_have_a_bounded_number_of_places() {
    let config = ApiConfig { workers: 1, max_downloads: 0, ..ApiConfig::default() };
    let service = Service::with(config);
    assert_eq!(service.get("/v1/contacts/export").await.problem(), "503 busy");
}

#[actix_web::test]
async fn an_export_comes_in_chunks_and_ends_with_the_last() {
    let service = Service::new();
    for number in 0..700 {
        service.contact("Ann", &format!("ann{number}@example.org")).await;
    }
    let address = service.listen();
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(
        connection,
        "GET /v1/contacts/export HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n",
        service.token
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"));
    assert!(answer.contains("transfer-encoding: chunked"));
    assert!(answer.ends_with("\r\n0\r\n\r\n"));
    assert_eq!(answer.matches("@example.org").count(), 700);
}

#[actix_web::test]
async fn an_export_has_the_columns_of_a_segment() {
    let service = Service::new();
    for (key, label) in [("tier", "Tier"), ("old", "Old")] {
        let field = json!({"key": key, "label": label, "type": "text"});
        assert_eq!(service.post("/v1/fields", field).await.status, 201);
    }
    let person = json!({"name": "Ann", "email": "ann@example.org", "custom": {"tier": "gold"}});
    assert_eq!(service.post("/v1/contacts", person).await.status, 201);
    let segment = async |name: &str, keys: &[&str]| {
        let columns: Vec<_> = keys.iter().map(|key| json!({"key": key})).collect();
        let body = json!({"name": name, "filter": {"q": "nobody"}, "columns": columns});
        service.post("/v1/segments", body).await.json()["id"].as_str().unwrap().to_owned()
    };
    let shown = ["field.tier", "conversation", "field.old", "field.gone", "email", "consent"];
    let view = segment("View", &shown).await;
    let none = segment("None", &[]).await;
    let hidden = segment("Hidden", &["conversation"]).await;
    service.patch("/v1/fields/old", json!({"archived": true})).await;

    // The columns of the segment do not filter.
    let file = service.get(&format!("/v1/contacts/export?view={view}")).await;
    let text = String::from_utf8(file.bytes).unwrap();
    assert_eq!(text, "Tier,email,consent\r\ngold,ann@example.org,subscribed\r\n");
    let all = service.get(&format!("/v1/contacts/export?view={none}")).await;
    assert!(all.bytes.starts_with(b"id,external_id,name,"), "{all:?}");
    for query in [
        format!("view={hidden}"),
        format!("view={view}&columns=name"),
        "view=01a22b2c-1daf-7283-8e1a-cff11e9008d7".to_owned(),
        "view=x".to_owned(),
    ] {
        let refused = service.get(&format!("/v1/contacts/export?{query}")).await;
        assert_eq!(refused.errors(), ["view"], "{query}");
    }

    let everyone = json!({"filter": {}});
    let selection = service.post("/v1/selections", everyone).await.json()["id"].clone();
    let start = async |action: serde_json::Value| {
        service.post("/v1/actions", json!({"selection_id": selection, "action": action})).await
    };
    let done = start(json!({"type": "export", "view": view})).await.json();
    assert_eq!(done["action"]["columns"], json!(["tier", "email", "consent"]), "{done}");
    let delete = start(json!({"type": "add_tags", "tags": ["a"], "view": view})).await;
    assert_eq!(delete.errors(), ["action.view"]);
}
