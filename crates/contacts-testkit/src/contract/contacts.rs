//! The contract of [`contacts_core::contact::ContactRepository`] for single contacts.
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::{
    ActivityKind, Contact, ContactId, ContactPatch, FieldChange, Patch, Source, SourceDetail,
};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::{Actor, Clock, Current, Error, Ids};

use super::check::{RACES, at_once, display, written};
use super::events::all_events;
use crate::Ports;
use crate::samples::{
    custom, email, external_id, key, new_email, new_name, number, phone, tag, tags, text,
};

pub fn a_contact_is_read_as_it_was_written(ports: &Ports) {
    let org = ports.org();
    let contact = ports.add_with(org, "José Lee", "Jose.Lee@Example.ORG", |contact| {
        contact.external_id = Some(external_id("A-17 / é"));
        contact.phone = Some(phone("+1 (202) 555-0101"));
        contact.tags = tags(&["VIP", "Café"]);
        contact.custom = custom(&[
            ("tier", text("gold")),
            ("seats", number(12.5)),
            ("is_live", contacts_core::field::FieldValue::Boolean(true)),
            ("since", crate::samples::date("2026-02-28")),
        ]);
        contact.source.detail = SourceDetail::Manual { by: Actor::User(ports.ids.next()) };
    });
    let read = ports.get(org, contact.id);
    assert_eq!(read, contact);
    assert_eq!(read.email.unwrap().as_str(), "Jose.Lee@Example.ORG");
    assert_eq!(written(&read.tags), ["Café", "VIP"]);
    assert_eq!(read.phone.unwrap().e164(), Some("+12025550101"));
}

pub fn every_origin_is_read_as_it_was_written(ports: &Ports) {
    let org = ports.org();
    let [one, two] = [ports.ids.next(), ports.ids.next()];
    let file = crate::samples::import(org, &ports.ids, &ports.clock, "Träde \"show\".csv");
    ports.imports.insert(&file).unwrap();
    let details = [
        SourceDetail::Chat {
            widget: one,
            visitor: "v 1".to_owned(),
            conversation: "c,\"1".to_owned(),
        },
        SourceDetail::CsvImport { import: file.id, file_name: file.file_name, row: 7 },
        SourceDetail::Manual { by: Actor::System },
        SourceDetail::Manual { by: Actor::Key(contacts_core::key::KeyId(one)) },
        SourceDetail::Connected { source: two, external_id: "crm/1".to_owned() },
    ];
    for detail in details {
        let contact = ports.add_with(org, "Ann", "", |c| c.source.detail = detail.clone());
        assert_eq!(ports.get(org, contact.id).source.detail, detail);
        assert_eq!(ports.contacts.sources(org, contact.id, None, 1_000).unwrap(), [contact.source]);
    }
}

pub fn a_missing_record_is_none(ports: &Ports) {
    let (org, id, now) = (ports.org(), ContactId(ports.ids.next()), ports.clock.now());
    let contacts = &ports.contacts;
    assert_eq!(contacts.get(org, id).unwrap(), None);
    let patch = new_name("Ann");
    assert_eq!(contacts.update(org, id, Some(1), &patch, Actor::System, now).unwrap(), None);
    let vip = tags(&["vip"]);
    assert_eq!(contacts.tag(org, id, &vip, &[], Actor::System, now).unwrap(), None);
    assert!(!contacts.delete(org, id, Some(1), Actor::System, ports.clock.now()).unwrap());
    assert_eq!(contacts.sources(org, id, None, 1_000).unwrap(), []);
    assert_eq!(ports.activity(org, id), []);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other, now) = (ports.org(), ports.org(), ports.clock.now());
    let ann = ports.add_with(org, "Ann", "ann@example.org", |c| c.tags = tags(&["vip"]));
    let before = ports.get(org, ann.id);
    let (contacts, by) = (&ports.contacts, Actor::System);
    assert_eq!(contacts.get(other, ann.id).unwrap(), None);
    assert_eq!(contacts.update(other, ann.id, None, &new_name("Bo"), by, now).unwrap(), None);
    assert_eq!(contacts.update(other, ann.id, Some(9), &new_name("Bo"), by, now).unwrap(), None);
    assert_eq!(contacts.tag(other, ann.id, &[], &ann.tags, by, now).unwrap(), None);
    assert!(!contacts.delete(other, ann.id, None, Actor::System, ports.clock.now()).unwrap());
    assert!(!contacts.delete(other, ann.id, Some(9), Actor::System, ports.clock.now()).unwrap());
    assert_eq!(contacts.sources(other, ann.id, None, 1_000).unwrap(), []);
    assert_eq!(ports.activity(other, ann.id), []);
    assert_eq!(ports.found(other, ""), Vec::<String>::new());
    assert_eq!(ports.found(other, "ann"), Vec::<String>::new());
    assert_eq!(ports.tags.list(other, "", "", 10).unwrap(), []);
    // Another organisation can use the same address.
    ports.add(other, "Ann", "ann@example.org");
    assert_eq!(ports.get(org, ann.id), before);
}

