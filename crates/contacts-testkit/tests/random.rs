//! The comparison itself: two worlds agree, and a world that errs is found out.

use contacts_testkit::{Ports, World, random};

#[test]
fn two_worlds_agree() {
    let shared = World::new().ports();
    random::compare(|| World::new().ports(), || shared.clone(), 256);
}

#[test]
#[should_panic(expected = "the other answers")]
fn a_store_that_errs_is_found_out() {
    let torn = || Ports { tags: World::new().ports().tags, ..World::new().ports() };
    random::compare(|| World::new().ports(), torn, 256);
}
