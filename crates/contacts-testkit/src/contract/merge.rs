//! The contract of [`contacts_core::contact::ContactRepository`] for merges (R13).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::{
    ActivityKind, Contact, ContactId, MergeFields, MergeRequest, Merged, Source, SourceCursor,
    SourceDetail,
};
use contacts_core::field::FieldType;
use contacts_core::import::Policy;
use contacts_core::{Actor, Clock, Current, Error, Ids, OrgId, Result};

use super::check::{walk, written};
use crate::Ports;
use crate::samples::{self, custom, external_id, key, new_name, phone, tag, tags, text};

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

pub fn chosen_values_are_taken_from_the_other(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add_with(org, "Ann", "ann@example.org", |contact| {
        contact.phone = Some(phone("12"));
        contact.custom = custom(&[("tier", text("gold")), ("team", text("red"))]);
    });
    let twin = ports.add_with(org, "Ann Lee", "a.lee@example.org", |contact| {
        contact.custom = custom(&[("tier", text("free")), ("team", text("blue"))]);
    });
    let now = ports.clock.tick();
    let from_other = MergeFields {
        external_id: false,
        name: true,
        email: true,
        // The other contact has no number: an empty value is not taken.
        phone: true,
        custom: vec![key("tier"), key("unknown")],
    };
    let request =
        MergeRequest { survivor: ann.id, other: twin.id, from_other, if_version: Some(1) };
    let merged = ports.contacts.merge_contacts(org, &request, Actor::System, now).unwrap().unwrap();
    let expected = Contact {
        name: twin.name.clone(),
        email: twin.email.clone(),
        other_emails: vec![samples::email("ann@example.org")],
        custom: custom(&[("tier", text("free")), ("team", text("red"))]),
        version: 2,
        updated_at: now,
        ..ann.clone()
    };
    assert_eq!(merged.contact, expected);
    assert_eq!(ports.get(org, ann.id), expected);
    let fields: Vec<_> = merged.changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(fields, ["name", "email", "custom.tier"]);
    assert_eq!(ports.found(org, "a.lee@example"), ["Ann Lee"], "search finds what was taken");
    assert_eq!(ports.found(org, "ann@example"), ["Ann Lee"], "the former address finds it, too");
}

pub fn the_external_id_of_either_contact_is_chosen(ports: &Ports) {
    let org = ports.org();
    for is_chosen in [false, true] {
        let [ann, twin] = ["A", "B"].map(|name| {
            ports.add_with(org, name, "", |contact| {
                contact.external_id = Some(external_id(&format!("{name}-{is_chosen}")));
            })
        });
        let from_other = MergeFields { external_id: is_chosen, ..MergeFields::default() };
        let request =
            MergeRequest { survivor: ann.id, other: twin.id, from_other, if_version: None };
        let now = ports.clock.tick();
        ports.contacts.merge_contacts(org, &request, Actor::System, now).unwrap().unwrap();
        let [kept, lost] = if is_chosen { [&twin, &ann] } else { [&ann, &twin] };
        let [kept, lost] = [kept, lost].map(|contact| contact.external_id.clone().unwrap());
        let found = |id| ports.contacts.of_external_id(org, id).unwrap().map(|found| found.id);
        assert_eq!((found(&kept), found(&lost)), (Some(ann.id), None));
    }
}

pub fn a_merge_without_anything_new_changes_nothing(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let twin = ports.add(org, "Ann", "");
    ports.clock.tick();
    let merged = merge(ports, org, &ann, &twin);
    assert_eq!((merged.contact, merged.changes), (ann, vec![]), "nothing of its profile changed");
}

pub fn values_of_archived_fields_are_taken_too(ports: &Ports) {
    let org = ports.org();
    let field = samples::field("tier", FieldType::Text, 0);
    ports.add_field(org, &field);
    let ann = ports.add(org, "Ann", "ann@example.org");
    let twin = ports.add_with(org, "Ann", "", |c| c.custom = custom(&[("tier", text("gold"))]));
    let archive = |archived| drop(ports.archive_field(org, &field.key, archived));
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
    let chat = |conversation: &str| SourceDetail::Chat {
        widget,
        visitor: "v".to_owned(),
        conversation: conversation.to_owned(),
    };
    let twin = ports.add_with(org, "Ann", "", |c| c.source.detail = chat("1"));
    ports.clock.tick();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let import = samples::running_import(ports, org, Policy::default());
    let now = ports.clock.tick();
    let rows = samples::chunk(&ports.ids, 0, vec![samples::import_row("Ann", "ann@example.org")]);
    ports.imports.apply(&import, &rows, now).unwrap();
    ports.clock.tick();
    let merged = merge(ports, org, &ann, &twin);
    assert_eq!(merged.contact.source, ann.source);
    let detail =
        SourceDetail::CsvImport { import: import.id, file_name: import.file_name.clone(), row: 1 };
    let by_import = Source { at: now, detail };
    let sources = ports.contacts.sources(org, ann.id, None, 1_000).unwrap();
    assert_eq!(sources, [ann.source, twin.source, by_import]);
    for limit in [1, 2, 3] {
        let read = |after, limit| ports.contacts.sources(org, ann.id, after, limit).unwrap();
        let cursor = |source: &_, rank| SourceCursor::after(source, rank == 0);
        assert_eq!(walk(limit, read, cursor), sources);
    }
}

