//! The contract of [`contacts_core::action::ActionRepository`] for setting one field (R24).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::collections::BTreeSet;

use contacts_core::action::{Action, ActionKind, Applied, FieldSetting, SetValue};
use contacts_core::contact::{ActivityKind, Contact, ContactFilter, ContactId, FieldChange};
use contacts_core::event::EventKind;
use contacts_core::field::{FieldPatch, FieldService, FieldType, FieldValue, NewField};
use contacts_core::run::RunState;
use contacts_core::{Actor, Clock, Error, OrgId};

use super::actions::{apply, done, inserted, lines, read, unknown_contact};
use super::check::{RACES, at_once, display};
use super::erasures;
use super::events::all_events;
use super::selections::frozen;
use crate::Ports;
use crate::samples::{custom, key, new_name, number, phone, text};

fn set(value: SetValue, only_blanks: bool) -> ActionKind {
    ActionKind::SetField(FieldSetting { value, only_blanks })
}

fn tier(value: Option<FieldValue>, only_blanks: bool) -> ActionKind {
    set(SetValue::Custom(key("tier"), value), only_blanks)
}

fn with_tier(ports: &Ports, org: OrgId) -> [Contact; 3] {
    let field = NewField::new("tier", "Tier", FieldType::Text).unwrap();
    ports
        .fields
        .insert(org, &field, FieldService::MAX_FIELDS, Actor::System, ports.clock.now())
        .unwrap();
    ["", "gold", "pro"].map(|tier| {
        ports.add_with(org, "Ann", "", |contact| {
            if !tier.is_empty() {
                contact.custom = custom(&[("tier", text(tier)), ("seats", number(7.0))]);
            }
        })
    })
}

fn ids(contacts: &[Contact]) -> Vec<ContactId> {
    contacts.iter().map(|contact| contact.id).collect()
}

pub fn an_action_that_sets_a_field_is_read_as_it_was_written(ports: &Ports) {
    let org = ports.org();
    let selection = frozen(ports, org, [ports.add(org, "Ann", "").id]);
    for kind in [
        set(SetValue::Phone(Some(phone("+1 202 555 0101"))), true),
        set(SetValue::Phone(None), false),
        tier(Some(text("50% \"é\"")), false),
        tier(Some(number(1.5)), true),
        tier(Some(FieldValue::Boolean(false)), true),
        tier(None, false),
    ] {
        let action = inserted(ports, org, &selection, kind);
        assert_eq!(read(ports, &action), action);
    }
}

pub fn a_field_is_set_and_the_rest_of_the_profile_stays(ports: &Ports) {
    let org = ports.org();
    let contacts = with_tier(ports, org);
    let missing = unknown_contact(ports);
    let selected = [ids(&contacts), vec![missing]].concat();
    let now = ports.clock.tick();
    let chunk = done(ports, org, &selected, tier(Some(text("pro")), false));
    let [blank, gold, pro] = &contacts;
    assert_eq!(
        lines(&chunk),
        [
            (blank.id, "changed"),
            (gold.id, "changed"),
            (pro.id, "unchanged"),
            (missing, "not_found")
        ]
    );
    let read = ports.get(org, gold.id);
    let expected = custom(&[("tier", text("pro")), ("seats", number(7.0))]);
    assert_eq!((read.custom, read.version, read.updated_at), (expected, 2, now));
    assert_eq!(ports.get(org, pro.id), *pro);
    let to = |from: Option<&str>| FieldChange {
        field: "custom.tier".to_owned(),
        from: from.map(str::to_owned),
        to: Some("pro".to_owned()),
    };
    for (contact, from) in [(blank, None), (gold, Some("gold"))] {
        let entry = ports.activity(org, contact.id).remove(0);
        assert_eq!((entry.at, entry.what), (now, ActivityKind::Edited(vec![to(from)])));
    }
    let event = all_events(ports, org).pop().unwrap();
    assert_eq!((event.kind, event.fields), (EventKind::Updated, vec!["custom.tier".to_owned()]));
    let changed = BTreeSet::from([blank.id, gold.id]);
    assert_eq!(event.contacts.into_iter().collect::<BTreeSet<_>>(), changed);
    let again = done(ports, org, &ids(&contacts), tier(Some(text("pro")), false));
    assert_eq!((again.changed, again.unchanged), (vec![], ids(&contacts)));
}

pub fn only_blanks_are_filled_when_asked_and_a_value_is_cleared(ports: &Ports) {
    let org = ports.org();
    let contacts = with_tier(ports, org);
    let tiers = || {
        contacts.iter().map(|contact| ports.get(org, contact.id)).map(|contact| {
            contact.custom.get(&key("tier")).map(ToString::to_string).unwrap_or_default()
        })
    };
    done(ports, org, &ids(&contacts), tier(Some(text("new")), true));
    assert_eq!(tiers().collect::<Vec<_>>(), ["new", "gold", "pro"]);
    let cleared = done(ports, org, &ids(&contacts[1..]), tier(None, false));
    assert_eq!(cleared.changed.len(), 2);
    assert_eq!(tiers().collect::<Vec<_>>(), ["new", "", ""]);
    let cleared = done(ports, org, &ids(&contacts), tier(None, false));
    assert_eq!((cleared.changed.len(), cleared.unchanged.len()), (1, 2));
}