pub fn the_same_address_in_another_spelling_is_taken(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "Ann@Bücher.example");
    for spelling in ["ANN@BÜCHER.example", "ann@xn--bcher-kva.example", "ann@bu\u{308}cher.example"]
    {
        let mut twin = crate::samples::contact(org, &ports.ids, &ports.clock, "Bo", spelling);
        twin.tags = tags(&["left behind"]);
        let refused = ports.contacts.insert(&twin, Actor::System);
        assert!(matches!(refused, Err(Error::EmailTaken(id)) if id == ann.id), "{spelling}");
        assert_eq!(ports.contacts.get(org, twin.id).unwrap(), None);
    }
    assert_eq!(
        ports.tags.list(org, "", "", 10).unwrap(),
        [],
        "nothing of a refused contact is kept"
    );
    ports.add(org, "Bo", "ann+shop@bücher.example");
}

pub fn many_contacts_may_have_no_address(ports: &Ports) {
    let org = ports.org();
    let one = ports.add(org, "Ann", "");
    let two = ports.add(org, "Ann", "");
    let three = ports.add(org, "", "x@example.org");
    assert!(one.is_incomplete() && two.is_incomplete() && three.is_incomplete());
    assert_eq!(ports.found(org, "").len(), 3);
    assert_eq!(ports.get(org, three.id), three);
}

pub fn a_patch_changes_only_the_fields_it_names(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add_with(org, "Ann", "ann@example.org", |contact| {
        contact.phone = Some(phone("1"));
        contact.tags = tags(&["vip"]);
        contact.custom = custom(&[("tier", text("gold")), ("seats", number(1.0))]);
    });
    let now = ports.clock.tick();
    let patch = ContactPatch {
        name: Patch::Set(crate::samples::name("Bo")),
        phone: Patch::Clear,
        custom: [(key("tier"), Some(text("silver"))), (key("seats"), None)].into(),
        ..ContactPatch::default()
    };
    let updated = ports.contacts.update(org, ann.id, Some(1), &patch, Actor::System, now);
    let updated = updated.unwrap().unwrap();
    let mut expected = ann.clone();
    let changes = patch.apply(&mut expected, now).unwrap();
    assert_eq!(updated.contact, expected);
    assert_eq!(updated.changes, changes);
    assert_eq!(ports.get(org, ann.id), expected);
    assert_eq!((expected.version, expected.updated_at), (2, now));
    assert_eq!(ports.found(org, "ann@"), ["Bo"]);
}

pub fn a_patch_that_changes_nothing_leaves_version_and_time(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add_with(org, "Ann", "ann@example.org", |contact| {
        contact.custom = custom(&[("tier", text("gold"))]);
    });
    let now = ports.clock.tick();
    let same = ContactPatch {
        name: Patch::Set(ann.name.clone().unwrap()),
        phone: Patch::Clear,
        custom: [(key("tier"), Some(text("gold"))), (key("seats"), None)].into(),
        ..new_email("ann@example.org")
    };
    for patch in [ContactPatch::default(), same] {
        let updated = ports.contacts.update(org, ann.id, Some(1), &patch, Actor::System, now);
        let updated = updated.unwrap().unwrap();
        assert_eq!((&updated.contact, updated.changes.len()), (&ann, 0));
    }
    assert_eq!(ports.get(org, ann.id), ann);
    assert_eq!(ports.activity(org, ann.id).len(), 1);
}

