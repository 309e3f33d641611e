//! Where requests wait for the store: the one place that leaves the async world.

use std::sync::Arc;

use actix_web::web::{self, Data};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Api;
use crate::problem::Problem;
use crate::shared::Shared;

/// Runs a use case on a thread that may wait for the store.
///
/// Requests beyond the bound are refused at once: a queue without one grows until every answer
/// comes too late for whoever asked.
pub(crate) async fn blocking<T: Send + 'static>(
    shared: &Data<Shared>,
    work: impl FnOnce(&Api) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let permit = permit(&shared.in_store)?;
    run(shared, permit, work).await
}

/// Like [`blocking`], for the next step of something that was admitted before: it waits its turn.
pub(crate) async fn blocking_in_turn<T: Send + 'static>(
    shared: &Data<Shared>,
    work: impl FnOnce(&Api) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let permit = shared.in_store.clone().acquire_owned().await;
    run(shared, permit.map_err(|_closed| Problem::busy())?, work).await
}

/// One place among a bounded number, or the refusal.
pub(crate) fn permit(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Problem> {
    places.clone().try_acquire_owned().map_err(|_full| Problem::busy())
}

async fn run<T: Send + 'static>(
    shared: &Data<Shared>,
    permit: OwnedSemaphorePermit,
    work: impl FnOnce(&Api) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let shared = shared.clone();
    let done = web::block(move || {
        // The permit ends with the work, not with the request: a client that hangs up does not
        // free a thread that is still waiting for the store.
        let _permit = permit;
        work(&shared.api)
    });
    done.await.unwrap_or_else(|_panicked| Err(Problem::internal()))
}