pub fn the_same_source_is_stored_once(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "");
    ports.clock.tick();
    let twin = ports.add(org, "Ann", "");
    merge(ports, org, &ann, &twin);
    assert_eq!(ports.contacts.sources(org, ann.id, None, 1_000).unwrap(), [ann.source]);
}

pub fn the_survivors_activity_lists_both_contacts(ports: &Ports) {
    let org = ports.org();
    let user = Actor::User(ports.ids.next());
    let twin = ports.add_with(org, "Ann Lee", "", |c| {
        c.source.detail = SourceDetail::Manual { by: user };
        c.tags = tags(&["vip"]);
    });
    let now = ports.clock.tick();
    ports.contacts.update(org, twin.id, None, &new_name("Ann"), user, now).unwrap();
    ports.clock.tick();
    let ann = ports.add(org, "", "ann@example.org");
    let now = ports.clock.tick();
    let merged = ports.contacts.merge(org, ann.id, twin.id, None, user, now).unwrap().unwrap();
    let activity = ports.activity(org, ann.id);
    let kinds: Vec<_> = activity.iter().map(|entry| (&entry.what, entry.actor)).collect();
    let merge_entry = ActivityKind::Merged {
        other: twin.id,
        called: Some("Ann".to_owned()),
        changes: merged.changes,
        tags: vec!["vip".to_owned()],
    };
    let arrived = ActivityKind::SourceAdded(twin.source.detail);
    assert_eq!(kinds[0], (&merge_entry, user));
    assert_eq!(kinds[1], (&ActivityKind::Created, Actor::System));
    assert!(matches!(kinds[2], (ActivityKind::Edited(_), by) if by == user), "{kinds:?}");
    assert_eq!(kinds[3], (&arrived, user));
    assert_eq!(kinds.len(), 4, "it was made once: {kinds:?}");
}

pub fn an_old_id_points_to_the_survivor_of_all_merges(ports: &Ports) {
    let (org, other_org) = (ports.org(), ports.org());
    let [one, two, three] = ["One", "Two", "Three"].map(|name| ports.add(org, name, ""));
    let into = |org, of: &Contact| ports.contacts.merged_into(org, of.id).unwrap();
    assert_eq!(into(org, &one), None);
    merge(ports, org, &two, &one);
    assert_eq!(into(org, &one), Some(two.id));
    assert_eq!(into(other_org, &one), None);
    merge(ports, org, &three, &two);
    assert_eq!((into(org, &one), into(org, &two)), (Some(three.id), Some(three.id)));
    assert!(ports.contacts.delete(org, three.id, None, Actor::System, ports.clock.now()).unwrap());
    assert_eq!((into(org, &one), into(org, &two)), (None, None), "nobody is left to point to");
}

pub fn a_stale_survivor_is_not_merged(ports: &Ports) {
    let org = ports.org();
    let (ann, twin) = (ports.add(org, "Ann", ""), ports.add(org, "Ann", "ann@example.org"));
    let refused = try_merge(ports, org, ann.id, twin.id, Some(2));
    assert!(matches!(refused, Err(Error::Stale(now)) if *now == Current::Contact(ann.clone())));
    assert_eq!(ports.get(org, twin.id), twin);
    assert!(try_merge(ports, org, ann.id, twin.id, Some(1)).unwrap().is_some());
}

pub fn a_missing_or_foreign_contact_is_not_merged(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let (ann, foreign) = (ports.add(org, "Ann", ""), ports.add(other, "Ann", "a@example.org"));
    let unknown = ContactId(ports.ids.next());
    for (survivor, merged_away) in
        [(ann.id, foreign.id), (foreign.id, ann.id), (ann.id, unknown), (unknown, ann.id)]
    {
        assert_eq!(try_merge(ports, org, survivor, merged_away, None).unwrap(), None);
    }
    assert_eq!((ports.get(org, ann.id), ports.get(other, foreign.id)), (ann, foreign));
}

pub fn two_who_merge_the_same_people_at_once_leave_one(ports: &Ports) {
    let org = ports.org();
    let people: Vec<_> = (0..6).map(|n| ports.add(org, &format!("P{n}"), "").id).collect();
    std::thread::scope(|scope| {
        for interrupt in 0..4 {
            let people = &people;
            scope.spawn(move || {
                for step in 1..people.len() {
                    let (one, other) =
                        (people[(interrupt + step) % 6], people[(interrupt + step + 1) % 6]);
                    try_merge(ports, org, one, other, None).unwrap();
                }
            });
        }
    });
    let left = ports.found(org, "").len();
    let merged_away =
        people.iter().filter(|id| ports.contacts.merged_into(org, **id).unwrap().is_some());
    assert_eq!(left + merged_away.count(), 6, "whoever is gone points to somebody");
    for id in &people {
        if let Some(survivor) = ports.contacts.merged_into(org, *id).unwrap() {
            assert!(ports.contacts.get(org, survivor).unwrap().is_some());
        }
    }
}
