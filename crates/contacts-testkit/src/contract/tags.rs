//! What a [`contacts_core::tag::TagRepository`] promises (R10).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::Contact;
use contacts_core::tag::{Renamed, Tag, TagId};
use contacts_core::{Actor, Clock, Ids, OrgId};

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
    all.into_iter().find(|known| known.name == tag(name)).unwrap()
}

/// The tags of an organisation and how many carry each.
fn known(ports: &Ports, org: OrgId) -> Vec<(String, u64)> {
    let all = ports.tags.list(org, "", "", 100).unwrap();
    all.iter().map(|tag| (tag.name.to_string(), tag.contacts)).collect()
}

fn counted(names: &[(&str, u64)]) -> Vec<(String, u64)> {
    names.iter().map(|(name, contacts)| ((*name).to_owned(), *contacts)).collect()
}

pub fn a_tag_is_made_once_and_shown_as_it_was_first_written(ports: &Ports) {
    let org = ports.org();
    let made = ensure(ports, org, "Café");
    assert_eq!((made.name.as_str(), made.contacts), ("Café", 0));
    assert_eq!(ensure(ports, org, "CAFE\u{301}"), made);
    assert_eq!(ports.tags.get(org, made.id).unwrap(), Some(made.clone()));
    tagged(ports, org, "Ann", &["CAFÉ"]);
    assert_eq!(ensure(ports, org, "café"), Tag { contacts: 1, ..made });
    assert_eq!(known(ports, org), counted(&[("Café", 1)]));
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let ann = tagged(ports, org, "Ann", &["vip"]);
    let vip = find(ports, org, "vip");
    assert_eq!(known(ports, other), []);
    assert_eq!(ports.tags.get(other, vip.id).unwrap(), None);
    assert_eq!(
        ports.tags.rename(other, vip.id, &tag("x"), Actor::System, ports.clock.now()).unwrap(),
        None
    );
    assert!(!ports.tags.delete(other, vip.id, Actor::System, ports.clock.now()).unwrap());
    let theirs = ensure(ports, other, "VIP");
    assert_eq!((theirs.name.as_str(), theirs.contacts), ("VIP", 0));
    assert_ne!(theirs.id, vip.id);
    assert!(ports.tags.delete(other, theirs.id, Actor::System, ports.clock.now()).unwrap());
    assert_eq!(known(ports, org), counted(&[("vip", 1)]));
    assert_eq!(ports.get(org, ann.id), ann);
}

pub fn the_list_counts_who_carries_each_and_keeps_those_that_nobody_does(ports: &Ports) {
    let org = ports.org();
    tagged(ports, org, "Ann", &["b", "a"]);
    let bo = tagged(ports, org, "Bo", &["B", "C"]);
    ensure(ports, org, "d");
    assert_eq!(known(ports, org), counted(&[("a", 1), ("b", 2), ("C", 1), ("d", 0)]));
    ports.contacts.tag(org, bo.id, &[], &bo.tags, Actor::System, ports.clock.now()).unwrap();
    assert_eq!(known(ports, org), counted(&[("a", 1), ("b", 1), ("C", 0), ("d", 0)]));
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
    let renamed =
        ports.tags.rename(org, lead.id, &tag("Zebra"), Actor::System, ports.clock.now()).unwrap();
    let zebra = Tag { name: tag("Zebra"), ..lead };
    assert_eq!(renamed, Some(Renamed::Renamed(zebra.clone())));
    let read = ports.get(org, ann.id);
    assert_eq!(written(&read.tags), ["x", "Zebra"]);
    assert_eq!((read.version, read.updated_at), (ann.version, ann.updated_at));
    assert_eq!(known(ports, org), counted(&[("x", 1), ("Zebra", 1)]));
    // The old name is free.
    let bo = tagged(ports, org, "Bo", &["LEAD"]);
    assert_eq!(written(&ports.get(org, bo.id).tags), ["LEAD"]);
    assert_eq!(ports.tags.get(org, zebra.id).unwrap(), Some(zebra));
}

