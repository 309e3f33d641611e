//! What the binary `contacts` is made of: configuration, wiring and the command line.
//!
//! The only crate that knows the others, and no rule of its own: [`wiring`] joins the adapters to
//! the core, and each command in [`cli`] asks the core's use cases.

pub mod cli;
pub mod config;
pub mod embedded;
pub mod log;
pub mod report;
pub mod secret;
pub mod signals;
pub mod wiring;
