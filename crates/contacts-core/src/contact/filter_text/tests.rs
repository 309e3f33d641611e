use time::macros::datetime;

use super::*;
use crate::field::FieldType;
use crate::segment::SegmentName;

const NOW: OffsetDateTime = datetime!(2026-03-30 10:00 UTC);

fn text(parts: &[(&str, &str)]) -> FilterText {
    FilterText::new(parts.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
}

fn segment(id: u128, parts: &[(&str, &str)]) -> Segment {
    Segment {
        id: SegmentId(Uuid::from_u128(id)),
        name: SegmentName::parse("Fans").unwrap(),
        filter: text(parts),
        created_at: NOW,
        updated_at: NOW,
    }
}

fn tier(archived: bool) -> Vec<Field> {
    vec![Field { archived, ..Field::new("tier", "Tier", FieldType::Text, 0).unwrap() }]
}

fn wrong(read: Result<ContactFilter, Vec<Invalid>>) -> Vec<String> {
    read.unwrap_err().into_iter().map(|part| format!("{} {}", part.field, part.reason)).collect()
}

#[test]
fn tags_come_with_commas_or_one_by_one() {
    let commas = text(&[("tags_any", "vip,new")]).read(&[], &[], NOW).unwrap();
    let apart = text(&[("tags_any", "vip"), ("tags_any", "new")]).read(&[], &[], NOW).unwrap();
    assert_eq!(commas, apart);
    assert_eq!(commas.tags.any.len(), 2);
}

#[test]
fn every_part_that_cannot_be_used_is_named() {
    let filter = text(&[("reachable", "yes"), ("field.tier", "set"), ("colour", "red")]);
    assert_eq!(
        wrong(filter.read(&[], &[], NOW)),
        [
            "field.tier is no custom field of this organisation",
            "reachable must be true or false",
            "colour is no part of a filter",
        ]
    );
    assert!(filter.asks_for_fields());
    assert_eq!(filter.segments().count(), 0);
}

#[test]
fn an_archived_field_is_refused() {
    let filter = text(&[("field.tier", "any_of:pro")]);
    assert!(filter.read(&tier(false), &[], NOW).is_ok());
    let refusal = "field.tier is archived: take it out of the archive first";
    assert_eq!(wrong(filter.read(&tier(true), &[], NOW)), [refusal]);
}

#[test]
fn a_segment_adds_its_conditions_as_they_are_now() {
    let id = Uuid::from_u128(7).to_string();
    let filter = text(&[("q", "ann"), ("segment", &id)]);
    let saved = [segment(7, &[("created_last", "7d")])];
    let read = filter.read(&[], &saved, NOW).unwrap();
    let week = TimeRange::last_days(7, "UTC", NOW).unwrap();
    assert_eq!(read.segments, [ContactFilter { created: week, ..ContactFilter::default() }]);
    assert_eq!(wrong(filter.read(&[], &[], NOW)), ["segment is the id of no segment"]);
}

#[test]
fn a_segment_that_does_not_read_any_more_says_so() {
    let id = Uuid::from_u128(7).to_string();
    let filter = text(&[("segment", &id)]);
    let saved = [segment(7, &[("field.tier", "set")])];
    assert_eq!(
        wrong(filter.read(&tier(true), &saved, NOW)),
        ["segment \"Fans\" cannot be used: field.tier is archived: \
          take it out of the archive first"]
    );
    let itself = [segment(7, &[("segment", &id)])];
    assert_eq!(
        wrong(filter.read(&[], &itself, NOW)),
        ["segment \"Fans\" cannot be used: segment is the id of no segment"]
    );
}

#[test]
fn every_name_is_read() {
    for name in FilterText::NAMES {
        let read = text(&[(name, "")]).read(&[], &[], NOW);
        let is_unknown = |part: &Invalid| part.reason == "is no part of a filter";
        assert!(!read.is_err_and(|wrong| wrong.iter().any(is_unknown)), "{name}");
        assert!(FilterText::is_name(name));
    }
}
