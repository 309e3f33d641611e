//! Calls that wait for the store: the only place where requests leave the async runtime.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::web::{self, Data};
use contacts_core::answer::{RunningClaim, under_claim};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::parts::problem::Problem;
use crate::parts::services::Api;
use crate::parts::shared::Shared;

/// Maximum time that a request waits for a thread.
const MAX_WAIT: Duration = Duration::from_secs(2);

tokio::task_local! {
    /// The claim of a keyed request, for the use cases that its handler runs.
    static CLAIM: RunningClaim;
}

/// Polls the handler of a keyed request. Each use case that it runs is under the claim.
pub(crate) fn claimed<F: Future>(
    claim: RunningClaim,
    handler: F,
) -> impl Future<Output = F::Output> {
    CLAIM.scope(claim, handler)
}

/// Runs a use case on a thread that may wait for the store.
///
/// Requests beyond the bound are refused immediately: an unbounded queue grows until every response
/// comes too late for its client.
pub(crate) async fn blocking<T: Send + 'static>(
    shared: &Data<Shared>,
    work: impl FnOnce(&Api) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let permit = permit(&shared.in_store)?;
    run(shared, permit, MAX_WAIT, work).await
}

/// Like [`blocking`], for the next step of work that was admitted before: it waits for its turn.
pub(crate) async fn blocking_in_turn<T: Send + 'static>(
    shared: &Data<Shared>,
    work: impl FnOnce(&Api) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let permit = shared.in_store.clone().acquire_owned().await;
    run(shared, permit.map_err(|_closed| Problem::busy())?, Duration::MAX, work).await
}

/// Runs the end of work that holds a connection. It waits for no permit, because those who have one
/// may wait for that connection.
pub(crate) async fn ending<T: Send + 'static>(
    shared: &Data<Shared>,
    work: impl FnOnce(&Api) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let shared = shared.clone();
    let done = web::block(move || work(&shared.api)).await;
    done.unwrap_or_else(|_panicked| Err(Problem::internal()))
}

/// Takes one of a bounded number of permits, or refuses the request.
fn permit(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Problem> {
    places.clone().try_acquire_owned().map_err(|_full| Problem::busy())
}

async fn run<T: Send + 'static>(
    shared: &Data<Shared>,
    permit: OwnedSemaphorePermit,
    max_wait: Duration,
    work: impl FnOnce(&Api) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let shared = shared.clone();
    let request = CLAIM.try_with(|claim| *claim).ok();
    let started = Arc::new(AtomicBool::new(false));
    let start = started.clone();
    let mut done = pin!(web::block(move || {
        if start.swap(true, Ordering::Relaxed) {
            return Err(Problem::busy());
        }
        // The permit is released with the work, not with the request: the thread of a client that
        // disconnects is still waiting for the store.
        let _permit = permit;
        under_claim(request, || work(&shared.api))
    }));
    // While the store does not respond, all threads wait for it. A request that has no thread by
    // the deadline is refused; work that has started is awaited, because it may have changed data.
    let done = match timeout(max_wait, &mut done).await {
        Ok(done) => done,
        Err(_late) if !started.swap(true, Ordering::Relaxed) => return Err(Problem::busy()),
        Err(_late) => done.await,
    };
    done.unwrap_or_else(|_panicked| Err(Problem::internal()))
}
