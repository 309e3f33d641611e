//! Random operations on the in-memory world and on Postgres: every outcome is compared.

use contacts_testkit::{World, random};

use crate::support::ports;

#[test]
fn postgres_does_what_the_world_in_memory_does() {
    let postgres = ports();
    random::compare(|| World::new().ports(), || postgres.clone(), 150);
}
