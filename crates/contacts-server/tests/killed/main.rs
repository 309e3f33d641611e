//! Jobs whose worker dies or freezes at every step (R14, R24, R36, R42).
//!
//! Each kind of job runs with a worker that dies at its first statement, then with one that dies at
//! its second, and so on, until one completes; then with workers that die after their first commit,
//! their second, and so on. Each time the lease expires and another worker continues, and the final
//! state must equal that of an undisturbed run. The same is tested with a worker that is frozen,
//! loses its job to another worker, and wakes up.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod actions;
mod batches;
mod digest;
mod erasures;
mod fault;
mod imports;
mod servers;
#[path = "../support/mod.rs"]
mod support;
mod syncs;
mod walk;
mod webhooks;
