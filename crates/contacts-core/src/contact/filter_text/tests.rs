use time::macros::datetime;

use super::*;
use crate::campaign::DeliveryKind;
use crate::contact::{EmailDomain, FilterGroup};
use crate::field::FieldType;
use crate::segment::{Audience, SegmentLayout, SegmentName};

const NOW: OffsetDateTime = datetime!(2026-03-30 10:00 UTC);

fn text(parts: &[(&str, &str)]) -> FilterText {
    FilterText::new(parts.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
}

fn segment(id: u128, parts: &[(&str, &str)]) -> Segment {
    Segment {
        id: SegmentId(Uuid::from_u128(id)),
        name: SegmentName::parse("Fans").unwrap(),
        filter: text(parts),
        layout: SegmentLayout::default(),
        audience: Audience::Shared,
        created_at: NOW,
        updated_at: NOW,
        version: 1,
    }
}

fn tier(archived: bool) -> Vec<Field> {
    vec![Field { archived, ..Field::new("tier", "Tier", FieldType::Text, 0).unwrap() }]
}

fn errors(read: Result<ContactFilter, Vec<Invalid>>) -> Vec<String> {
    read.unwrap_err().into_iter().map(|part| format!("{} {}", part.field, part.reason)).collect()
}

#[test]
fn tags_are_comma_separated_or_repeated() {
    let commas = text(&[("tags_any", "vip,new")]).read(&[], &[], NOW).unwrap();
    let filter = text(&[("tags_any", "vip"), ("tags_any", "new")]).read(&[], &[], NOW).unwrap();
    assert_eq!(commas, filter);
    assert_eq!(commas.tags.any.len(), 2);
}

#[test]
fn a_search_that_asks_for_nothing_is_refused_and_an_empty_one_is_none() {
    for nothing in [" ", "\u{200B}", "\u{301}", "\t\u{FEFF}"] {
        let errors_of_query = errors(text(&[("q", nothing)]).read(&[], &[], NOW));
        let reason = "q contains nothing to search for: use at least one letter, digit or sign";
        assert_eq!(errors_of_query, [reason], "{nothing:?}");
    }
    assert!(text(&[("q", "")]).read(&[], &[], NOW).unwrap().query.is_empty());
}

#[test]
fn every_part_that_cannot_be_used_is_named() {
    let filter = text(&[("reachable", "yes"), ("field.tier", "set"), ("colour", "red")]);
    assert_eq!(
        errors(filter.read(&[], &[], NOW)),
        [
            "field.tier is not a custom field of this organisation",
            "reachable must be true or false",
            "colour is not a filter",
        ]
    );
    assert!(filter.asks_for_fields());
    assert_eq!(filter.segments().count(), 0);
}

#[test]
fn an_archived_field_is_refused() {
    let filter = text(&[("field.tier", "any_of:pro")]);
    assert!(filter.read(&tier(false), &[], NOW).is_ok());
    let refusal = "field.tier is archived: restore it first";
    assert_eq!(errors(filter.read(&tier(true), &[], NOW)), [refusal]);
}

#[test]
fn a_segment_adds_its_conditions_as_they_are_now() {
    let id = Uuid::from_u128(7).to_string();
    let filter = text(&[("q", "ann"), ("segment", &id)]);
    let saved = [segment(7, &[("created_last", "7d")])];
    let read = filter.read(&[], &saved, NOW).unwrap();
    let week = TimeRange::last_days(7, "UTC", NOW).unwrap();
    assert_eq!(read.segments, [ContactFilter { created: week, ..ContactFilter::default() }]);
    assert_eq!(
        errors(filter.read(&[], &[], NOW)),
        ["segment is not a segment of this organisation"]
    );
}

#[test]
fn an_unusable_segment_is_reported() {
    let id = Uuid::from_u128(7).to_string();
    let filter = text(&[("segment", &id)]);
    let saved = [segment(7, &[("field.tier", "set")])];
    assert_eq!(
        errors(filter.read(&tier(true), &saved, NOW)),
        ["segment \"Fans\" cannot be used: field.tier is archived: \
          restore it first"]
    );
    let itself = [segment(7, &[("segment", &id)])];
    assert_eq!(
        errors(filter.read(&[], &itself, NOW)),
        ["segment \"Fans\" cannot be used: segment is not a segment of this organisation"]
    );
}

#[test]
fn a_range_includes_the_days_that_bound_it() {
    let parts = [
        ("created_from", "2026-11-01"),
        ("created_until", "2026-11-28"),
        ("time_zone", "Europe/Berlin"),
    ];
    let created = text(&parts).read(&[], &[], NOW).unwrap().created;
    assert_eq!(created.from, Some(datetime!(2026-10-31 23:00 UTC)));
    assert_eq!(created.until, Some(datetime!(2026-11-28 23:00 UTC)));
    let one_day = [("updated_from", "2026-11-28"), ("updated_until", "2026-11-28")];
    let updated = text(&one_day).read(&[], &[], NOW).unwrap().updated;
    assert_eq!(updated.until, Some(datetime!(2026-11-29 0:00 UTC)));
    let reversed = [("source_from", "2026-11-29"), ("source_until", "2026-11-28")];
    assert_eq!(
        errors(text(&reversed).read(&[], &[], NOW)),
        ["source_until must be after source_from"]
    );
}

#[test]
fn a_period_stands_alone() {
    let zone = ("time_zone", "Europe/Berlin");
    let read = |parts: &[(&str, &str)]| text(parts).read(&[], &[], NOW);
    let created = read(&[("created_in", "this_week"), zone]).unwrap().created;
    assert_eq!(Some(created), TimeRange::period("this_week", "Europe/Berlin", NOW));
    assert_eq!(read(&[("source_in", "today")]).unwrap().sources.len(), SourceKind::ALL.len());
    for (parts, refusal) in [
        (
            &[("created_in", "tomorrow")][..],
            "created_in must be one of: today, yesterday, this_week, this_month, this_year",
        ),
        (
            &[("updated_in", "today"), ("updated_last", "7d")],
            "updated_in cannot stand beside updated_last",
        ),
        (
            &[("source_in", "today"), ("source_from", "2026-03-01")],
            "source_in cannot stand beside source_from or source_until",
        ),
    ] {
        assert_eq!(errors(read(parts)), [refusal]);
    }
}

#[test]
fn ids_are_comma_separated_or_repeated_and_at_most_200() {
    let id = |n: u128| ContactId(Uuid::from_u128(n));
    let (two, other) = (format!("{}, {}", id(1), id(2)), id(2).to_string());
    let ids = text(&[("ids", &two), ("ids", &other)]).read(&[], &[], NOW).unwrap().ids;
    assert_eq!(ids, BTreeSet::from([id(1), id(2)]));
    let many: Vec<_> = (0..=200).map(|n| id(n).to_string()).collect();
    let read = |ids: &str| errors(text(&[("ids", ids)]).read(&[], &[], NOW));
    assert_eq!(read(&many.join(",")), ["ids names more than 200 contacts"]);
    assert_eq!(read("7"), ["ids must be ids of contacts separated by commas"]);
    assert_eq!(read(""), ["ids must be ids of contacts separated by commas"]);
}

#[test]
fn every_name_is_read() {
    for name in FilterText::NAMES {
        let read = text(&[(name, "")]).read(&[], &[], NOW);
        let is_unknown = |part: &Invalid| part.reason == "is not a filter";
        assert!(!read.is_err_and(|errors| errors.iter().any(is_unknown)), "{name}");
        assert!(FilterText::is_name(name));
    }
}

#[test]
fn groups_are_read_with_the_time_zone_around_them() {
    let text = text(&[
        ("q", "ann"),
        ("time_zone", "Europe/Berlin"),
        ("group", "any(tags_any=\"vip,new\",created_last=7d)"),
        ("group", "not(all(source=chat,source_last=7d))"),
    ]);
    let read = text.read(&[], &[], NOW).unwrap();
    let week = TimeRange::last_days(7, "Europe/Berlin", NOW).unwrap();
    let [FilterGroup::Any(any), FilterGroup::Not(not)] = &read.groups[..] else {
        panic!("{:?}", read.groups)
    };
    assert_eq!((any[0].tags.any.len(), any[1].created), (2, week));
    let [FilterGroup::All(chat)] = &not.groups[..] else { panic!("{not:?}") };
    assert_eq!((chat.sources[0].kind, chat.sources[0].at), (SourceKind::Chat, week));
    let names: Vec<_> = text.conditions().into_iter().map(|(name, _)| name).collect();
    let expected = ["q", "time_zone", "tags_any", "created_last", "source", "source_last"];
    assert_eq!(names, expected);
}

#[test]
fn an_unusable_group_is_refused_with_the_reason() {
    for (group, reason) in [
        ("any(reachable=yes)", "cannot be used: reachable must be true or false"),
        ("not(colour=red)", "cannot be used: colour is not a filter"),
        ("any(q=ann,q=)", "contains a condition that every contact meets"),
        ("not(time_zone=UTC)", "contains a condition that every contact meets"),
        ("any(group=\"any(q=a)\",group=\"any(q=a)\")", "cannot be used"),
        ("any(segment=7)", "cannot be used: segment is not a segment of this organisation"),
    ] {
        let refused = errors(text(&[("group", group)]).read(&[], &[], NOW));
        assert!(refused[0].starts_with(&format!("group {reason}")), "{group}: {refused:?}");
    }
    let group = format!("any({})", ["q=a"; 60].join(","));
    let twice = text(&[("group", &group), ("group", &group)]);
    assert_eq!(errors(twice.read(&[], &[], NOW)), ["group contains more than 100 conditions"]);
}

#[test]
fn a_segment_may_be_part_of_a_group() {
    let id = Uuid::from_u128(7);
    let filter = text(&[("group", &format!("not(segment={id})"))]);
    assert_eq!(filter.segments().collect::<Vec<_>>(), [SegmentId(id)]);
    let saved = [segment(7, &[("q", "ann")])];
    let read = filter.read(&[], &saved, NOW).unwrap();
    let [FilterGroup::Not(not)] = &read.groups[..] else { panic!("{read:?}") };
    assert_eq!(not.segments.len(), 1);
    let group = format!("any({})", vec![format!("segment={id}"); 11].join(","));
    let many = text(&[("group", &group)]);
    assert_eq!(errors(many.read(&[], &saved, NOW)), ["segment is given more than 10 times"]);
}

#[test]
fn deliveries_and_domains_are_read() {
    let read = |parts: &[(&str, &str)]| text(parts).read(&[], &[], NOW);
    let opened = read(&[("delivery", "opened"), ("delivery", "clicked"), ("delivery_last", "7d")]);
    let delivery = opened.unwrap().delivery.unwrap();
    assert_eq!(delivery.kinds, [DeliveryKind::Opened, DeliveryKind::Clicked]);
    assert!(delivery.at.from.is_some());
    let any = read(&[("delivery_in", "today")]).unwrap().delivery.unwrap();
    assert_eq!(any.kinds, DeliveryKind::ALL);
    let domains = read(&[("email_domain", "Example.org, @x.org")]).unwrap().domains;
    assert_eq!(
        domains.iter().map(EmailDomain::as_str).collect::<Vec<_>>(),
        ["example.org", "x.org"]
    );
    assert_eq!(
        errors(read(&[("delivery", "read"), ("email_domain", "nothing here")])),
        [
            "email_domain must be domains such as example.org, separated by commas",
            "delivery must be one of: sent, bounced, opened, clicked, unsubscribed",
        ]
    );
}
