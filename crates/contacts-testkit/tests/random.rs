//! The comparison itself: two worlds agree, and a world that errs is found out.

use contacts_testkit::{World, random};

#[test]
fn two_worlds_agree() {
    let shared = World::new().ports();
    random::compare(|| World::new().ports(), || shared.clone(), 256);
}

#[test]
#[should_panic(expected = "the other answers")]
fn a_store_that_errs_is_found_out() {
    let torn = || {
        let mut ports = World::new().ports();
        ports.repositories.tags = World::new().ports().tags.clone();
        ports
    };
    random::compare(|| World::new().ports(), torn, 256);
}
