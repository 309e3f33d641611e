//! The Postgres adapter against a real server: `scripts/test` starts one.

#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

mod captures;
mod contracts;
mod erasures;
mod events;
mod filled;
mod imports;
mod migrations;
mod oracle;
mod person;
mod plans;
mod support;
mod syncs;
