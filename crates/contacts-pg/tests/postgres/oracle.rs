//! Runs random operations on the in-memory world and on Postgres, and compares every outcome.

use contacts_testkit::{World, random};

use crate::support::ports;

#[test]
fn postgres_behaves_like_the_in_memory_world() {
    let postgres = ports();
    random::compare(|| World::new().ports(), || postgres.clone(), 150);
}
