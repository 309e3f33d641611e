//! The contract of [`contacts_core::segment::SegmentRepository`].
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::contact::{FilterText, Sort};
use contacts_core::key::ApiKey;
use contacts_core::segment::{
    Audience, Segment, SegmentId, SegmentLayout, SegmentName, SegmentPatch, ViewColumn,
};
use contacts_core::session::UserPatch;
use contacts_core::{Actor, Clock, Current, Error, Ids, OrgId};
use uuid::Uuid;

use super::check::{RACES, at_once};
use crate::Ports;
use crate::samples::{api_key, filter_text, signed_in};

fn segment(ports: &Ports, name: &str) -> Segment {
    let now = ports.clock.now();
    Segment {
        id: SegmentId(ports.ids.next()),
        name: SegmentName::parse(name).unwrap(),
        filter: filter_text(&[("q", "50% \"é\""), ("tags_any", "vip,new"), ("source", "chat")]),
        layout: SegmentLayout::default(),
        audience: Audience::Shared,
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

fn rename_patch(name: &str) -> SegmentPatch {
    SegmentPatch { name: Some(SegmentName::parse(name).unwrap()), ..SegmentPatch::default() }
}

fn refiltering(filter: &FilterText) -> SegmentPatch {
    SegmentPatch { filter: Some(filter.clone()), ..SegmentPatch::default() }
}

fn inserted(ports: &Ports, org: OrgId, name: &str) -> Segment {
    let segment = segment(ports, name);
    ports.segments.insert(org, &segment).unwrap();
    segment
}

pub fn a_segment_is_read_as_it_was_written(ports: &Ports) {
    let org = ports.org();
    let segment = inserted(ports, org, "Träde \"show\"");
    let read = ports.segments.get(org, segment.id).unwrap().unwrap();
    assert_eq!(read, segment);
    assert_eq!(read.name.as_str(), "Träde \"show\"");
    assert_eq!(ports.segments.get(org, SegmentId(ports.ids.next())).unwrap(), None);
}

pub fn a_name_is_taken_whatever_its_case(ports: &Ports) {
    let org = ports.org();
    let fans = inserted(ports, org, "Café fans");
    let other = segment(ports, "CAFE\u{301} FANS");
    assert!(matches!(ports.segments.insert(org, &other), Err(Error::Taken(_))));
    let second = inserted(ports, org, "Others");
    let now = ports.clock.now();
    let refused =
        ports.segments.patch(org, second.id, &rename_patch(other.name.as_str()), None, now);
    assert!(matches!(refused, Err(Error::Taken(_))));
    assert_eq!(ports.segments.get(org, second.id).unwrap(), Some(second));
    // A segment can be renamed to another spelling of its own name.
    let shouted =
        ports.segments.patch(org, fans.id, &rename_patch("CAFÉ FANS"), None, now).unwrap();
    assert_eq!(shouted.unwrap().version, 2);
    let read = ports.segments.get(org, fans.id).unwrap().unwrap();
    assert_eq!(read.name.as_str(), "CAFÉ FANS");
}

pub fn a_segment_is_changed(ports: &Ports) {
    let org = ports.org();
    let old = inserted(ports, org, "Fans");
    let now = ports.clock.tick();
    let patch = SegmentPatch { filter: Some(filter_text(&[])), ..rename_patch("Friends") };
    let new = Segment {
        name: SegmentName::parse("Friends").unwrap(),
        filter: filter_text(&[]),
        updated_at: now,
        version: 2,
        ..old
    };
    let patched = ports.segments.patch(org, new.id, &patch, Some(1), now).unwrap();
    assert_eq!(patched, Some(new.clone()));
    assert_eq!(ports.segments.get(org, new.id).unwrap(), Some(new));
    let unknown = SegmentId(ports.ids.next());
    assert_eq!(ports.segments.patch(org, unknown, &patch, None, now).unwrap(), None);
}

pub fn a_patch_that_changes_nothing_leaves_version_and_time(ports: &Ports) {
    let org = ports.org();
    let fans = inserted(ports, org, "Fans");
    let now = ports.clock.tick();
    for patch in [SegmentPatch::default(), rename_patch("Fans"), refiltering(&fans.filter)] {
        let patched = ports.segments.patch(org, fans.id, &patch, None, now).unwrap();
        assert_eq!(patched, Some(fans.clone()));
    }
    assert_eq!(ports.segments.get(org, fans.id).unwrap(), Some(fans));
}

pub fn a_stale_version_is_refused_with_the_current_state(ports: &Ports) {
    let org = ports.org();
    let fans = inserted(ports, org, "Fans");
    let now = ports.clock.tick();
    let current = ports.segments.patch(org, fans.id, &rename_patch("Friends"), None, now).unwrap();
    let refused = ports.segments.patch(org, fans.id, &rename_patch("Foes"), Some(1), now);
    let Err(Error::Stale(state)) = refused else { panic!("{refused:?}") };
    assert_eq!(Some(*state), current.clone().map(Current::Segment));
    assert_eq!(ports.segments.get(org, fans.id).unwrap(), current);
}

/// Concurrent patches do not overwrite one another (R63).
pub fn two_patches_at_once_both_hold(ports: &Ports) {
    let org = ports.org();
    let fans = inserted(ports, org, "Fans");
    for race in 0..RACES {
        let (name, query) = (format!("Fans {race}"), format!("q{race}"));
        let filter = filter_text(&[("q", query.as_str())]);
        let patches = [rename_patch(&name), refiltering(&filter)];
        at_once(2, |nth| {
            let now = ports.clock.now();
            ports.segments.patch(org, fans.id, &patches[nth], None, now).unwrap().unwrap()
        });
        let after = ports.segments.get(org, fans.id).unwrap().unwrap();
        assert_eq!((after.name.as_str(), &after.filter), (name.as_str(), &filter), "race {race}");
        assert_eq!(after.version, 3 + 2 * race as u64);
    }
}

/// Of concurrent requests for a name, one gets it (R63).
pub fn one_of_many_who_take_a_name_at_once_gets_it(ports: &Ports) {
    let org = ports.org();
    let made = [inserted(ports, org, "One"), inserted(ports, org, "Two")];
    let renamed = at_once(2, |nth| {
        ports.segments.patch(org, made[nth].id, &rename_patch("Fans"), None, ports.clock.now())
    });
    assert_eq!(renamed.iter().filter(|renamed| renamed.is_ok()).count(), 1);
    let is_refusal = |r: &contacts_core::Result<_>| matches!(r, Err(Error::Taken(_)));
    assert_eq!(renamed.iter().filter(|renamed| is_refusal(renamed)).count(), 1);
}

pub fn segments_are_listed_by_name_page_by_page(ports: &Ports) {
    let org = ports.org();
    let names = ["a", "B", "c", "É"];
    for name in [2, 0, 3, 1] {
        inserted(ports, org, names[name]);
    }
    let list = |after: &str, limit| -> Vec<String> {
        let segments = ports.segments.list(org, Uuid::nil(), after, limit).unwrap();
        segments.into_iter().map(|segment| segment.name.to_string()).collect()
    };
    assert_eq!(list("", 10), names);
    assert_eq!(list("", 2), ["a", "B"]);
    assert_eq!(list("b", 10), ["c", "É"]);
}

fn columns(columns: &[(&str, Option<u16>)]) -> Vec<ViewColumn> {
    let columns: Vec<_> = columns.iter().map(|(key, width)| ((*key).to_owned(), *width)).collect();
    ViewColumn::parse_all(&columns).unwrap()
}

pub fn a_layout_is_kept_and_changed(ports: &Ports) {
    let org = ports.org();
    let mut fans = segment(ports, "Fans");
    fans.layout = SegmentLayout {
        sort: Sort::parse("-name"),
        columns: columns(&[("name", Some(240)), ("field.tier", None), ("email", Some(40))]),
    };
    ports.segments.insert(org, &fans).unwrap();
    assert_eq!(ports.segments.get(org, fans.id).unwrap(), Some(fans.clone()));
    let same = SegmentPatch {
        sort: fans.layout.sort,
        columns: Some(fans.layout.columns.clone()),
        ..SegmentPatch::default()
    };
    let now = ports.clock.tick();
    let patched = ports.segments.patch(org, fans.id, &same, None, now).unwrap().unwrap();
    assert_eq!(patched.version, 1);
    let other = SegmentPatch {
        sort: Sort::parse("email"),
        columns: Some(columns(&[("email", None)])),
        ..SegmentPatch::default()
    };
    let patched = ports.segments.patch(org, fans.id, &other, Some(1), now).unwrap().unwrap();
    assert_eq!((patched.version, patched.layout.sort.clone()), (2, Sort::parse("email")));
    assert_eq!(patched.layout.columns, columns(&[("email", None)]));
    assert_eq!(ports.segments.get(org, fans.id).unwrap(), Some(patched));
}

pub fn a_private_segment_is_listed_for_its_owner_until_it_is_shared(ports: &Ports) {
    let org = ports.org();
    let (owner, other) = (ports.ids.next(), ports.ids.next());
    inserted(ports, org, "Shared");
    let own = Segment { audience: Audience::Private(owner), ..segment(ports, "Own") };
    ports.segments.insert(org, &own).unwrap();
    let names = |viewer| -> Vec<String> {
        let segments = ports.segments.list(org, viewer, "", 10).unwrap();
        segments.into_iter().map(|segment| segment.name.to_string()).collect()
    };
    assert_eq!(names(owner), ["Own", "Shared"]);
    assert_eq!(names(other), ["Shared"]);
    let first = ports.segments.list(org, other, "", 1).unwrap();
    assert_eq!(first.len(), 1, "a page is filled with what the viewer sees");
    let share = SegmentPatch { share: true, ..SegmentPatch::default() };
    let now = ports.clock.tick();
    let shared = ports.segments.patch(org, own.id, &share, None, now).unwrap().unwrap();
    assert_eq!((shared.audience, shared.version), (Audience::Shared, 2));
    assert_eq!(names(other), ["Own", "Shared"]);
}

pub fn private_segments_of_deactivated_users_and_of_ended_keys_are_listed(ports: &Ports) {
    let org = ports.org();
    let (_, user, _) = signed_in(ports, org, "Ann", 1);
    signed_in(ports, org, "Bob", 3);
    let key = |random, expires_at| {
        let (key, _) = api_key(org, &ports.ids, &ports.clock, random);
        let key = ApiKey { expires_at, ..key };
        ports.keys.insert(&key, Actor::System).unwrap();
        key.id
    };
    let soon = ports.clock.now() + Duration::from_secs(60);
    let (revoked, expired, live) = (key(5, None), key(6, Some(soon)), key(7, None));
    let private = |name: &str, owner| {
        let own = Segment { audience: Audience::Private(owner), ..segment(ports, name) };
        ports.segments.insert(org, &own).unwrap();
        own.id
    };
    inserted(ports, org, "Shared");
    private("Of another service", ports.ids.next());
    private("D", live.0);
    let [c, b, a] = [("c", revoked.0), ("B", expired.0), ("a", user.id.0)]
        .map(|(name, owner)| private(name, owner));
    let listed = |after: &str, limit| -> Vec<String> {
        let found = ports.segments.orphaned(org, ports.clock.now(), after, limit).unwrap();
        found.into_iter().map(|segment| segment.name.to_string()).collect()
    };
    assert_eq!(listed("", 10), [""; 0]);
    let now = ports.clock.tick();
    ports.keys.revoke(org, revoked, Actor::System, now).unwrap();
    assert_eq!(listed("", 10), ["c"]);
    assert!(!ports.segments.is_orphaned(org, a, now).unwrap());
    let patch = UserPatch { role: None, active: Some(false) };
    ports.sessions.change_user(org, user.id, patch, Actor::System, now).unwrap().unwrap();
    ports.clock.advance(Duration::from_secs(60));
    assert_eq!(listed("", 10), ["a", "B", "c"]);
    assert_eq!(listed("", 2), ["a", "B"]);
    assert_eq!(listed("b", 2), ["c"]);
    let now = ports.clock.now();
    for id in [a, b, c] {
        assert!(ports.segments.is_orphaned(org, id, now).unwrap());
        assert!(!ports.segments.is_orphaned(ports.org(), id, now).unwrap());
    }
    assert_eq!(ports.segments.orphaned(ports.org(), now, "", 9).unwrap(), []);
}

pub fn a_deleted_segment_is_gone(ports: &Ports) {
    let org = ports.org();
    let fans = inserted(ports, org, "Fans");
    assert!(ports.segments.delete(org, fans.id).unwrap());
    assert!(!ports.segments.delete(org, fans.id).unwrap());
    assert_eq!(ports.segments.get(org, fans.id).unwrap(), None);
    inserted(ports, org, "Fans");
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let fans = inserted(ports, org, "Fans");
    assert_eq!(ports.segments.get(other, fans.id).unwrap(), None);
    assert_eq!(ports.segments.list(other, Uuid::nil(), "", 10).unwrap(), []);
    let patched =
        ports.segments.patch(other, fans.id, &rename_patch("x"), Some(9), ports.clock.now());
    assert_eq!(patched.unwrap(), None);
    assert!(!ports.segments.delete(other, fans.id).unwrap());
    inserted(ports, other, "Fans");
    assert_eq!(ports.segments.get(org, fans.id).unwrap(), Some(fans));
}
