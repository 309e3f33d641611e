//! Jobs whose worker dies at every step (R14, R24, R36, R42).
//!
//! Each kind of job is run with a worker that dies at its first statement, at its second, and so
//! on, until one gets through; and with one that dies after its first commit, its second, and so
//! on. Each time the lease runs out, another worker goes on, and what there is at the end must be
//! what an undisturbed run leaves. The same with a worker that is frozen between two transactions,
//! loses its job to another, and wakes up.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod actions;
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
