//! The contract of [`contacts_core::contact::ContactRepository`] for groups of conditions (R62), and
//! for conditions on addresses, tags, deliveries and conversations (R20).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::campaign::{DeliveryCondition, DeliveryKind};
use contacts_core::contact::{
    ContactFilter, EmailDomain, FieldCondition, FieldTest, FilterGroup, TagCondition, TimeRange,
};
use contacts_core::conversation::Conversation;
use contacts_core::{Actor, Clock, Ids, OrgId};

use super::check::search;
use crate::Ports;
use crate::samples::{self, custom, key, number, tags};

const NOBODY: Vec<String> = Vec::new();

fn in_groups(groups: Vec<FilterGroup>) -> ContactFilter {
    ContactFilter { groups, ..ContactFilter::default() }
}

fn tagged(any: &[&str]) -> ContactFilter {
    let tags = TagCondition { any: tags(any), ..TagCondition::default() };
    ContactFilter { tags, ..ContactFilter::default() }
}

/// Adds contacts with tags.
fn add_all(ports: &Ports, org: OrgId, contacts: &[(&str, &[&str])]) {
    for (name, carried) in contacts {
        ports.add_with(org, name, "", |contact| contact.tags = tags(carried));
    }
}

pub fn groups_combine_by_all_any_and_not(ports: &Ports) {
    let org = ports.org();
    add_all(ports, org, &[("Ann", &["x", "y"]), ("Bo", &["x"]), ("Cy", &["y"]), ("Di", &[])]);
    let names = |groups| ports.names(org, &in_groups(groups));
    let all = |filter| FilterGroup::All(filter);
    let any = |filters| FilterGroup::Any(filters);
    let not = |filter| FilterGroup::Not(filter);
    assert_eq!(names(vec![any(vec![search("ann"), tagged(&["y"])])]), ["Ann", "Cy"]);
    assert_eq!(names(vec![any(vec![search("nobody")])]), NOBODY);
    assert_eq!(names(vec![not(tagged(&["x"]))]), ["Cy", "Di"]);
    assert_eq!(names(vec![not(tagged(&["unheard"]))]), ["Ann", "Bo", "Cy", "Di"]);
    assert_eq!(names(vec![all(tagged(&["x"])), not(search("bo"))]), ["Ann"]);
    let both = in_groups(vec![any(vec![tagged(&["x"]), tagged(&["y"])]), not(search("cy"))]);
    assert_eq!(names(vec![not(both.clone())]), ["Cy", "Di"]);
    assert_eq!(names(vec![any(vec![search("di"), both.clone()])]), ["Ann", "Bo", "Di"]);
    assert_eq!(ports.names(org, &ContactFilter { query: search("bo").query, ..both }), ["Bo"]);
}

pub fn a_missing_value_meets_the_opposite_of_a_condition(ports: &Ports) {
    let org = ports.org();
    ports.add_with(org, "Ann", "ann@x.org", |contact| {
        contact.custom = custom(&[("seats", number(5.0))]);
    });
    ports.add(org, "Bo", "");
    for test in [FieldTest::Less(number(9.0)), FieldTest::Contains("a".to_owned())] {
        let fields = vec![FieldCondition { key: key("seats"), test: test.clone() }];
        let filter = ContactFilter { fields, ..ContactFilter::default() };
        let is_met = matches!(test, FieldTest::Less(_));
        let not = in_groups(vec![FilterGroup::Not(filter)]);
        assert_eq!(ports.names(org, &not), if is_met { &["Bo"][..] } else { &["Ann", "Bo"] });
    }
}

pub fn contacts_are_found_by_the_domain_of_each_address(ports: &Ports) {
    let org = ports.org();
    ports.add(org, "Ann", "ann@Bücher.example");
    ports.add_with(org, "Bo", "bo@x.org", |contact| {
        contact.other_emails = vec![samples::email("bo@y.org")];
    });
    ports.add(org, "Cy", "cy@mail.x.org");
    ports.add(org, "Di", "");
    let names = |domains: &[&str]| {
        let domains = domains.iter().map(|text| EmailDomain::parse(text).unwrap()).collect();
        ports.names(org, &ContactFilter { domains, ..ContactFilter::default() })
    };
    assert_eq!(names(&["xn--bcher-kva.example"]), ["Ann"]);
    assert_eq!(names(&["X.org"]), ["Bo"]);
    assert_eq!(names(&["y.org", "mail.x.org"]), ["Bo", "Cy"]);
    assert_eq!(names(&["example.net"]), NOBODY);
}

