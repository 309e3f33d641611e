//! The routes under `/sandbox`, and what the sandbox does around each request.

use std::io;
use std::net::TcpListener;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{DefaultHeaders, Next, from_fn};
use actix_web::web::{self, Data, Json, JsonConfig, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use contacts_core::parse_time;
use contacts_http::Api;
use serde::Deserialize;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::{JobMode, Sandbox};

/// A header of every answer; its value is `true`.
pub const SANDBOX_HEADER: &str = "Contacts-Sandbox";

/// Makes a server of the sandbox on a listener; it runs when it is awaited in an actix system.
///
/// # Errors
///
/// The listener's.
pub fn serve(sandbox: Sandbox, api: Api, listener: TcpListener) -> io::Result<Server> {
    let config = api.config.clone();
    let data = Data::new(sandbox);
    let page = contacts_web::routes(config.public_url.is_https());
    let own = data.clone();
    let routes = contacts_http::app_routes(api, move |config: &mut ServiceConfig| {
        configure(config, &own);
        page(config);
    });
    let server = HttpServer::new(move || {
        let data = data.clone();
        App::new()
            .wrap(from_fn(move |request, next| run_jobs_after(data.clone(), request, next)))
            .wrap(DefaultHeaders::new().add((SANDBOX_HEADER, "true")))
            .configure(routes.clone())
    });
    let server = server
        .workers(config.workers)
        .worker_max_blocking_threads(config.blocking_threads)
        .shutdown_timeout(config.shutdown.as_secs())
        .disable_signals();
    Ok(server.listen(listener)?.run())
}

fn configure(config: &mut ServiceConfig, sandbox: &Data<Sandbox>) {
    let malformed = |error: actix_web::error::JsonPayloadError, _: &_| {
        let answer = problem(StatusCode::BAD_REQUEST, "malformed", &error.to_string());
        actix_web::error::InternalError::from_response(error, answer).into()
    };
    config.service(
        web::scope("/sandbox")
            .app_data(sandbox.clone())
            .app_data(JsonConfig::default().error_handler(malformed))
            .route("/reset", web::post().to(reset))
            .route("/clock", web::get().to(clock))
            .route("/clock", web::put().to(set_clock))
            .route("/clock/advance", web::post().to(advance_clock))
            .route("/jobs/run", web::post().to(run_jobs)),
    );
}

/// Runs due jobs before a request that may have queued or released some is answered.
async fn run_jobs_after(
    sandbox: Data<Sandbox>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let response = next.call(request).await?;
    if sandbox.jobs == JobMode::AtOnce && !is_read {
        block(&sandbox, Sandbox::run_jobs).await?;
    }
    Ok(response)
}

async fn reset(sandbox: Data<Sandbox>) -> Result<HttpResponse, actix_web::Error> {
    let credentials = block(&sandbox, Sandbox::reset).await?;
    let keys = credentials.keys.iter();
    let keys: serde_json::Map<_, _> =
        keys.map(|(scope, key)| (scope.as_str().to_owned(), json!(key))).collect();
    Ok(HttpResponse::Ok().json(json!({
        "organisation_id": credentials.org.to_string(),
        "keys": keys,
        "sign_in_token": credentials.link,
        "now": text(sandbox.now()),
    })))
}

async fn clock(sandbox: Data<Sandbox>) -> HttpResponse {
    HttpResponse::Ok().json(now(&sandbox))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockBody {
    now: String,
}

async fn set_clock(sandbox: Data<Sandbox>, Json(body): Json<ClockBody>) -> HttpResponse {
    let Some(time) = parse_time(&body.now) else {
        return invalid("now must be a time such as 2026-02-01T09:30:00Z");
    };
    sandbox.set_clock(time);
    HttpResponse::Ok().json(now(&sandbox))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceBody {
    seconds: u32,
}

async fn advance_clock(sandbox: Data<Sandbox>, Json(body): Json<AdvanceBody>) -> HttpResponse {
    match sandbox.now().checked_add(Duration::seconds(body.seconds.into())) {
        Some(time) => {
            sandbox.set_clock(time);
            HttpResponse::Ok().json(now(&sandbox))
        }
        None => invalid("seconds must lead to a year before 10000"),
    }
}

async fn run_jobs(sandbox: Data<Sandbox>) -> Result<HttpResponse, actix_web::Error> {
    let jobs = block(&sandbox, Sandbox::run_jobs).await?;
    Ok(HttpResponse::Ok().json(json!({ "jobs": jobs })))
}

async fn block<T: Send + 'static>(
    sandbox: &Data<Sandbox>,
    work: impl FnOnce(&Sandbox) -> contacts_core::Result<T> + Send + 'static,
) -> Result<T, actix_web::Error> {
    let sandbox = sandbox.clone();
    let result = web::block(move || work(&sandbox)).await?;
    result.map_err(actix_web::error::ErrorInternalServerError)
}

fn now(sandbox: &Sandbox) -> Value {
    json!({ "now": text(sandbox.now()) })
}

fn text(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

fn invalid(detail: &str) -> HttpResponse {
    problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
}

/// A problem as the API returns it.
fn problem(status: StatusCode, code: &str, detail: &str) -> HttpResponse {
    HttpResponse::build(status).content_type("application/problem+json").json(json!({
        "type": format!("urn:informly:contacts:problem:{code}"),
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "code": code,
        "detail": detail,
    }))
}
