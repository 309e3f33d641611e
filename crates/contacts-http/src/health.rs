//! How the service is.

use std::sync::atomic::Ordering;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::{Answer, json, ok, to_json};
use crate::problem::Problem;
use crate::routes::Table;
use crate::shared::Shared;

/// Seconds, from what a cache answers to what somebody gives up on.
const BUCKETS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A recorder whose histograms have buckets that suit durations in seconds. Install it once with
/// `metrics::set_global_recorder`, and give its handle to [`crate::Api::metrics`].
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

/// How the service is.
#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
struct HealthView {
    /// `ok`, or what is missing.
    status: String,
}

/// Whether the process is alive
#[utoipa::path(
    get, path = "/healthz", tag = "service", operation_id = "is_alive", security(()),
    responses((status = 200, description = "It is", body = HealthView))
)]
async fn alive() -> Answer {
    Ok(ok(to_json(&HealthView { status: "ok".to_owned() })?))
}

/// Whether requests can be answered
#[utoipa::path(
    get, path = "/readyz", tag = "service", operation_id = "is_ready", security(()),
    responses(
        (status = 200, description = "They can", body = HealthView),
        (status = 503, description = "Not now", body = HealthView),
    )
)]
async fn ready(shared: Data<Shared>) -> Answer {
    if shared.api.stopping.load(Ordering::Relaxed) {
        return not_ready("stopping".to_owned());
    }
    // Not through the bound on requests: a busy service is ready, and a probe must not wait.
    let asked = web::block(move || (shared.api.readiness)()).await;
    match asked.map_err(|_panicked| Problem::internal())? {
        Ok(()) => Ok(ok(to_json(&HealthView { status: "ok".to_owned() })?)),
        Err(why) => not_ready(why),
    }
}

fn not_ready(status: String) -> Answer {
    Ok(json(StatusCode::SERVICE_UNAVAILABLE, to_json(&HealthView { status })?))
}

/// Metrics in the text format of Prometheus
#[utoipa::path(
    get, path = "/metrics", tag = "service", operation_id = "get_metrics", security(()),
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain"))
)]
async fn metrics(shared: Data<Shared>) -> HttpResponse {
    shared.api.metrics.run_upkeep();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(shared.api.metrics.render())
}