pub fn a_stale_version_is_refused_with_the_current_state(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let now = ports.clock.tick();
    let (contacts, by) = (&ports.contacts, Actor::System);
    let current = contacts.update(org, ann.id, None, &new_name("Bo"), by, now).unwrap().unwrap();
    // The version is checked even if the patch changes nothing or is invalid.
    for patch in [
        new_name("Cy"),
        new_name("Bo"),
        ContactPatch { name: Patch::Clear, ..ContactPatch::default() },
    ] {
        let refused = contacts.update(org, ann.id, Some(1), &patch, by, now);
        assert!(
            matches!(refused, Err(Error::Stale(state)) if *state == Current::Contact(current.contact.clone()))
        );
    }
    let refused = contacts.delete(org, ann.id, Some(1), Actor::System, ports.clock.now());
    assert!(
        matches!(refused, Err(Error::Stale(state)) if *state == Current::Contact(current.contact.clone()))
    );
    assert_eq!(ports.get(org, ann.id), current.contact);
}

pub fn a_required_field_cannot_be_cleared(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let patch = ContactPatch {
        name: Patch::Clear,
        email: Patch::Clear,
        phone: Patch::Set(phone("1")),
        ..ContactPatch::default()
    };
    let (by, now) = (Actor::System, ports.clock.tick());
    let Err(Error::Invalid(parts)) = ports.contacts.update(org, ann.id, None, &patch, by, now)
    else {
        panic!("a required field was cleared");
    };
    assert_eq!(parts.iter().map(|part| part.field.as_str()).collect::<Vec<_>>(), ["name", "email"]);
    assert_eq!(ports.get(org, ann.id), ann);
}

pub fn clearing_a_required_field_that_is_missing_changes_nothing(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "");
    let patch = ContactPatch { email: Patch::Clear, ..ContactPatch::default() };
    let now = ports.clock.tick();
    let updated = ports.contacts.update(org, ann.id, None, &patch, Actor::System, now);
    assert_eq!(updated.unwrap().unwrap().contact, ann);
}

pub fn an_update_cannot_take_anothers_address(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let bo = ports.add(org, "Bo", "bo@example.org");
    let patch = ContactPatch { phone: Patch::Set(phone("1")), ..new_email("ANN@example.org") };
    let refused =
        ports.contacts.update(org, bo.id, None, &patch, Actor::System, ports.clock.tick());
    assert!(matches!(refused, Err(Error::EmailTaken(id)) if id == ann.id));
    assert_eq!(ports.get(org, bo.id), bo);
}

pub fn an_address_may_be_respelled_by_its_owner(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let (by, now) = (Actor::System, ports.clock.tick());
    let updated = ports.contacts.update(org, ann.id, None, &new_email("Ann@Example.org"), by, now);
    let updated = updated.unwrap().unwrap();
    assert_eq!((updated.contact.version, updated.changes.len()), (2, 1));
    assert_eq!(ports.get(org, ann.id).email.unwrap().as_str(), "Ann@Example.org");
}

pub fn tagging_leaves_version_and_time(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add_with(org, "Ann", "ann@example.org", |c| c.tags = tags(&["old", "vip"]));
    let (add, remove) = (tags(&["new", "Beta"]), tags(&["OLD"]));
    let now = ports.clock.tick();
    let tagged = ports.contacts.tag(org, ann.id, &add, &remove, Actor::System, now);
    let tagged = tagged.unwrap().unwrap();
    assert_eq!(written(&tagged.contact.tags), ["Beta", "new", "vip"]);
    assert_eq!(written(&tagged.added), ["Beta", "new"]);
    assert_eq!(written(&tagged.removed), ["old"]);
    let read = ports.get(org, ann.id);
    assert_eq!(read, tagged.contact);
    assert_eq!((read.version, read.updated_at), (ann.version, ann.updated_at));
}

