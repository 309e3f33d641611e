//! The contract of [`contacts_core::key::KeyRepository`] (R2).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::key::{KeyId, Scope};
use contacts_core::{Actor, Clock, Ids};

use super::check::walk;
use crate::Ports;
use crate::samples::api_key;

pub fn a_key_is_found_by_its_hash_as_it_was_written(ports: &Ports) {
    let org = ports.org();
    let (mut key, token) = api_key(org, &ports.ids, &ports.clock, 1);
    key.name = "Zürich \"desk\"".to_owned();
    key.scopes = Scope::ALL.into();
    key.expires_at = Some(ports.clock.tick());
    ports.keys.insert(&key, Actor::System).unwrap();
    assert_eq!(ports.keys.find(org, token.hash()).unwrap(), Some(key.clone()));
    assert_eq!(ports.keys.list(org, None, 1_000).unwrap(), [key]);
}

pub fn a_missing_record_is_none(ports: &Ports) {
    let org = ports.org();
    let (_, token) = api_key(org, &ports.ids, &ports.clock, 1);
    assert_eq!(ports.keys.find(org, token.hash()).unwrap(), None);
    assert_eq!(ports.keys.list(org, None, 1_000).unwrap(), []);
    let id = KeyId(ports.ids.next());
    assert_eq!(ports.keys.revoke(org, id, Actor::System, ports.clock.now()).unwrap(), None);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let (key, token) = api_key(org, &ports.ids, &ports.clock, 1);
    ports.keys.insert(&key, Actor::System).unwrap();
    assert_eq!(ports.keys.find(other, token.hash()).unwrap(), None);
    assert_eq!(ports.keys.list(other, None, 1_000).unwrap(), []);
    assert_eq!(ports.keys.revoke(other, key.id, Actor::System, ports.clock.now()).unwrap(), None);
    assert_eq!(ports.keys.list(org, None, 1_000).unwrap(), [key]);
}

pub fn the_newest_key_is_listed_first(ports: &Ports) {
    let org = ports.org();
    let mut keys = Vec::new();
    for random in 1..=3 {
        let (key, _) = api_key(org, &ports.ids, &ports.clock, random);
        ports.keys.insert(&key, Actor::System).unwrap();
        keys.insert(0, key);
        ports.clock.tick();
    }
    for limit in [1, 2, 1_000] {
        let read = |after, limit| ports.keys.list(org, after, limit).unwrap();
        assert_eq!(walk(limit, read, |key, _| key.id), keys);
    }
}

pub fn a_revoked_key_is_still_found_and_stays_revoked_since_when_it_was(ports: &Ports) {
    let org = ports.org();
    let (mut key, token) = api_key(org, &ports.ids, &ports.clock, 1);
    let (other, _) = api_key(org, &ports.ids, &ports.clock, 2);
    ports.keys.insert(&key, Actor::System).unwrap();
    ports.keys.insert(&other, Actor::System).unwrap();
    let first = ports.clock.tick();
    key.revoked_at = Some(first);
    assert_eq!(ports.keys.revoke(org, key.id, Actor::System, first).unwrap(), Some(key.clone()));
    let later = ports.clock.tick();
    assert_eq!(ports.keys.revoke(org, key.id, Actor::System, later).unwrap(), Some(key.clone()));
    assert_eq!(ports.keys.find(org, token.hash()).unwrap(), Some(key));
    assert_eq!(ports.keys.find(org, other.hash).unwrap(), Some(other));
}