pub fn a_phone_number_is_set_and_found(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "");
    let bo = ports.add_with(org, "Bo", "", |contact| contact.phone = Some(phone("1")));
    let number = || SetValue::Phone(Some(phone("+1 202 555 0101")));
    done(ports, org, &[ann.id, bo.id], set(number(), true));
    assert_eq!(ports.found(org, "2025550101"), ["Ann"]);
    done(ports, org, &[ann.id, bo.id], set(number(), false));
    assert_eq!(ports.found(org, "2025550101"), ["Ann", "Bo"]);
    assert_eq!(ports.get(org, bo.id).phone.unwrap().e164(), Some("+12025550101"));
    done(ports, org, &[ann.id], set(SetValue::Phone(None), false));
    assert_eq!(ports.found(org, "2025550101"), ["Bo"]);
}

pub fn a_value_that_no_longer_fits_its_field_changes_nothing(ports: &Ports) {
    let org = ports.org();
    let field = NewField::new("tier", "Tier", FieldType::Text).unwrap();
    ports
        .fields
        .insert(org, &field, FieldService::MAX_FIELDS, Actor::System, ports.clock.now())
        .unwrap();
    let ann = ports.add(org, "Ann", "");
    let selection = frozen(ports, org, [ann.id]);
    let action = inserted(ports, org, &selection, tier(Some(text("pro")), false));
    let patch = FieldPatch { kind: Some(FieldType::Number), ..FieldPatch::default() };
    ports
        .fields
        .patch(org, &key("tier"), &patch, None, Actor::System, ports.clock.now())
        .unwrap()
        .unwrap();
    let refused = apply_refused(ports, &action);
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    assert_eq!((ports.get(org, ann.id), read(ports, &action)), (ann, action));
}

pub fn a_field_that_was_archived_since_is_not_set(ports: &Ports) {
    let org = ports.org();
    let [ann, _, _] = with_tier(ports, org);
    for value in [Some(text("pro")), None] {
        let action = inserted(ports, org, &frozen(ports, org, [ann.id]), tier(value, false));
        ports.archive_field(org, &key("tier"), true);
        let refused = apply_refused(ports, &action);
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        ports.archive_field(org, &key("tier"), false);
        assert_eq!(ports.get(org, ann.id), ann);
    }
}

/// Applies an action that is expected to be refused.
fn apply_refused(ports: &Ports, action: &Action) -> contacts_core::Result<Applied> {
    let still = ContactFilter::default();
    ports.actions.apply(action, 0, usize::MAX, &still, ports.clock.now())
}

pub fn an_edit_at_the_same_moment_is_kept(ports: &Ports) {
    for round in 0..RACES {
        let [contact, _, _] = with_tier(ports, ports.org());
        let org = contact.org;
        let selection = frozen(ports, org, [contact.id]);
        let action = inserted(ports, org, &selection, tier(Some(text("pro")), false));
        at_once(2, |nth| match nth {
            0 => drop(apply(ports, &action, 0)),
            _ => {
                let (patch, by, now) = (new_name("Anna"), Actor::System, ports.clock.now());
                ports.contacts.update(org, contact.id, None, &patch, by, now).unwrap();
            }
        });
        let read = ports.get(org, contact.id);
        assert_eq!((display(&read).as_str(), read.version), ("Anna", 3), "round {round}");
        assert!(read.custom.contains_key(&key("tier")), "round {round}");
    }
}

pub fn an_erasure_takes_the_value_that_names_the_person(ports: &Ports) {
    let org = ports.org();
    let number = || Some(phone("+1 (202) 555-0101"));
    let ann = ports.add_with(org, "Ann Lee", "ann@example.org", |contact| contact.phone = number());
    let bo = ports.add(org, "Bo", "");
    let kinds = [
        set(SetValue::Phone(number()), true),
        tier(Some(text("asked by ANN@example.org")), false),
        tier(Some(text("pro")), false),
    ];
    let selection = frozen(ports, org, [bo.id]);
    let [phone, named, other] = kinds.map(|kind| {
        let action = inserted(ports, org, &selection, kind);
        apply(ports, &action, 0);
        let now = ports.clock.now();
        ports.actions.end(org, action.id, RunState::Done, None, now).unwrap();
        action
    });
    erasures::begin(ports, &ann);
    assert_eq!(read(ports, &phone).kind, set(SetValue::Phone(None), true));
    assert_eq!(read(ports, &named).kind, tier(None, false));
    assert_eq!(read(ports, &other).kind, other.kind);
}

pub fn organisations_do_not_set_each_others_fields(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let foreign = ports.add(other, "Bo", "");
    let kind = set(SetValue::Phone(Some(phone("1"))), false);
    let chunk = done(ports, org, &[foreign.id], kind);
    assert_eq!(lines(&chunk), [(foreign.id, "not_found")]);
    assert_eq!(ports.get(other, foreign.id), foreign);
}
