//! What a [`contacts_core::segment::SegmentRepository`] promises.
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::segment::{Segment, SegmentId, SegmentName};
use contacts_core::{Clock, Error, Ids, OrgId};

use crate::Ports;
use crate::samples::filter_text;

fn segment(ports: &Ports, name: &str) -> Segment {
    let now = ports.clock.now();
    Segment {
        id: SegmentId(ports.ids.next()),
        name: SegmentName::parse(name).unwrap(),
        filter: filter_text(&[("q", "50% \"é\""), ("tags_any", "vip,new"), ("source", "chat")]),
        created_at: now,
        updated_at: now,
    }
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
    let others = inserted(ports, org, "Others");
    let renamed = Segment { name: other.name, ..others.clone() };
    assert!(matches!(ports.segments.update(org, &renamed), Err(Error::Taken(_))));
    assert_eq!(ports.segments.get(org, others.id).unwrap(), Some(others));
    // Its own name in another case is no other's.
    let shouted = Segment { name: SegmentName::parse("CAFÉ FANS").unwrap(), ..fans };
    assert!(ports.segments.update(org, &shouted).unwrap());
    let read = ports.segments.get(org, shouted.id).unwrap().unwrap();
    assert_eq!(read.name.as_str(), "CAFÉ FANS");
}

pub fn a_segment_is_changed(ports: &Ports) {
    let org = ports.org();
    let old = inserted(ports, org, "Fans");
    let now = ports.clock.tick();
    let new = Segment {
        name: SegmentName::parse("Friends").unwrap(),
        filter: filter_text(&[]),
        updated_at: now,
        ..old
    };
    assert!(ports.segments.update(org, &new).unwrap());
    assert_eq!(ports.segments.get(org, new.id).unwrap(), Some(new));
    assert!(!ports.segments.update(org, &segment(ports, "Nobody")).unwrap());
}

pub fn segments_are_listed_by_name_page_by_page(ports: &Ports) {
    let org = ports.org();
    let names = ["a", "B", "c", "É"];
    for name in [2, 0, 3, 1] {
        inserted(ports, org, names[name]);
    }
    let list = |after: &str, limit| -> Vec<String> {
        let segments = ports.segments.list(org, after, limit).unwrap();
        segments.into_iter().map(|segment| segment.name.to_string()).collect()
    };
    assert_eq!(list("", 10), names);
    assert_eq!(list("", 2), ["a", "B"]);
    assert_eq!(list("b", 10), ["c", "É"]);
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
    assert_eq!(ports.segments.list(other, "", 10).unwrap(), []);
    assert!(!ports.segments.update(other, &fans).unwrap());
    assert!(!ports.segments.delete(other, fans.id).unwrap());
    inserted(ports, other, "Fans");
    assert_eq!(ports.segments.get(org, fans.id).unwrap(), Some(fans));
}
