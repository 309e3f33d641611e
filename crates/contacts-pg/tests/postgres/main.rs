//! Tests of the Postgres adapter against a real server, which `scripts/test` starts.

#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

mod answers;
mod audit;
mod batches;
mod captures;
mod contracts;
mod counts;
mod erasures;
mod events;
mod failures;
mod filled;
mod imports;
mod migrations;
mod oracle;
mod person;
mod plans;
mod search_texts;
mod storms;
mod support;
mod syncs;
