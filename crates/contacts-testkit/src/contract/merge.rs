//! What a [`contacts_core::contact::ContactRepository`] promises of merging (R13).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::{ActivityKind, Arrival, Contact, ContactId, Merged, Origin};
use contacts_core::field::{Field, FieldType};
use contacts_core::import::Policy;
use contacts_core::{Actor, Clock, Error, Ids, OrgId, Result};

use super::check::written;
use crate::Ports;
use crate::samples::{self, custom, key, new_name, phone, tag, tags, text};

fn merge(ports: &Ports, org: OrgId, survivor: &Contact, other: &Contact) -> Merged {
    try_merge(ports, org, survivor.id, other.id, None).unwrap().unwrap()
}

fn try_merge(
    ports: &Ports,
    org: OrgId,
    survivor: ContactId,
    other: ContactId,
    if_version: Option<u64>,
) -> Result<Option<Merged>> {
    let now = ports.clock.now();
    ports.contacts.merge(org, survivor, other, if_version, Actor::System, now)
}

pub fn the_survivor_keeps_its_values_and_blanks_are_filled(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add_with(org, "Ann", "", |contact| {
        contact.custom = custom(&[("tier", text("gold"))]);
    });
    let twin = ports.add_with(org, "Ann Lee", "ann@example.org", |contact| {
        contact.phone = Some(phone("12"));
        contact.custom = custom(&[("tier", text("free")), ("team", text("red"))]);
    });
    let now = ports.clock.tick();
    let merged = merge(ports, org, &ann, &twin);
    let expected = Contact {
        email: twin.email.clone(),
        phone: twin.phone.clone(),
        custom: custom(&[("tier", text("gold")), ("team", text("red"))]),
        version: 2,
        updated_at: now,
        ..ann.clone()
    };
    assert_eq!(merged.contact, expected);
    let fields: Vec<_> = merged.changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(fields, ["email", "phone", "custom.team"]);
    assert_eq!(ports.get(org, ann.id), expected);
    assert_eq!(ports.contacts.get(org, twin.id).unwrap(), None);
    assert_eq!(ports.found(org, "ann@example"), ["Ann"], "search finds what was filled");
    let third = samples::contact(org, &ports.ids, &ports.clock, "Bo", "ANN@example.org");
    let refused = ports.contacts.insert(&third, Actor::System);
    assert!(matches!(refused, Err(Error::EmailTaken(id)) if id == ann.id));
}

pub fn an_address_that_the_survivor_does_not_take_is_free(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let twin = ports.add(org, "Ann", "a.lee@example.org");
    ports.clock.tick();
    let merged = merge(ports, org, &ann, &twin);
    assert_eq!((merged.contact, merged.changes), (ann, vec![]), "nothing of its profile changed");
    ports.add(org, "Bo", "a.lee@example.org");
}

pub fn values_of_archived_fields_are_taken_too(ports: &Ports) {
    let org = ports.org();
    let field = samples::field("tier", FieldType::Text, 0);
    ports.fields.insert(org, &field).unwrap();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let twin = ports.add_with(org, "Ann", "", |c| c.custom = custom(&[("tier", text("gold"))]));
    let archive = |archived| {
        ports.fields.update(org, &Field { archived, ..field.clone() }).unwrap();
    };
    archive(true);
    assert_eq!(merge(ports, org, &ann, &twin).contact.custom, custom(&[]));
    archive(false);
    assert_eq!(ports.get(org, ann.id).custom.get(&key("tier")), Some(&text("gold")));
}

pub fn tags_are_united(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add_with(org, "Ann", "", |c| c.tags = tags(&["VIP", "old"]));
    let twin = ports.add_with(org, "Ann", "", |c| c.tags = tags(&["vip", "new"]));
    let merged = merge(ports, org, &ann, &twin);
    assert_eq!(written(&merged.contact.tags), ["new", "old", "VIP"]);
    assert_eq!(merged.tags, [tag("new")]);
    assert_eq!(merged.contact.version, 1, "tags are counted apart");
    let counts = ports.tags.list(org, "", "", 10).unwrap();
    assert!(counts.iter().all(|tag| tag.contacts == 1), "{counts:?}");
}

pub fn sources_are_united_and_the_survivors_first_stays_first(ports: &Ports) {
    let org = ports.org();
    let widget = ports.ids.next();
    let chat = |conversation: &str| Origin::Chat {
        widget,
        visitor: "v".to_owned(),
        conversation: conversation.to_owned(),
    };
    let twin = ports.add_with(org, "Ann", "", |c| c.source.origin = chat("1"));
    ports.clock.tick();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let import = samples::running_import(ports, org, Policy::default());
    let now = ports.clock.tick();
    let rows = samples::chunk(&ports.ids, 0, vec![samples::import_row("Ann", "ann@example.org")]);
    ports.imports.apply(&import, &rows, now).unwrap();
    ports.clock.tick();
    let merged = merge(ports, org, &ann, &twin);
    assert_eq!(merged.contact.source, ann.source);
    let origin =
        Origin::CsvImport { import: import.id, file_name: import.file_name.clone(), row: 1 };
    let by_import = Arrival { at: now, origin };
    let arrivals = ports.contacts.arrivals(org, ann.id).unwrap();
    assert_eq!(arrivals, [ann.source, twin.source, by_import]);
}

