//! Runs connectors as child processes, with a fake one whose behaviour is an argument.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "../../examples/crm/crm.rs"]
mod crm;
mod http;
mod misbehaving;
mod support;
mod well;
