//! Runs random operations on the in-memory world and on Postgres, and compares every outcome.

use contacts_testkit::{World, random};

use crate::support::ports;

/// Number of random sequences. `PROPTEST_CASES` is another one, for a longer search.
const CASES: u32 = 150;

#[test]
#[expect(clippy::disallowed_methods, reason = "tests are configured by the environment")]
fn postgres_behaves_like_the_in_memory_world() {
    let postgres = ports();
    let cases = std::env::var("PROPTEST_CASES").map_or(CASES, |cases| cases.parse().unwrap());
    random::compare(|| World::new().ports(), || postgres.clone(), cases);
}