pub fn the_same_way_of_coming_is_kept_once(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "");
    ports.clock.tick();
    let twin = ports.add(org, "Ann", "");
    merge(ports, org, &ann, &twin);
    assert_eq!(ports.contacts.arrivals(org, ann.id).unwrap(), [ann.source]);
}

pub fn the_survivors_activity_tells_of_both(ports: &Ports) {
    let org = ports.org();
    let user = Actor::User(ports.ids.next());
    let twin = ports.add_with(org, "Ann Lee", "", |c| {
        c.source.origin = Origin::Manual { by: user };
        c.tags = tags(&["vip"]);
    });
    let now = ports.clock.tick();
    ports.contacts.update(org, twin.id, None, &new_name("Ann"), user, now).unwrap();
    ports.clock.tick();
    let ann = ports.add(org, "", "ann@example.org");
    let now = ports.clock.tick();
    let merged = ports.contacts.merge(org, ann.id, twin.id, None, user, now).unwrap().unwrap();
    let activity = ports.activity(org, ann.id);
    let what: Vec<_> = activity.iter().map(|entry| (&entry.what, entry.actor)).collect();
    let told = ActivityKind::Merged {
        other: twin.id,
        called: Some("Ann".to_owned()),
        changes: merged.changes,
        tags: vec!["vip".to_owned()],
    };
    let arrived = ActivityKind::Arrived(twin.source.origin);
    assert_eq!(what[0], (&told, user));
    assert_eq!(what[1], (&ActivityKind::Created, Actor::System));
    assert!(matches!(what[2], (ActivityKind::Edited(_), by) if by == user), "{what:?}");
    assert_eq!(what[3], (&arrived, user));
    assert_eq!(what.len(), 4, "it was made once: {what:?}");
}

pub fn an_old_id_points_to_the_survivor_of_all_merges(ports: &Ports) {
    let (org, elsewhere) = (ports.org(), ports.org());
    let [one, two, three] = ["One", "Two", "Three"].map(|name| ports.add(org, name, ""));
    let into = |org, of: &Contact| ports.contacts.merged_into(org, of.id).unwrap();
    assert_eq!(into(org, &one), None);
    merge(ports, org, &two, &one);
    assert_eq!(into(org, &one), Some(two.id));
    assert_eq!(into(elsewhere, &one), None);
    merge(ports, org, &three, &two);
    assert_eq!((into(org, &one), into(org, &two)), (Some(three.id), Some(three.id)));
    assert!(ports.contacts.delete(org, three.id, None, Actor::System, ports.clock.now()).unwrap());
    assert_eq!((into(org, &one), into(org, &two)), (None, None), "nobody is left to point to");
}

pub fn a_stale_survivor_is_not_merged(ports: &Ports) {
    let org = ports.org();
    let (ann, twin) = (ports.add(org, "Ann", ""), ports.add(org, "Ann", "ann@example.org"));
    let refused = try_merge(ports, org, ann.id, twin.id, Some(2));
    assert!(matches!(refused, Err(Error::Stale(now)) if *now == ann));
    assert_eq!(ports.get(org, twin.id), twin);
    assert!(try_merge(ports, org, ann.id, twin.id, Some(1)).unwrap().is_some());
}

pub fn whoever_is_not_there_or_of_another_organisation_is_not_merged(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let (ann, theirs) = (ports.add(org, "Ann", ""), ports.add(other, "Ann", "a@example.org"));
    let nobody = ContactId(ports.ids.next());
    for (survivor, gone) in
        [(ann.id, theirs.id), (theirs.id, ann.id), (ann.id, nobody), (nobody, ann.id)]
    {
        assert_eq!(try_merge(ports, org, survivor, gone, None).unwrap(), None);
    }
    assert_eq!((ports.get(org, ann.id), ports.get(other, theirs.id)), (ann, theirs));
}

pub fn two_who_merge_the_same_people_at_once_leave_one(ports: &Ports) {
    let org = ports.org();
    let people: Vec<_> = (0..6).map(|n| ports.add(org, &format!("P{n}"), "").id).collect();
    std::thread::scope(|scope| {
        for turn in 0..4 {
            let people = &people;
            scope.spawn(move || {
                for step in 1..people.len() {
                    let (one, other) = (people[(turn + step) % 6], people[(turn + step + 1) % 6]);
                    try_merge(ports, org, one, other, None).unwrap();
                }
            });
        }
    });
    let left = ports.found(org, "").len();
    let gone = people.iter().filter(|id| ports.contacts.merged_into(org, **id).unwrap().is_some());
    assert_eq!(left + gone.count(), 6, "whoever is gone points to somebody");
    for id in &people {
        if let Some(survivor) = ports.contacts.merged_into(org, *id).unwrap() {
            assert!(ports.contacts.get(org, survivor).unwrap().is_some());
        }
    }
}