pub fn contacts_without_tags_and_incomplete_ones_are_found(ports: &Ports) {
    let org = ports.org();
    ports.add_with(org, "Ann", "ann@x.org", |contact| contact.tags = tags(&["x"]));
    ports.add(org, "Bo", "bo@x.org");
    ports.add(org, "Cy", "");
    ports.add_with(org, "Di", "di@x.org", |contact| contact.name = None);
    let tagged = |tagged| ContactFilter { tagged: Some(tagged), ..ContactFilter::default() };
    assert_eq!(ports.names(org, &tagged(true)), ["Ann"]);
    assert_eq!(ports.names(org, &tagged(false)), ["-", "Bo", "Cy"]);
    let complete = |no| ContactFilter { incomplete: Some(no), ..ContactFilter::default() };
    assert_eq!(ports.names(org, &complete(true)), ["-", "Cy"]);
    assert_eq!(ports.names(org, &complete(false)), ["Ann", "Bo"]);
}

pub fn contacts_are_found_by_deliveries_of_any_campaign(ports: &Ports) {
    let org = ports.org();
    let (spring, summer) = (ports.campaign(org, "Spring"), ports.campaign(org, "Summer"));
    let [ann, bo, cy, _] =
        ["Ann", "Bo", "Cy", "Di"].map(|name| ports.add(org, name, &format!("{name}@x.org")));
    ports.join(org, &spring, cy.id);
    ports.report_delivery(org, &spring, &ann, DeliveryKind::Sent);
    let later = ports.clock.tick();
    ports.report_delivery(org, &summer, &ann, DeliveryKind::Opened);
    ports.report_delivery(org, &summer, &bo, DeliveryKind::Clicked);
    let names = |kinds: &[DeliveryKind], from, until| {
        let at = TimeRange { from, until };
        let delivery = Some(DeliveryCondition { kinds: kinds.to_vec(), at });
        ports.names(org, &ContactFilter { delivery, ..ContactFilter::default() })
    };
    use DeliveryKind::{Bounced, Clicked, Opened, Sent};
    assert_eq!(names(&[Sent], None, None), ["Ann"]);
    assert_eq!(names(&[Opened], None, None), ["Ann", "Bo"], "a click implies an open");
    assert_eq!(names(&[Sent, Clicked], None, None), ["Ann", "Bo"]);
    assert_eq!(names(&[Bounced], None, None), NOBODY);
    assert_eq!(names(&[Sent], Some(later), None), NOBODY);
    assert_eq!(names(&[Sent], None, Some(later)), ["Ann"]);
    assert_eq!(names(&[Sent, Opened], Some(later), None), ["Ann", "Bo"]);
    let mailed = |mailed| ContactFilter { mailed: Some(mailed), ..ContactFilter::default() };
    assert_eq!(ports.names(org, &mailed(true)), ["Ann", "Bo"]);
    assert_eq!(ports.names(org, &mailed(false)), ["Cy", "Di"], "Cy is only in a campaign");
}

pub fn contacts_are_found_by_their_last_conversation(ports: &Ports) {
    let org = ports.org();
    let begin = ports.clock.now();
    for (name, visitor) in [("Ann", "v"), ("Bo", "w")] {
        let visitor = samples::visitor(visitor);
        let capture = samples::capture(org, &ports.ids, &ports.clock, visitor, name, "");
        let id = contacts_core::contact::ContactId(ports.ids.next());
        ports.captures.capture(&capture, id, Actor::System, ports.clock.now()).unwrap();
    }
    ports.add(org, "Cy", "");
    ports.clock.advance(Duration::from_secs(60));
    let late = ports.clock.now();
    let reported = samples::conversation(org, &ports.ids, &ports.clock, samples::visitor("v"));
    ports.conversations.report(&Conversation { started_at: begin, ..reported }).unwrap();
    let names = |from, until| {
        let conversation = TimeRange { from, until };
        ports.names(org, &ContactFilter { conversation, ..ContactFilter::default() })
    };
    assert_eq!(names(Some(late), None), ["Ann"]);
    assert_eq!(names(None, Some(late)), ["Bo"], "only the last conversation of Ann counts");
    assert_eq!(names(Some(begin), None), ["Ann", "Bo"]);
    let none = ContactFilter {
        conversation: TimeRange { from: Some(begin), until: None },
        ..ContactFilter::default()
    };
    assert_eq!(ports.names(org, &in_groups(vec![FilterGroup::Not(none)])), ["Cy"]);
}
