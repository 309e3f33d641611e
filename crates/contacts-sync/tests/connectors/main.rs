//! Connectors as child processes, against a fake one that does as it is told.

#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

#[path = "../../examples/crm/crm.rs"]
mod crm;
mod http;
mod misbehaving;
mod support;
mod well;
