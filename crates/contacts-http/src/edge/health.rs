//! Health checks and metrics of the service.

use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use serde::Serialize;
use time::Duration;
use utoipa::ToSchema;

use crate::parts::answer::{Answer, json, ok, to_json};
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

/// Histogram buckets in seconds, from a response out of a cache to one that the client no longer
/// waits for.
const BUCKETS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Creates a recorder whose histograms have buckets for durations in seconds. Install it once with
/// `metrics::set_global_recorder`, and pass its handle as [`crate::Api::metrics`].
pub fn metrics_recorder() -> PrometheusRecorder {
    let builder = PrometheusBuilder::new();
    builder.set_buckets(BUCKETS).unwrap_or_default().build_recorder()
}

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_alive, _, _>(alive)
        .add::<__path_ready, _, _>(ready)
        .add::<__path_metrics, _, _>(metrics)
}

/// The health of the service.
#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
struct HealthView {
    /// `ok`, or what is not available.
    status: String,
    /// How far the system's clock is ahead of the database's, in seconds. The service uses the
    /// database's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    clock_skew_seconds: Option<f64>,
}

impl HealthView {
    fn new(status: String) -> Self {
        Self { status, clock_skew_seconds: None }
    }
}

/// Check whether the process is alive
#[utoipa::path(
    get, path = "/healthz", tag = "service", operation_id = "is_alive", security(()),
    responses((status = 200, description = "It is", body = HealthView))
)]
async fn alive() -> Answer {
    Ok(ok(to_json(&HealthView::new("ok".to_owned()))?))
}

/// Check whether the service can answer requests
#[utoipa::path(
    get, path = "/readyz", tag = "service", operation_id = "is_ready", security(()),
    responses(
        (status = 200, description = "They can", body = HealthView),
        (status = 500, description = "`internal`: the check failed", body = ProblemView, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = HealthView),
    )
)]
async fn ready(shared: Data<Shared>) -> Answer {
    let is_set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
    if is_set(&shared.api.draining) || is_set(&shared.api.stopping) {
        return not_ready("stopping".to_owned());
    }
    // The check bypasses the limit on requests and their threads: a busy service is ready, and a
    // probe must not wait for a database that does not respond.
    match (shared.api.readiness)() {
        Ok(()) => {
            let skew = shared.api.clock.skew().map(Duration::as_seconds_f64);
            let health =
                HealthView { clock_skew_seconds: skew, ..HealthView::new("ok".to_owned()) };
            Ok(ok(to_json(&health)?))
        }
        Err(reason) => not_ready(reason),
    }
}

fn not_ready(status: String) -> Answer {
    Ok(json(StatusCode::SERVICE_UNAVAILABLE, to_json(&HealthView::new(status))?))
}

/// Get metrics in the Prometheus text format
#[utoipa::path(
    get, path = "/metrics", tag = "service", operation_id = "get_metrics", security(()),
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain"))
)]
async fn metrics(shared: Data<Shared>) -> HttpResponse {
    if let Some(skew) = shared.api.clock.skew() {
        metrics::gauge!("contacts_clock_skew_seconds").set(skew.as_seconds_f64());
    }
    shared.api.metrics.run_upkeep();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(shared.api.metrics.render())
}
