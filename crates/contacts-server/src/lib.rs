//! The parts of the binary `contacts`: configuration, wiring and the command line.
//!
//! This crate alone depends on all adapters, and has no rule of its own: [`wiring`] joins the
//! adapters to the core, and each command in [`cli`] calls use cases of the core.

pub mod cli;
pub mod config;
pub mod embedded;
mod health;
pub mod log;
pub mod report;
pub mod sandbox;
pub mod secret;
pub mod signals;
pub mod wiring;
