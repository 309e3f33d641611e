//! The contract of [`contacts_core::contact::ContactRepository`] for the activity of a contact
//! (R41).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::{Activity, ActivityCursor, ActivityKind, ContactId, FieldChange};
use contacts_core::import::Policy;
use contacts_core::page::{PageSize, Position};
use contacts_core::{Actor, Ids, OrgId};

use crate::Ports;
use crate::samples::{self, new_name, tags};

pub fn activity_lists_actors_newest_first(ports: &Ports) {
    let org = ports.org();
    let user = Actor::User(ports.ids.next());
    let key = Actor::Key(contacts_core::key::KeyId(ports.ids.next()));
    let ann = samples::contact(org, &ports.ids, &ports.clock, "Ann", "ann@example.org");
    ports.contacts.insert(&ann, user).unwrap();
    let renamed = ports.clock.tick();
    ports.contacts.update(org, ann.id, None, &new_name("Bo"), key, renamed).unwrap();
    let tagged = ports.clock.tick();
    ports.contacts.tag(org, ann.id, &tags(&["vip", "a"]), &[], user, tagged).unwrap();
    let untagged = ports.clock.tick();
    ports.contacts.tag(org, ann.id, &[], &tags(&["VIP"]), Actor::System, untagged).unwrap();

    let activity = ports.activity(org, ann.id);
    let actors: Vec<_> = activity.iter().map(|entry| (entry.at, entry.actor)).collect();
    assert_eq!(
        actors,
        [(untagged, Actor::System), (tagged, user), (renamed, key), (ann.created_at, user)]
    );
    let kinds: Vec<_> = activity.into_iter().map(|entry| entry.what).collect();
    let texts = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    let change = FieldChange {
        field: "name".to_owned(),
        from: Some("Ann".to_owned()),
        to: Some("Bo".to_owned()),
    };
    let expected = [
        ActivityKind::Tagged { added: vec![], removed: texts(&["vip"]) },
        ActivityKind::Tagged { added: texts(&["a", "vip"]), removed: vec![] },
        ActivityKind::Edited(vec![change]),
        ActivityKind::Created,
    ];
    assert_eq!(kinds, expected);
}

/// The clock stands still, so all activities have the same time.
pub fn no_activity_of_one_moment_is_lost_or_repeated_between_pages(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let now = ann.created_at;
    for _ in 0..3 {
        let import = samples::running_import(ports, org, Policy::default());
        let row = samples::import_row("Ann", "ann@example.org");
        let chunk = samples::chunk(&ports.ids, 0, vec![row]);
        ports.imports.apply(&import, &chunk, now).unwrap();
    }
    for name in ["Bo", "Cy", "Di"] {
        ports.contacts.update(org, ann.id, None, &new_name(name), Actor::System, now).unwrap();
        ports.contacts.tag(org, ann.id, &tags(&[name]), &[], Actor::System, now).unwrap();
        ports.note(org, ann.id, "once more");
    }
    let all_entries = ports.contacts.activity(org, ann.id, None, PageSize::default()).unwrap();
    assert_eq!((all_entries.items.len(), &all_entries.next), (13, &None));
    assert_eq!(all_entries.items.last().map(|entry| &entry.what), Some(&ActivityKind::Created));
    for size in 1..=13 {
        assert_eq!(pages(ports, org, ann.id, size), all_entries.items, "{size} a page");
    }
}

pub fn concurrent_changes_do_not_disturb_the_pages(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    ports.note(org, ann.id, "one");
    let size = PageSize::new(1).unwrap();
    let first = ports.contacts.activity(org, ann.id, None, size).unwrap();
    ports.clock.tick();
    ports.note(org, ann.id, "two");
    let rest = ports.contacts.activity(org, ann.id, first.next, size).unwrap();
    assert_eq!(rest.items.len(), 1);
    assert_eq!((&rest.items[0].what, rest.next), (&ActivityKind::Created, None));
}

/// Returns the activities of all pages. Each cursor is written and parsed in between.
fn pages(ports: &Ports, org: OrgId, id: ContactId, size: u16) -> Vec<Activity> {
    let size = PageSize::new(size).unwrap();
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = ports.contacts.activity(org, id, before.take(), size).unwrap();
        all.extend(page.items);
        let Some(next) = page.next else { return all };
        before = ActivityCursor::decode(&next.encode());
        assert_eq!(before.as_ref(), Some(&next));
    }
}

impl Ports {
    /// Returns all activities of a contact.
    pub(crate) fn activity(&self, org: OrgId, id: ContactId) -> Vec<Activity> {
        pages(self, org, id, PageSize::MAX)
    }
}