pub fn a_patch_replaces_tags_and_changes_the_profile_in_one(ports: &Ports) {
    let (org, by) = (ports.org(), Actor::User(ports.ids.next()));
    let ann = ports.add_with(org, "Ann", "ann@example.org", |c| c.tags = tags(&["old", "VIP"]));
    let now = ports.clock.tick();
    let patch = ContactPatch { tags: Some(tags(&["new", "vip"])), ..new_name("Anna") };
    let updated = ports.contacts.update(org, ann.id, Some(1), &patch, by, now).unwrap().unwrap();
    assert_eq!(written(&updated.contact.tags), ["new", "VIP"]);
    assert_eq!((updated.contact.version, updated.changes.len()), (2, 1));
    assert_eq!(ports.get(org, ann.id), updated.contact);
    let mut activity = ports.activity(org, ann.id);
    activity.retain(|entry| entry.at == now && entry.actor == by);
    let named = |name: &str| vec![name.to_owned()];
    let tagged = ActivityKind::Tagged { added: named("new"), removed: named("old") };
    assert!(activity.len() == 2 && activity.iter().any(|entry| entry.what == tagged));
    let event = all_events(ports, org).pop().unwrap();
    let fields = vec!["name".to_owned(), "tags".to_owned()];
    assert_eq!(event, ContactEvent::of(ann.id, EventKind::Updated, fields, by, now));
}

pub fn a_patch_of_tags_alone_leaves_version_and_time(ports: &Ports) {
    let (org, by) = (ports.org(), Actor::System);
    let ann = ports.add_with(org, "Ann", "ann@example.org", |c| c.tags = tags(&["VIP"]));
    let patch = |names: &[&str]| {
        let patch = ContactPatch { tags: Some(tags(names)), ..ContactPatch::default() };
        let updated = ports.contacts.update(org, ann.id, None, &patch, by, ports.clock.tick());
        updated.unwrap().unwrap().contact
    };
    assert_eq!(patch(&["vip"]), ann);
    assert_eq!(ports.activity(org, ann.id).len(), 1, "the same tags change nothing");
    assert_eq!(all_events(ports, org).len(), 1);
    assert_eq!(patch(&[]), Contact { tags: Vec::new(), ..ann.clone() });
    assert_eq!(all_events(ports, org).len(), 2);
}

pub fn a_refused_patch_leaves_the_tags(ports: &Ports) {
    let (org, by) = (ports.org(), Actor::System);
    let ann = ports.add_with(org, "Ann", "ann@example.org", |c| c.tags = tags(&["vip"]));
    ports.add(org, "Bo", "bo@example.org");
    let tags = Some(tags(&["new"]));
    let taken = ContactPatch { tags: tags.clone(), ..new_email("bo@example.org") };
    for (patch, version) in [(taken, None), (ContactPatch { tags, ..new_name("Anna") }, Some(7))] {
        let refused = ports.contacts.update(org, ann.id, version, &patch, by, ports.clock.tick());
        refused.unwrap_err();
        assert_eq!(ports.get(org, ann.id), ann);
    }
    assert_eq!(ports.tags.list(org, "", "", 10).unwrap().len(), 1, "no tag was created");
}

pub fn patches_of_tags_and_of_the_name_at_once_both_hold(ports: &Ports) {
    let (org, by, now) = (ports.org(), Actor::System, ports.clock.now());
    for round in 0..RACES {
        let ann = ports.add_with(org, "Ann", "", |c| c.tags = tags(&["old"]));
        let names = [&["a", "x"][..], &["b", "y"][..]];
        at_once(3, |nth| {
            let patch = match names.get(nth) {
                Some(names) => ContactPatch { tags: Some(tags(names)), ..ContactPatch::default() },
                None => new_name("Anna"),
            };
            ports.contacts.update(org, ann.id, None, &patch, by, now).unwrap().unwrap()
        });
        let read = ports.get(org, ann.id);
        assert_eq!(display(&read), "Anna", "round {round}");
        // Each patch of the tags replaces those of the other: no mixture is left.
        assert!(names.contains(&written(&read.tags).as_slice()), "{:?}", read.tags);
    }
}

