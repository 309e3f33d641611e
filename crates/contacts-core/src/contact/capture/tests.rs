use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::contact::FieldChange;

const NOW: OffsetDateTime = datetime!(2026-01-01 10:00 UTC);

fn capture(name: &str, email: &str) -> Capture {
    Capture {
        org: OrgId(Uuid::nil()),
        visitor: Visitor::parse(Uuid::nil(), "v").unwrap(),
        conversation: ConversationId(Uuid::nil()),
        name: Name::parse(name).ok(),
        email: EmailAddress::parse(email).ok(),
        phone: None,
        at: NOW,
    }
}

fn contact(id: u128, name: &str, email: &str) -> Contact {
    capture(name, email).to_contact(ContactId(Uuid::from_u128(id)), NOW)
}

fn own(contact: &Contact, is_only_captured: bool) -> Option<OwnContact<'_>> {
    Some(OwnContact { contact, is_only_captured })
}

#[test]
fn an_address_says_who_it_is() {
    let ann = contact(1, "Ann", "ann@x.org");
    let known = Meeting::Known { contact: ann.id, beside: None };
    let said = capture("", "ann@x.org");
    assert_eq!(said.meet(None, None), Meeting::New { beside: None });
    assert_eq!(said.meet(Some(&ann), None), known);
    assert_eq!(said.meet(Some(&ann), own(&ann, false)), known);
}

#[test]
fn without_an_address_it_is_the_visitors_own_contact() {
    let (ann, blank) = (contact(1, "Ann", "ann@x.org"), contact(2, "Bo", ""));
    let said = capture("Ann", "");
    assert_eq!(said.meet(None, None), Meeting::New { beside: None });
    for own_contact in [&ann, &blank] {
        let known = Meeting::Known { contact: own_contact.id, beside: None };
        assert_eq!(said.meet(None, own(own_contact, false)), known);
    }
}

#[test]
fn an_address_that_nobody_has_fills_the_visitors_blank_one() {
    let (ann, blank) = (contact(1, "Ann", "ann@x.org"), contact(2, "Bo", ""));
    let said = capture("", "new@x.org");
    for only in [true, false] {
        let known = Meeting::Known { contact: blank.id, beside: None };
        assert_eq!(said.meet(None, own(&blank, only)), known);
        let new = Meeting::New { beside: Some(ann.id) };
        assert_eq!(said.meet(None, own(&ann, only)), new, "a second address is a second contact");
    }
}

#[test]
fn a_nameless_record_is_folded_only_when_nothing_else_is_behind_it() {
    let (ann, blank) = (contact(1, "Ann", "ann@x.org"), contact(2, "Bo", ""));
    let said = capture("", "ann@x.org");
    let folded = Meeting::Folded { contact: ann.id, from: blank.id };
    assert_eq!(said.meet(Some(&ann), own(&blank, true)), folded);
    let beside = Meeting::Known { contact: ann.id, beside: Some(blank.id) };
    assert_eq!(said.meet(Some(&ann), own(&blank, false)), beside);
    let other = contact(3, "Bo", "bo@x.org");
    let beside = Meeting::Known { contact: ann.id, beside: Some(other.id) };
    assert_eq!(said.meet(Some(&ann), own(&other, true)), beside);
}

#[test]
fn what_somebody_said_is_never_overwritten() {
    let mut ann = contact(1, "Ann", "ann@x.org");
    let said = capture("Anna", "other@x.org");
    assert_eq!(said.fill(&mut ann, NOW), []);
    assert_eq!(ann, contact(1, "Ann", "ann@x.org"));
    let mut blank = contact(2, "", "");
    let filled = said.fill(&mut blank, NOW);
    let change = |field: &str, to: &str| FieldChange {
        field: field.to_owned(),
        from: None,
        to: Some(to.to_owned()),
    };
    assert_eq!(filled, [change("name", "Anna"), change("email", "other@x.org")]);
    assert_eq!(blank.version, 2);
}

#[test]
fn an_edit_a_tag_or_another_source_is_more_than_captures() {
    let bo = contact(2, "Bo", "");
    let activity = |what| Activity { at: NOW, actor: Actor::System, what };
    let captured = [
        activity(ActivityKind::Created),
        activity(ActivityKind::Captured(Vec::new())),
        activity(ActivityKind::Arrived(bo.source.origin.clone())),
    ];
    let ways = [bo.source.clone()];
    assert!(is_only_captured(&bo, &ways, &captured));
    assert!(!is_only_captured(&bo, &ways, &[activity(ActivityKind::Edited(Vec::new()))]));
    let manual = Arrival { at: NOW, origin: Origin::Manual { by: Actor::System } };
    assert!(!is_only_captured(&bo, &[bo.source.clone(), manual], &captured));
    let mut tagged = bo.clone();
    tagged.tags = vec![crate::tag::TagName::parse("vip").unwrap()];
    assert!(!is_only_captured(&tagged, &ways, &captured));
}
