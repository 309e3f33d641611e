//! Batches and upserts (R55): the program dies, and the client sends the request again.

use contacts_core::batch::{RawBatch, RawItem, UpsertKey};
use contacts_core::contact::NewContact;
use contacts_core::{Actor, OrgId};
use contacts_embed::Contacts;

use crate::walk::Stage;

fn add(contacts: &Contacts, org: OrgId) {
    let ann = NewContact {
        name: Some("Ann"),
        email: Some("ann@example.org"),
        tags: vec!["old"],
        ..NewContact::default()
    };
    contacts.contacts.create(org, &ann, Actor::System).unwrap();
}

#[test]
fn a_batch_is_applied_once() {
    Stage::new().walk_request(add, |contacts: &Contacts, org: OrgId| {
        let item = |name, email, external_id| RawItem {
            id: None,
            values: NewContact {
                name: Some(name),
                email: Some(email),
                external_id,
                tags: vec!["new", "old"],
                ..NewContact::default()
            },
        };
        let items = vec![
            item("Ann Lee", "ann@example.org", Some("A-1")),
            item("Bob", "bob@example.org", None),
            item("Cy", "not an address", None),
            item("Bob", "bob@home.example", None),
        ];
        let batch = RawBatch { items, ..RawBatch::default() };
        contacts.batches.apply(org, &batch, Actor::System).unwrap();
    });
}

#[test]
fn an_upsert_is_applied_once() {
    Stage::new().walk_request(add, |contacts: &Contacts, org: OrgId| {
        let values = NewContact { name: Some("Ann Lee"), phone: Some("12"), ..Default::default() };
        let key = UpsertKey::Email("ann@example.org");
        contacts.batches.upsert(org, key, &values, Actor::System).unwrap();
    });
}
