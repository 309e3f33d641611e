//! The contract of [`contacts_core::tag::TagRepository`] (R10).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::Contact;
use contacts_core::tag::{Renamed, Tag, TagId};
use contacts_core::{Actor, Clock, Current, Error, Ids, OrgId};

use super::check::written;
use crate::Ports;
use crate::samples::{tag, tags};

fn ensure(ports: &Ports, org: OrgId, name: &str) -> Tag {
    let id = TagId(ports.ids.next());
    ports.tags.ensure(org, id, &tag(name), ports.clock.now()).unwrap()
}

fn tagged(ports: &Ports, org: OrgId, name: &str, names: &[&str]) -> Contact {
    ports.add_with(org, name, "", |contact| contact.tags = tags(names))
}

fn find(ports: &Ports, org: OrgId, name: &str) -> Tag {
    let all = ports.tags.list(org, "", "", 100).unwrap();
    all.into_iter().find(|listed| listed.name == tag(name)).unwrap()
}

/// Returns the tags of an organisation, with the number of contacts that have each.
fn listed(ports: &Ports, org: OrgId) -> Vec<(String, u64)> {
    let all = ports.tags.list(org, "", "", 100).unwrap();
    all.iter().map(|tag| (tag.name.to_string(), tag.contacts)).collect()
}

fn counted(names: &[(&str, u64)]) -> Vec<(String, u64)> {
    names.iter().map(|(name, contacts)| ((*name).to_owned(), *contacts)).collect()
}

pub fn a_tag_is_made_once_and_shown_as_it_was_first_written(ports: &Ports) {
    let org = ports.org();
    let tag_ids = ensure(ports, org, "Café");
    assert_eq!((tag_ids.name.as_str(), tag_ids.contacts), ("Café", 0));
    assert_eq!(ensure(ports, org, "CAFE\u{301}"), tag_ids);
    assert_eq!(ports.tags.get(org, tag_ids.id).unwrap(), Some(tag_ids.clone()));
    tagged(ports, org, "Ann", &["CAFÉ"]);
    assert_eq!(ensure(ports, org, "café"), Tag { contacts: 1, ..tag_ids });
    assert_eq!(listed(ports, org), counted(&[("Café", 1)]));
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let ann = tagged(ports, org, "Ann", &["vip"]);
    let vip = find(ports, org, "vip");
    assert_eq!(listed(ports, other), []);
    assert_eq!(ports.tags.get(other, vip.id).unwrap(), None);
    assert_eq!(
        ports
            .tags
            .rename(other, vip.id, &tag("x"), None, Actor::System, ports.clock.now())
            .unwrap(),
        None
    );
    assert!(!ports.tags.delete(other, vip.id, Actor::System, ports.clock.now()).unwrap());
    let foreign = ensure(ports, other, "VIP");
    assert_eq!((foreign.name.as_str(), foreign.contacts), ("VIP", 0));
    assert_ne!(foreign.id, vip.id);
    assert!(ports.tags.delete(other, foreign.id, Actor::System, ports.clock.now()).unwrap());
    assert_eq!(listed(ports, org), counted(&[("vip", 1)]));
    assert_eq!(ports.get(org, ann.id), ann);
}

pub fn the_list_counts_contacts_and_keeps_unused_tags(ports: &Ports) {
    let org = ports.org();
    tagged(ports, org, "Ann", &["b", "a"]);
    let bo = tagged(ports, org, "Bo", &["B", "C"]);
    ensure(ports, org, "d");
    assert_eq!(listed(ports, org), counted(&[("a", 1), ("b", 2), ("C", 1), ("d", 0)]));
    ports.contacts.tag(org, bo.id, &[], &bo.tags, Actor::System, ports.clock.now()).unwrap();
    assert_eq!(listed(ports, org), counted(&[("a", 1), ("b", 1), ("C", 0), ("d", 0)]));
}

pub fn the_list_is_read_by_prefix_and_page_by_page(ports: &Ports) {
    let org = ports.org();
    for name in ["Show 2026", "show_x", "Shop", "50% off", "Éclair", "éa"] {
        ensure(ports, org, name);
    }
    let names = |prefix: &str, after: &str, limit| -> Vec<String> {
        let found = ports.tags.list(org, prefix, after, limit).unwrap();
        found.iter().map(|tag| tag.name.to_string()).collect()
    };
    assert_eq!(names("", "", 10), ["50% off", "Shop", "Show 2026", "show_x", "éa", "Éclair"]);
    assert_eq!(names("show", "", 10), ["Show 2026", "show_x"]);
    assert_eq!(names("sho", "shop", 1), ["Show 2026"]);
    assert_eq!(names("", "show 2026", 2), ["show_x", "éa"]);
    assert_eq!(names("é", "", 10), ["éa", "Éclair"]);
    assert_eq!(names("show_", "", 10), ["show_x"]);
    assert_eq!(names("50%", "", 10), ["50% off"]);
    for nothing in ["%", "_", "\\", "show%", "e", "Show"] {
        assert_eq!(names(nothing, "", 10), Vec::<String>::new(), "{nothing}");
    }
    assert_eq!(names("", "éclair", 10), Vec::<String>::new());
}

