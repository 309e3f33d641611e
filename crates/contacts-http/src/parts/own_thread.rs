//! Calls that wait for a system outside, on threads of their own.

use std::thread;

use actix_web::web::Data;
use tokio::sync::oneshot;

use crate::parts::problem::Problem;
use crate::parts::services::Api;
use crate::parts::shared::Shared;

/// Runs a call to an issuer on a thread of its own.
///
/// An issuer that does not respond keeps its callers waiting for seconds. On the threads that wait
/// for the store, a few sign-ins would stop all other requests. So these calls have other threads,
/// whose number is bounded: further calls are refused.
pub(crate) async fn ask_issuer<T: Send + 'static>(
    shared: &Data<Shared>,
    call: impl FnOnce(&Api) -> T + Send + 'static,
) -> Result<T, Problem> {
    let permit = shared.issuer_calls.clone().try_acquire_owned();
    let permit = permit.map_err(|_full| Problem::busy())?;
    let (sender, receiver) = oneshot::channel();
    let shared = shared.clone();
    let started = thread::Builder::new().name("issuer".to_owned()).spawn(move || {
        let _permit = permit;
        // The client may have disconnected meanwhile.
        let _ = sender.send(call(&shared.api));
    });
    started.map_err(|_refused| Problem::busy())?;
    receiver.await.map_err(|_panicked| Problem::internal())
}
