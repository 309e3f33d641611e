//! The contract of [`contacts_core::action::ActionRepository`] for actions that end messages to
//! contacts (R24, R51).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::action::ActionKind;
use contacts_core::campaign::{Campaign, DeliveryKind};
use contacts_core::consent::{ConsentChange, ConsentReason};
use contacts_core::contact::ActivityKind;

use super::actions::{done, lines, unknown_contact};
use crate::Ports;

pub fn contacts_that_a_campaign_has_reached_are_not_removed_from_it(ports: &Ports) {
    let org = ports.org();
    let [spring, summer] = ["Spring", "Summer"].map(|name| ports.campaign(org, name));
    let [ann, bo] = ["ann@x.org", "bo@x.org"].map(|email| ports.add(org, "Ann", email));
    let outside = ports.add(org, "Cem", "cem@x.org");
    let missing = unknown_contact(ports);
    for (campaign, contact) in [(&spring, &ann), (&summer, &ann), (&spring, &bo)] {
        ports.join(org, campaign, contact.id);
    }
    ports.report_delivery(org, &spring, &bo, DeliveryKind::Sent);
    let ids = [ann.id, bo.id, outside.id, missing];
    for outcome in ["changed", "unchanged"] {
        let chunk = done(ports, org, &ids, ActionKind::RemoveFromCampaign(spring.id));
        assert_eq!(
            lines(&chunk),
            [
                (ann.id, outcome),
                (bo.id, "delivered"),
                (outside.id, "unchanged"),
                (missing, "not_found")
            ]
        );
    }
    let left = ports.campaigns_of(org, ann.id).items;
    assert_eq!(left.iter().map(|(campaign, _)| campaign.id).collect::<Vec<_>>(), [summer.id]);
    assert_eq!(ports.campaigns_of(org, bo.id).items.len(), 1);
    let spring = Campaign { name: "New".to_owned(), ..spring };
    ports.campaigns.register(org, &spring).unwrap();
    let what = ActivityKind::RemovedFromCampaign(spring);
    assert!(ports.activity(org, ann.id).iter().any(|entry| entry.what == what));
}

pub fn contacts_are_unsubscribed_once(ports: &Ports) {
    let org = ports.org();
    let [ann, bo] = ["ann@x.org", ""].map(|email| ports.add(org, "Ann", email));
    let before = ports.add(org, "Cem", "cem@x.org");
    ports.lower_consent(org, before.id, ConsentReason::Complained, None);
    ports.clock.tick();
    let missing = unknown_contact(ports);
    let ids = [ann.id, bo.id, before.id, missing];
    let events = ports.feed.end(org).unwrap();
    for outcome in ["changed", "unchanged"] {
        let chunk = done(ports, org, &ids, ActionKind::Unsubscribe);
        assert_eq!(
            lines(&chunk),
            [(ann.id, outcome), (bo.id, outcome), (before.id, "unchanged"), (missing, "not_found")]
        );
        let reasons = [&ann, &bo, &before].map(|contact| {
            let contact = ports.get(org, contact.id);
            contact.consent.unsubscribe().map(|unsubscribe| unsubscribe.reason)
        });
        let (asked, complained) = (Some(ConsentReason::Asked), Some(ConsentReason::Complained));
        assert_eq!(reasons, [asked, asked, complained]);
    }
    let events = ports.feed.after(org, Some(events), 10).unwrap();
    let [event] = &*events else { panic!("{events:?}") };
    assert_eq!(
        (event.event.contacts.len(), &*event.event.fields),
        (2, &["consent".to_owned()][..])
    );
    let change = ConsentChange::Lower { reason: ConsentReason::Asked, note: None };
    let what = ActivityKind::ConsentChanged(change);
    assert!(ports.activity(org, ann.id).iter().any(|entry| entry.what == what));
    assert!(!ports.activity(org, before.id).iter().any(|entry| entry.what == what));
    // The address stays unsubscribed without its contact.
    assert!(ports.removed(org, ann.id));
    let again = ports.add(org, "Ann", "ann@x.org");
    assert!(!ports.get(org, again.id).consent.is_subscribed());
}