pub fn renaming_a_tag_renames_it_everywhere(ports: &Ports) {
    let org = ports.org();
    let ann = tagged(ports, org, "Ann", &["lead", "x"]);
    let lead = find(ports, org, "lead");
    let renamed = ports
        .tags
        .rename(org, lead.id, &tag("Zebra"), None, Actor::System, ports.clock.now())
        .unwrap();
    let zebra = Tag { name: tag("Zebra"), version: 2, ..lead };
    assert_eq!(renamed, Some(Renamed::Renamed(zebra.clone())));
    let read = ports.get(org, ann.id);
    assert_eq!(written(&read.tags), ["x", "Zebra"]);
    assert_eq!((read.version, read.updated_at), (ann.version, ann.updated_at));
    assert_eq!(listed(ports, org), counted(&[("x", 1), ("Zebra", 1)]));
    // The old name can be used again.
    let bo = tagged(ports, org, "Bo", &["LEAD"]);
    assert_eq!(written(&ports.get(org, bo.id).tags), ["LEAD"]);
    assert_eq!(ports.tags.get(org, zebra.id).unwrap(), Some(zebra));
}

pub fn a_new_spelling_of_its_own_name_is_a_rename(ports: &Ports) {
    let org = ports.org();
    let ann = tagged(ports, org, "Ann", &["vip"]);
    let vip = find(ports, org, "vip");
    let renamed = ports
        .tags
        .rename(org, vip.id, &tag("VIP"), None, Actor::System, ports.clock.now())
        .unwrap();
    let Some(Renamed::Renamed(renamed_tag)) = renamed else { panic!("{renamed:?}") };
    assert_eq!(
        (renamed_tag.id, renamed_tag.name.as_str(), renamed_tag.contacts),
        (vip.id, "VIP", 1)
    );
    assert_eq!(written(&ports.get(org, ann.id).tags), ["VIP"]);
    assert_eq!(renamed_tag.version, 2);
    let again = ports
        .tags
        .rename(org, vip.id, &tag("VIP"), None, Actor::System, ports.clock.now())
        .unwrap();
    assert_eq!(again, Some(Renamed::Renamed(renamed_tag)));
}

pub fn a_stale_version_is_refused_with_the_current_state(ports: &Ports) {
    let org = ports.org();
    let vip = ensure(ports, org, "vip");
    let (by, now) = (Actor::System, ports.clock.now());
    let renamed = ports.tags.rename(org, vip.id, &tag("Gold"), Some(1), by, now).unwrap();
    let Some(Renamed::Renamed(current)) = renamed else { panic!("{renamed:?}") };
    let refused = ports.tags.rename(org, vip.id, &tag("Silver"), Some(1), by, now);
    let Err(Error::Stale(state)) = refused else { panic!("{refused:?}") };
    assert_eq!(*state, Current::Tag(current.clone()));
    assert_eq!(ports.tags.get(org, vip.id).unwrap(), Some(current));
}

pub fn renaming_onto_another_merges_them(ports: &Ports) {
    let org = ports.org();
    let ann = tagged(ports, org, "Ann", &["lead"]);
    let bo = tagged(ports, org, "Bo", &["lead", "Prospect"]);
    let cy = tagged(ports, org, "Cy", &["Prospect"]);
    let (lead, prospect) = (find(ports, org, "lead"), find(ports, org, "prospect"));
    let merged = ports
        .tags
        .rename(org, lead.id, &tag("PROSPECT"), None, Actor::System, ports.clock.now())
        .unwrap();
    let expected = Tag { contacts: 3, ..prospect };
    assert_eq!(merged, Some(Renamed::Merged(expected)));
    for contact in [ann, bo, cy] {
        assert_eq!(written(&ports.get(org, contact.id).tags), ["Prospect"]);
    }
    assert_eq!(ports.tags.get(org, lead.id).unwrap(), None);
    assert_eq!(listed(ports, org), counted(&[("Prospect", 3)]));
}

pub fn deleting_a_tag_removes_it_from_every_contact(ports: &Ports) {
    let org = ports.org();
    let ann = tagged(ports, org, "Ann", &["a", "b"]);
    let a = find(ports, org, "a");
    assert!(ports.tags.delete(org, a.id, Actor::System, ports.clock.now()).unwrap());
    assert!(!ports.tags.delete(org, a.id, Actor::System, ports.clock.now()).unwrap());
    assert_eq!(ports.tags.get(org, a.id).unwrap(), None);
    let read = ports.get(org, ann.id);
    assert_eq!(written(&read.tags), ["b"]);
    assert_eq!((read.version, read.updated_at), (ann.version, ann.updated_at));
    assert_eq!(listed(ports, org), counted(&[("b", 1)]));
}

pub fn a_missing_record_is_none(ports: &Ports) {
    let (org, id) = (ports.org(), TagId(ports.ids.next()));
    ensure(ports, org, "vip");
    assert_eq!(ports.tags.get(org, id).unwrap(), None);
    assert_eq!(
        ports.tags.rename(org, id, &tag("vip"), None, Actor::System, ports.clock.now()).unwrap(),
        None
    );
    assert!(!ports.tags.delete(org, id, Actor::System, ports.clock.now()).unwrap());
    assert_eq!(listed(ports, org), counted(&[("vip", 0)]));
}

pub fn tags_that_are_renamed_to_one_name_at_once_become_one(ports: &Ports) {
    let org = ports.org();
    let tag_ids: Vec<_> = (0..4).map(|at| ensure(ports, org, &format!("t{at}"))).collect();
    std::thread::scope(|scope| {
        let renames: Vec<_> = tag_ids
            .iter()
            .map(|tag_ids| {
                scope.spawn(|| {
                    ports.tags.rename(
                        org,
                        tag_ids.id,
                        &tag("one"),
                        None,
                        Actor::System,
                        ports.clock.now(),
                    )
                })
            })
            .collect();
        for rename in renames {
            assert!(rename.join().unwrap().unwrap().is_some());
        }
    });
    assert_eq!(listed(ports, org), counted(&[("one", 0)]));
}
