//! The contract of [`contacts_core::contact::ContactRepository`] for filters (R20).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::campaign::{CampaignCondition, DeliveryKind, DeliveryStatus, InCampaign};
use contacts_core::consent::{ConsentChange, ConsentReason};
use contacts_core::contact::{
    ContactFilter, ContactId, EmailDomain, FieldCondition, FieldTest, FilterGroup, SourceCondition,
    SourceDetail, SourceKind, TagCondition, TimeRange,
};
use contacts_core::field::{FieldType, FieldValue};
use contacts_core::import::ImportId;
use contacts_core::{Actor, Clock, Ids, OrgId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::check::search;
use crate::Ports;
use crate::samples::{self, custom, date, key, new_name, number, tags, text};

const NOBODY: Vec<String> = Vec::new();

fn by_source(kind: SourceKind, detail: Option<Uuid>, at: TimeRange) -> ContactFilter {
    let sources = vec![SourceCondition { kind, detail, at }];
    ContactFilter { sources, ..ContactFilter::default() }
}

fn by_tags(any: &[&str], all: &[&str], none: &[&str]) -> ContactFilter {
    let condition = TagCondition { any: tags(any), all: tags(all), none: tags(none) };
    ContactFilter { tags: condition, ..ContactFilter::default() }
}

fn by_field(field: &str, test: FieldTest) -> ContactFilter {
    let fields = vec![FieldCondition { key: key(field), test }];
    ContactFilter { fields, ..ContactFilter::default() }
}

pub fn a_source_of_every_kind_is_found(ports: &Ports) {
    let org = ports.org();
    let [widget, import, user, source] = std::array::from_fn(|_| ports.ids.next());
    let file_name = "a.csv".to_owned();
    for (name, detail) in [
        (
            "Chat",
            SourceDetail::Chat { widget, visitor: "v".to_owned(), conversation: "c".to_owned() },
        ),
        ("File", SourceDetail::CsvImport { import: ImportId(import), file_name, row: 1 }),
        ("Hand", SourceDetail::Manual { by: Actor::User(user) }),
        ("Crm", SourceDetail::Connected { source, external_id: "1".to_owned() }),
    ] {
        ports.add_with(org, name, "", |contact| contact.source.detail = detail);
    }
    for (kind, id, name) in [
        (SourceKind::Chat, widget, "Chat"),
        (SourceKind::CsvImport, import, "File"),
        (SourceKind::Manual, user, "Hand"),
        (SourceKind::Connected, source, "Crm"),
    ] {
        let any = TimeRange::default();
        assert_eq!(ports.names(org, &by_source(kind, None, any)), [name]);
        assert_eq!(ports.names(org, &by_source(kind, Some(id), any)), [name]);
        assert_eq!(ports.names(org, &by_source(kind, Some(ports.ids.next()), any)), NOBODY);
    }
}

pub fn a_source_condition_applies_to_one_source_as_a_whole(ports: &Ports) {
    let org = ports.org();
    let user = ports.ids.next();
    let early = ports.clock.now();
    ports.add_with(org, "Ann", "ann@example.org", |contact| {
        contact.source.detail = SourceDetail::Manual { by: Actor::User(user) };
    });
    let late = ports.clock.tick();
    let import = samples::running_import(ports, org, Default::default());
    let rows = vec![samples::import_row("Ann", "ann@example.org")];
    ports.imports.apply(&import, &samples::chunk(&ports.ids, 0, rows), late).unwrap();

    let from = |at| TimeRange { from: Some(at), until: None };
    let until = |at| TimeRange { from: None, until: Some(at) };
    let (manual, file) = (SourceKind::Manual, SourceKind::CsvImport);
    // Every source of the contact counts, not only the first (R16).
    assert_eq!(ports.names(org, &by_source(file, Some(import.id.0), from(late))), ["Ann"]);
    assert_eq!(ports.names(org, &by_source(manual, Some(user), from(early))), ["Ann"]);
    assert_eq!(ports.names(org, &by_source(manual, Some(user), until(late))), ["Ann"]);
    // One source must match all parts: the kind of one and the time of another do not match.
    assert_eq!(ports.names(org, &by_source(manual, None, from(late))), NOBODY);
    assert_eq!(ports.names(org, &by_source(file, None, until(late))), NOBODY);
    assert_eq!(ports.names(org, &by_source(file, Some(user), TimeRange::default())), NOBODY);
    // A contact matches if one of several conditions does.
    let mut source_condition = by_source(manual, None, from(late));
    source_condition.sources.extend(by_source(file, None, from(early)).sources);
    assert_eq!(ports.names(org, &source_condition), ["Ann"]);
}

pub fn tags_are_asked_for_by_any_all_and_none(ports: &Ports) {
    let org = ports.org();
    for (name, carried) in [("A", &["x", "y"][..]), ("B", &["x"]), ("C", &["y", "z"]), ("D", &[])] {
        ports.add_with(org, name, "", |contact| contact.tags = tags(carried));
    }
    for (any, all, none, expected) in [
        (&["x"][..], &[][..], &[][..], &["A", "B"][..]),
        (&["X", "z"], &[], &[], &["A", "B", "C"]),
        (&[], &["x", "Y"], &[], &["A"]),
        (&[], &[], &["y"], &["B", "D"]),
        (&["y"], &[], &["z"], &["A"]),
        (&["x", "z"], &["y"], &["x"], &["C"]),
        (&["unheard"], &[], &[], &[]),
        (&["unheard", "x"], &[], &[], &["A", "B"]),
        (&[], &["x", "unheard"], &[], &[]),
        (&[], &[], &["unheard"], &["A", "B", "C", "D"]),
        (&[], &["x", "X"], &[], &["A", "B"]),
    ] {
        let filter = by_tags(any, all, none);
        assert_eq!(ports.names(org, &filter), expected, "{any:?} {all:?} {none:?}");
    }
}

pub fn a_time_range_includes_its_start_and_excludes_its_end(ports: &Ports) {
    let org = ports.org();
    let first = ports.clock.now();
    let ann = ports.add(org, "Ann", "");
    let second = ports.clock.tick();
    ports.add(org, "Bo", "");
    let third = ports.clock.tick();
    ports.contacts.update(org, ann.id, None, &new_name("Amy"), Actor::System, third).unwrap();
    let range = |from, until| TimeRange { from, until };
    let created = |at| ContactFilter { created: at, ..ContactFilter::default() };
    let updated = |at| ContactFilter { updated: at, ..ContactFilter::default() };
    assert_eq!(ports.names(org, &created(range(Some(first), Some(second)))), ["Amy"]);
    assert_eq!(ports.names(org, &created(range(Some(second), None))), ["Bo"]);
    assert_eq!(ports.names(org, &created(range(None, Some(first)))), NOBODY);
    assert_eq!(ports.names(org, &updated(range(Some(third), None))), ["Amy"]);
    assert_eq!(ports.names(org, &updated(range(None, Some(third)))), ["Bo"]);
    let both = ContactFilter {
        created: range(None, Some(second)),
        updated: range(Some(third), None),
        ..ContactFilter::default()
    };
    assert_eq!(ports.names(org, &both), ["Amy"]);
}

pub fn changes_of_tags_and_consent_are_found_by_update_time(ports: &Ports) {
    let (org, by) = (ports.org(), Actor::System);
    let tagged = |name: &str, carried: &[&str]| {
        ports.add_with(org, name, &format!("{name}@example.org"), |c| c.tags = tags(carried))
    };
    let ann = tagged("Ann", &["old", "gone", "one"]);
    tagged("Bo", &["other"]);
    let id_of = |name: &str| ports.tags.list(org, name, "", 1).unwrap().remove(0).id;
    let rename = |from: &str, to: &str, now| {
        ports.tags.rename(org, id_of(from), &samples::tag(to), None, by, now).unwrap().unwrap();
    };
    let changes: [&dyn Fn(OffsetDateTime); 6] = [
        &|now| drop(ports.contacts.tag(org, ann.id, &tags(&["vip"]), &[], by, now).unwrap()),
        &|now| drop(ports.contacts.tag(org, ann.id, &[], &tags(&["vip"]), by, now).unwrap()),
        &|now| rename("old", "new", now),
        &|now| rename("one", "new", now),
        &|now| assert!(ports.tags.delete(org, id_of("gone"), by, now).unwrap()),
        &|now| {
            let lower = ConsentChange::Lower { reason: ConsentReason::Asked, note: None };
            ports.consents.change(org, ann.id, &lower, by, now).unwrap().unwrap();
        },
    ];
    let updated = |from, until| {
        let updated = TimeRange { from, until };
        ports.names(org, &ContactFilter { updated, ..ContactFilter::default() })
    };
    for (at, change) in changes.iter().enumerate() {
        let now = ports.clock.tick();
        assert_eq!(updated(Some(now), None), NOBODY, "before change {at}");
        assert_eq!(updated(None, Some(now)), ["Ann", "Bo"], "before change {at}");
        change(now);
        assert_eq!(updated(Some(now), None), ["Ann"], "after change {at}");
        assert_eq!(updated(None, Some(now)), ["Bo"], "after change {at}");
    }
    let stored = ports.get(org, ann.id);
    assert_eq!((stored.updated_at, stored.version), (ann.updated_at, ann.version));
}

/// Adds three contacts: two with different values of a field, and one without a value.
fn values(ports: &Ports, kind: FieldType, low: FieldValue, high: FieldValue) -> OrgId {
    let org = ports.org();
    ports.add_field(org, &samples::field("f", kind, 0));
    ports.add_with(org, "High", "", |contact| contact.custom = custom(&[("f", high)]));
    ports.add_with(org, "Low", "", |contact| contact.custom = custom(&[("f", low)]));
    ports.add_with(org, "None", "", |contact| contact.custom = custom(&[("g", text("x"))]));
    org
}

fn check(ports: &Ports, org: OrgId, test: FieldTest, expected: &[&str]) {
    assert_eq!(ports.names(org, &by_field("f", test.clone())), expected, "{test:?}");
}

/// Checks the conditions that every field type supports.
fn check_equality(
    ports: &Ports,
    org: OrgId,
    low: &FieldValue,
    high: &FieldValue,
    third: FieldValue,
) {
    let (low, high) = (low.clone(), high.clone());
    check(ports, org, FieldTest::Set, &["High", "Low"]);
    check(ports, org, FieldTest::Unset, &["None"]);
    check(ports, org, FieldTest::AnyOf(vec![low.clone()]), &["Low"]);
    check(ports, org, FieldTest::AnyOf(vec![low.clone(), high.clone()]), &["High", "Low"]);
    check(ports, org, FieldTest::NoneOf(vec![low.clone()]), &["High", "None"]);
    check(ports, org, FieldTest::NoneOf(vec![low, high]), &["None"]);
    check(ports, org, FieldTest::AnyOf(vec![third]), &[]);
}

fn check_order(ports: &Ports, org: OrgId, low: &FieldValue, high: &FieldValue) {
    check(ports, org, FieldTest::Less(high.clone()), &["Low"]);
    check(ports, org, FieldTest::Less(low.clone()), &[]);
    check(ports, org, FieldTest::AtMost(low.clone()), &["Low"]);
    check(ports, org, FieldTest::AtMost(high.clone()), &["High", "Low"]);
    check(ports, org, FieldTest::Greater(low.clone()), &["High"]);
    check(ports, org, FieldTest::Greater(high.clone()), &[]);
    check(ports, org, FieldTest::AtLeast(high.clone()), &["High"]);
    check(ports, org, FieldTest::AtLeast(low.clone()), &["High", "Low"]);
}

pub fn a_text_field_is_tested(ports: &Ports) {
    let (low, high) = (text("50% off \"now\""), text("CAFÉ_au\\lait"));
    let org = values(ports, FieldType::Text, low.clone(), high.clone());
    check_equality(ports, org, &low, &high, text("café_au\\lait"));
    let holds = |part: &str| FieldTest::Contains(part.to_owned());
    check(ports, org, holds("café"), &["High"]);
    check(ports, org, holds("OFF \"N"), &["Low"]);
    check(ports, org, holds("0%"), &["Low"]);
    check(ports, org, holds("é_a"), &["High"]);
    check(ports, org, holds("u\\l"), &["High"]);
    check(ports, org, holds("o"), &["Low"]);
    let starts = |part: &str| FieldTest::StartsWith(part.to_owned());
    check(ports, org, starts("CAFÉ_"), &["High"]);
    check(ports, org, starts("50% OFF"), &["Low"]);
    let ends = |part: &str| FieldTest::EndsWith(part.to_owned());
    check(ports, org, ends("U\\LAIT"), &["High"]);
    check(ports, org, ends("now\""), &["Low"]);
    for nothing in ["afé", "%off", "5_", "now"] {
        check(ports, org, starts(nothing), &[]);
        check(ports, org, ends(nothing), &[]);
    }
    for nothing in ["c_f", "%off", "l_it", "\\\\", "cafe%"] {
        check(ports, org, holds(nothing), &[]);
    }
}

pub fn a_url_or_select_field_is_tested(ports: &Ports) {
    let (low, high) = (text("https://a.example/x?y=1"), text("https://b.example"));
    let org = values(ports, FieldType::Url, low.clone(), high.clone());
    check_equality(ports, org, &low, &high, text("https://a.example"));
    check(ports, org, FieldTest::Contains("A.EXAMPLE/x?".to_owned()), &["Low"]);
    let (free, pro) = (text("Free"), text("Pro"));
    let kind = FieldType::Select(vec!["Free".to_owned(), "Pro".to_owned()]);
    let org = values(ports, kind, free.clone(), pro.clone());
    check_equality(ports, org, &free, &pro, text("Max"));
    check(ports, org, FieldTest::Contains("pr".to_owned()), &["High"]);
    check(ports, org, FieldTest::StartsWith("fr".to_owned()), &["Low"]);
    check(ports, org, FieldTest::EndsWith("O".to_owned()), &["High"]);
}

pub fn a_number_field_is_tested_by_value(ports: &Ports) {
    // Compared as texts, the values would be in the opposite order.
    let (low, high) = (number(9.5), number(10.0));
    let org = values(ports, FieldType::Number, low.clone(), high.clone());
    check_equality(ports, org, &low, &high, number(0.0));
    check_order(ports, org, &low, &high);
    check(ports, org, FieldTest::Greater(number(-1e300)), &["High", "Low"]);
    check(ports, org, FieldTest::AtMost(number(1e-300)), &[]);
    let (low, high) = (number(-2.0), number(0.1));
    let org = values(ports, FieldType::Number, low.clone(), high.clone());
    check_order(ports, org, &low, &high);
}

pub fn a_date_field_is_tested_by_day(ports: &Ports) {
    let (low, high) = (date("2025-12-31"), date("2026-01-01"));
    let org = values(ports, FieldType::Date, low.clone(), high.clone());
    check_equality(ports, org, &low, &high, date("2026-01-02"));
    check_order(ports, org, &low, &high);
}

pub fn a_boolean_field_is_tested(ports: &Ports) {
    let (no, yes) = (FieldValue::Boolean(false), FieldValue::Boolean(true));
    let org = values(ports, FieldType::Boolean, no.clone(), yes.clone());
    check(ports, org, FieldTest::Set, &["High", "Low"]);
    check(ports, org, FieldTest::Unset, &["None"]);
    check(ports, org, FieldTest::AnyOf(vec![no.clone()]), &["Low"]);
    check(ports, org, FieldTest::AnyOf(vec![yes.clone()]), &["High"]);
    check(ports, org, FieldTest::NoneOf(vec![yes]), &["Low", "None"]);
}

pub fn every_condition_on_fields_must_hold(ports: &Ports) {
    let org = values(ports, FieldType::Number, number(1.0), number(2.0));
    let mut filter = by_field("f", FieldTest::Set);
    filter.fields.extend(by_field("f", FieldTest::Less(number(2.0))).fields);
    assert_eq!(ports.names(org, &filter), ["Low"]);
    filter.fields.extend(by_field("g", FieldTest::Set).fields);
    assert_eq!(ports.names(org, &filter), NOBODY);
}

pub fn ids_match_the_contacts_that_have_them(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let [ann, bo] = ["Ann", "Bo"].map(|name| ports.add(org, name, "").id);
    let foreign = ports.add(other, "Cem", "").id;
    let by_ids = |ids: &[ContactId]| ContactFilter {
        ids: ids.iter().copied().collect(),
        ..ContactFilter::default()
    };
    assert_eq!(ports.names(org, &by_ids(&[bo, ann, ContactId(ports.ids.next())])), ["Ann", "Bo"]);
    assert_eq!(ports.names(org, &by_ids(&[foreign])), NOBODY);
    let both = ContactFilter { ids: [ann].into(), ..search("bo") };
    assert_eq!(ports.names(org, &both), NOBODY);
}

pub fn a_contact_with_an_address_is_reachable(ports: &Ports) {
    let org = ports.org();
    ports.add(org, "Ann", "ann@example.org");
    ports.add(org, "Bo", "");
    let reachable = |reachable| ContactFilter { reachable, ..ContactFilter::default() };
    assert_eq!(ports.names(org, &reachable(Some(true))), ["Ann"]);
    assert_eq!(ports.names(org, &reachable(Some(false))), ["Bo"]);
    assert_eq!(ports.names(org, &reachable(None)), ["Ann", "Bo"]);
}

pub fn campaigns_and_how_far_they_got_are_asked_for(ports: &Ports) {
    let org = ports.org();
    let (spring, other) = (ports.campaign(org, "Spring"), ports.campaign(org, "Other"));
    let [ann, bo, cem, _] =
        ["Ann", "Bo", "Cem", "Di"].map(|name| ports.add(org, name, &format!("{name}@example.org")));
    for contact in [&ann, &bo, &cem] {
        ports.join(org, &spring, contact.id);
    }
    ports.join(org, &other, bo.id);
    ports.report_delivery(org, &spring, &bo, DeliveryKind::Clicked);
    ports.report_delivery(org, &spring, &cem, DeliveryKind::Sent);
    let wanted = |campaign: &contacts_core::campaign::Campaign, status: &[DeliveryStatus]| {
        InCampaign { campaign: campaign.id, status: status.to_vec() }
    };
    let names = |all: Vec<InCampaign>, none: &[&contacts_core::campaign::Campaign]| {
        let none = none.iter().map(|campaign| campaign.id).collect();
        let campaigns = CampaignCondition { all, none };
        ports.names(org, &ContactFilter { campaigns, ..ContactFilter::default() })
    };
    let (pending, sent, clicked) =
        (DeliveryStatus::Pending, DeliveryStatus::Sent, DeliveryStatus::Clicked);
    assert_eq!(names(vec![wanted(&spring, &[])], &[]), ["Ann", "Bo", "Cem"]);
    assert_eq!(names(vec![wanted(&spring, &[pending])], &[]), ["Ann"]);
    assert_eq!(names(vec![wanted(&spring, &[sent, clicked])], &[]), ["Bo", "Cem"]);
    assert_eq!(names(vec![wanted(&spring, &[]), wanted(&other, &[])], &[]), ["Bo"]);
    assert_eq!(names(vec![wanted(&spring, &[])], &[&other]), ["Ann", "Cem"]);
    assert_eq!(names(vec![], &[&spring]), ["Di"]);
    assert_eq!(names(vec![wanted(&spring, &[DeliveryStatus::Bounced])], &[]), NOBODY);
}

pub fn conditions_of_every_kind_combine(ports: &Ports) {
    let org = ports.org();
    let now = ports.clock.now();
    for (name, email) in
        [("Ann Lee", "ann@example.org"), ("Bo Lee", "bo@example.org"), ("Cy Lee", "")]
    {
        ports.add_with(org, name, email, |contact| {
            contact.tags = tags(&["vip"]);
            contact.custom = custom(&[("f", text(name))]);
        });
    }
    let filter = ContactFilter {
        ids: Default::default(),
        query: search("lee").query,
        sources: by_source(SourceKind::Manual, None, TimeRange::default()).sources,
        tags: by_tags(&["vip"], &[], &["x"]).tags,
        created: TimeRange { from: Some(now), until: None },
        updated: TimeRange { from: Some(now), until: None },
        fields: by_field("f", FieldTest::NoneOf(vec![text("Bo Lee")])).fields,
        reachable: Some(true),
        subscribed: Some(true),
        campaigns: CampaignCondition::default(),
        duplicates: Some(false),
        segments: vec![search("an")],
        domains: vec![EmailDomain::parse("example.org").unwrap()],
        tagged: Some(true),
        incomplete: Some(false),
        mailed: Some(false),
        delivery: None,
        conversation: TimeRange::default(),
        groups: vec![FilterGroup::Not(search("bo"))],
    };
    assert_eq!(ports.names(org, &filter), ["Ann Lee"]);
}

pub fn filters_of_segments_must_match_too(ports: &Ports) {
    let org = ports.org();
    for (name, carried) in [("Ann", &["x", "y"][..]), ("Bo", &["x"]), ("Cem", &["y"])] {
        ports.add_with(org, name, "", |contact| contact.tags = tags(carried));
    }
    let mut filter = by_tags(&["x"], &[], &[]);
    filter.segments = vec![by_tags(&["y"], &[], &[]), search("ann")];
    assert_eq!(ports.names(org, &filter), ["Ann"]);
    filter.segments = vec![by_tags(&[], &[], &["y"])];
    assert_eq!(ports.names(org, &filter), ["Bo"]);
    filter = ContactFilter { segments: vec![search("bo"), search("ann")], ..Default::default() };
    assert_eq!(ports.names(org, &filter), NOBODY);
}
