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

fn own(contact: &Contact, is_only_captured: bool) -> Option<VisitorContact<'_>> {
    Some(VisitorContact { contact, is_only_captured })
}

#[test]
fn an_address_identifies_a_contact() {
    let ann = contact(1, "Ann", "ann@x.org");
    let known = CaptureMatch::Known { contact: ann.id, possible_duplicate: None };
    let stated = capture("", "ann@x.org");
    assert_eq!(stated.match_contacts(None, None), CaptureMatch::New { possible_duplicate: None });
    assert_eq!(stated.match_contacts(Some(&ann), None), known);
    assert_eq!(stated.match_contacts(Some(&ann), own(&ann, false)), known);
}

#[test]
fn without_an_address_it_is_the_visitors_own_contact() {
    let (ann, blank) = (contact(1, "Ann", "ann@x.org"), contact(2, "Bo", ""));
    let stated = capture("Ann", "");
    assert_eq!(stated.match_contacts(None, None), CaptureMatch::New { possible_duplicate: None });
    for own_contact in [&ann, &blank] {
        let known = CaptureMatch::Known { contact: own_contact.id, possible_duplicate: None };
        assert_eq!(stated.match_contacts(None, own(own_contact, false)), known);
    }
}

#[test]
fn a_new_address_fills_the_blank_of_the_visitors_contact() {
    let (ann, blank) = (contact(1, "Ann", "ann@x.org"), contact(2, "Bo", ""));
    let stated = capture("", "new@x.org");
    for only in [true, false] {
        let known = CaptureMatch::Known { contact: blank.id, possible_duplicate: None };
        assert_eq!(stated.match_contacts(None, own(&blank, only)), known);
        let new = CaptureMatch::New { possible_duplicate: Some(ann.id) };
        assert_eq!(
            stated.match_contacts(None, own(&ann, only)),
            new,
            "a second address is a second contact"
        );
    }
}

#[test]
fn a_nameless_record_is_folded_only_when_nothing_else_is_behind_it() {
    let (ann, blank) = (contact(1, "Ann", "ann@x.org"), contact(2, "Bo", ""));
    let stated = capture("", "ann@x.org");
    let folded = CaptureMatch::Folded { contact: ann.id, from: blank.id };
    assert_eq!(stated.match_contacts(Some(&ann), own(&blank, true)), folded);
    let possible_duplicate =
        CaptureMatch::Known { contact: ann.id, possible_duplicate: Some(blank.id) };
    assert_eq!(stated.match_contacts(Some(&ann), own(&blank, false)), possible_duplicate);
    let other = contact(3, "Bo", "bo@x.org");
    let possible_duplicate =
        CaptureMatch::Known { contact: ann.id, possible_duplicate: Some(other.id) };
    assert_eq!(stated.match_contacts(Some(&ann), own(&other, true)), possible_duplicate);
}

#[test]
fn existing_values_are_never_overwritten_by_captures() {
    let mut ann = contact(1, "Ann", "ann@x.org");
    let stated = capture("Anna", "other@x.org");
    assert_eq!(stated.fill(&mut ann, NOW), []);
    assert_eq!(ann, contact(1, "Ann", "ann@x.org"));
    let mut blank = contact(2, "", "");
    let filled = stated.fill(&mut blank, NOW);
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
        activity(ActivityKind::SourceAdded(bo.source.detail.clone())),
    ];
    let ways = [bo.source.clone()];
    assert!(is_only_captured(&bo, &ways, &captured));
    assert!(!is_only_captured(&bo, &ways, &[activity(ActivityKind::Edited(Vec::new()))]));
    let manual = Source { at: NOW, detail: SourceDetail::Manual { by: Actor::System } };
    assert!(!is_only_captured(&bo, &[bo.source.clone(), manual], &captured));
    let mut tagged = bo.clone();
    tagged.tags = vec![crate::tag::TagName::parse("vip").unwrap()];
    assert!(!is_only_captured(&tagged, &ways, &captured));
}