pub fn a_tag_is_shown_as_it_was_first_written(ports: &Ports) {
    let org = ports.org();
    ports.add_with(org, "Ann", "ann@example.org", |c| c.tags = tags(&["Trade Show"]));
    let bo = ports.add_with(org, "Bo", "bo@example.org", |c| c.tags = tags(&["TRADE SHOW"]));
    assert_eq!(written(&ports.get(org, bo.id).tags), ["Trade Show"]);
    let cy = ports.add(org, "Cy", "cy@example.org");
    let (by, now) = (Actor::System, ports.clock.now());
    let tagged = ports.contacts.tag(org, cy.id, &tags(&["trade show"]), &[], by, now);
    let tagged = tagged.unwrap().unwrap();
    assert_eq!(written(&tagged.added), ["Trade Show"]);
    assert_eq!(written(&tagged.contact.tags), ["Trade Show"]);
}

pub fn adding_a_tag_that_is_there_or_removing_one_that_is_not_changes_nothing(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add_with(org, "Ann", "ann@example.org", |c| c.tags = tags(&["vip"]));
    ports
        .tags
        .ensure(org, contacts_core::tag::TagId(ports.ids.next()), &tag("spare"), ports.clock.now())
        .unwrap();
    let (add, remove) = (tags(&["VIP"]), tags(&["spare", "never heard of"]));
    let now = ports.clock.tick();
    let tagged = ports.contacts.tag(org, ann.id, &add, &remove, Actor::System, now);
    let tagged = tagged.unwrap().unwrap();
    assert_eq!((&tagged.contact, tagged.added.len(), tagged.removed.len()), (&ann, 0, 0));
    assert_eq!(ports.activity(org, ann.id).len(), 1);
    let listed_tags: Vec<_> = ports.tags.list(org, "", "", 10).unwrap();
    assert_eq!(listed_tags.len(), 2, "removing makes no tag");
}

pub fn deleting_takes_everything_that_hangs_on_a_contact(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add_with(org, "Ann", "ann@example.org", |c| c.tags = tags(&["vip"]));
    assert!(ports.contacts.delete(org, ann.id, Some(1), Actor::System, ports.clock.now()).unwrap());
    assert!(!ports.contacts.delete(org, ann.id, None, Actor::System, ports.clock.now()).unwrap());
    assert_eq!(ports.contacts.get(org, ann.id).unwrap(), None);
    assert_eq!(ports.contacts.sources(org, ann.id, None, 1_000).unwrap(), []);
    assert_eq!(ports.activity(org, ann.id), []);
    assert_eq!(ports.found(org, "ann"), Vec::<String>::new());
    let listed_tags = ports.tags.list(org, "", "", 10).unwrap();
    assert_eq!(
        listed_tags.iter().map(|tag| tag.contacts).collect::<Vec<_>>(),
        [0],
        "the tag stays"
    );
}

pub fn the_first_source_stays(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let expected =
        Source { at: ann.created_at, detail: SourceDetail::Manual { by: Actor::System } };
    assert_eq!(ports.contacts.sources(org, ann.id, None, 1_000).unwrap(), [expected]);
}

pub fn a_new_address_is_an_edit_from_one_to_another(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "");
    let now = ports.clock.tick();
    let updated =
        ports.contacts.update(org, ann.id, None, &new_email("ann@example.org"), Actor::System, now);
    let change = FieldChange {
        field: "email".to_owned(),
        from: None,
        to: Some("ann@example.org".to_owned()),
    };
    assert_eq!(updated.unwrap().unwrap().changes, [change]);
    assert_eq!(ports.get(org, ann.id).email, Some(email("ann@example.org")));
}
