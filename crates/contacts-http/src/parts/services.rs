//! The services that the API calls.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use contacts_core::Services;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::parts::answers::Answers;
use crate::parts::attempts::Attempts;
use crate::parts::config::ApiConfig;
use crate::parts::cursor::Cursors;

/// Checks whether the service can answer requests; the error is a sentence that states the reason.
pub type Readiness = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// The use cases that the API calls, and its configuration. It dereferences to [`Services`].
#[derive(Clone)]
pub struct Api {
    /// All use cases.
    pub services: Services,
    /// Stored answers to requests that carry an idempotency key.
    pub answers: Answers,
    /// Encrypts attempts to sign in at an issuer.
    pub attempts: Attempts,
    /// Signs the cursors of lists.
    pub cursors: Cursors,
    /// The readiness check that `/readyz` calls. It must not block.
    pub readiness: Readiness,
    /// The metrics that `/metrics` prints; see [`crate::metrics_recorder`].
    pub metrics: PrometheusHandle,
    /// Set when the service was asked to stop: `/readyz` answers 503 and every response closes its
    /// connection, but requests are still answered.
    pub draining: Arc<AtomicBool>,
    /// Set before the port closes: open event streams end, and `/readyz` answers 503.
    pub stopping: Arc<AtomicBool>,
    /// Limits of the API.
    pub config: ApiConfig,
}

impl Deref for Api {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.services
    }
}