pub fn a_new_spelling_of_its_own_name_is_a_rename(ports: &Ports) {
    let org = ports.org();
    let ann = tagged(ports, org, "Ann", &["vip"]);
    let vip = find(ports, org, "vip");
    let renamed =
        ports.tags.rename(org, vip.id, &tag("VIP"), Actor::System, ports.clock.now()).unwrap();
    let Some(Renamed::Renamed(shown)) = renamed else { panic!("{renamed:?}") };
    assert_eq!((shown.id, shown.name.as_str(), shown.contacts), (vip.id, "VIP", 1));
    assert_eq!(written(&ports.get(org, ann.id).tags), ["VIP"]);
    let again =
        ports.tags.rename(org, vip.id, &tag("VIP"), Actor::System, ports.clock.now()).unwrap();
    assert_eq!(again, Some(Renamed::Renamed(shown)));
}

pub fn renaming_onto_another_merges_them(ports: &Ports) {
    let org = ports.org();
    let ann = tagged(ports, org, "Ann", &["lead"]);
    let bo = tagged(ports, org, "Bo", &["lead", "Prospect"]);
    let cy = tagged(ports, org, "Cy", &["Prospect"]);
    let (lead, prospect) = (find(ports, org, "lead"), find(ports, org, "prospect"));
    let merged = ports
        .tags
        .rename(org, lead.id, &tag("PROSPECT"), Actor::System, ports.clock.now())
        .unwrap();
    let expected = Tag { contacts: 3, ..prospect };
    assert_eq!(merged, Some(Renamed::Merged(expected)));
    for contact in [ann, bo, cy] {
        assert_eq!(written(&ports.get(org, contact.id).tags), ["Prospect"]);
    }
    assert_eq!(ports.tags.get(org, lead.id).unwrap(), None);
    assert_eq!(known(ports, org), counted(&[("Prospect", 3)]));
}

pub fn deleting_a_tag_takes_it_off_everybody(ports: &Ports) {
    let org = ports.org();
    let ann = tagged(ports, org, "Ann", &["a", "b"]);
    let a = find(ports, org, "a");
    assert!(ports.tags.delete(org, a.id, Actor::System, ports.clock.now()).unwrap());
    assert!(!ports.tags.delete(org, a.id, Actor::System, ports.clock.now()).unwrap());
    assert_eq!(ports.tags.get(org, a.id).unwrap(), None);
    let read = ports.get(org, ann.id);
    assert_eq!(written(&read.tags), ["b"]);
    assert_eq!((read.version, read.updated_at), (ann.version, ann.updated_at));
    assert_eq!(known(ports, org), counted(&[("b", 1)]));
}

pub fn what_is_not_there_answers_nothing(ports: &Ports) {
    let (org, id) = (ports.org(), TagId(ports.ids.next()));
    ensure(ports, org, "vip");
    assert_eq!(ports.tags.get(org, id).unwrap(), None);
    assert_eq!(
        ports.tags.rename(org, id, &tag("vip"), Actor::System, ports.clock.now()).unwrap(),
        None
    );
    assert!(!ports.tags.delete(org, id, Actor::System, ports.clock.now()).unwrap());
    assert_eq!(known(ports, org), counted(&[("vip", 0)]));
}

pub fn tags_that_are_renamed_to_one_name_at_once_become_one(ports: &Ports) {
    let org = ports.org();
    let made: Vec<_> = (0..4).map(|at| ensure(ports, org, &format!("t{at}"))).collect();
    std::thread::scope(|scope| {
        let renames: Vec<_> = made
            .iter()
            .map(|made| {
                scope.spawn(|| {
                    ports.tags.rename(org, made.id, &tag("one"), Actor::System, ports.clock.now())
                })
            })
            .collect();
        for rename in renames {
            assert!(rename.join().unwrap().unwrap().is_some());
        }
    });
    assert_eq!(known(ports, org), counted(&[("one", 0)]));
}
