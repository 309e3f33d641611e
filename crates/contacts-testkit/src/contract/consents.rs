//! The contract of [`contacts_core::consent::ConsentRepository`] (R51).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::campaign::{DeliveryKind, SubscribeOutcome};
use contacts_core::consent::{Consent, ConsentChange, ConsentNote, ConsentReason, Unsubscribe};
use contacts_core::contact::{ActivityKind, Contact, ContactFilter, ContactId};
use contacts_core::event::EventKind;
use contacts_core::{Actor, Clock, OrgId};
use uuid::Uuid;

use crate::Ports;
use crate::samples::{email, new_email};

const USER: Actor = Actor::User(Uuid::from_u128(9));

impl Ports {
    /// Unsubscribes a contact.
    pub(crate) fn lower_consent(
        &self,
        org: OrgId,
        contact: ContactId,
        reason: ConsentReason,
        text: Option<&str>,
    ) {
        let (change, now) =
            (ConsentChange::Lower { reason, note: text.map(note) }, self.clock.now());
        assert!(self.consents.change(org, contact, &change, USER, now).unwrap().is_some());
    }
}

fn note(text: &str) -> ConsentNote {
    ConsentNote::parse(text).unwrap()
}

fn consent_of(ports: &Ports, org: OrgId, contact: ContactId) -> Consent {
    ports.contacts.get(org, contact).unwrap().unwrap().consent
}

/// Raises the consent of a contact.
fn raise(ports: &Ports, org: OrgId, contact: ContactId) -> Option<Consent> {
    let (change, now) = (ConsentChange::Raise { note: note("signed a form") }, ports.clock.tick());
    ports.consents.change(org, contact, &change, USER, now).unwrap()
}

/// Adds a contact that somebody has unsubscribed by hand, and returns its unsubscribe.
fn unsubscribed(ports: &Ports, org: OrgId, email: &str) -> (Contact, Unsubscribe) {
    let ann = ports.add(org, "Ann", email);
    let at = ports.clock.tick();
    let (reason, note) = (ConsentReason::Asked, Some(note("by phone")));
    let change = ConsentChange::Lower { reason, note: note.clone() };
    let consent = ports.consents.change(org, ann.id, &change, USER, at).unwrap().unwrap();
    let unsubscribe = Unsubscribe { reason, at, actor: USER, note };
    assert_eq!(consent, Consent::Unsubscribed(unsubscribe.clone()));
    ports.clock.tick();
    (ann, unsubscribe)
}

pub fn consent_has_its_reason_time_actor_and_note(ports: &Ports) {
    let org = ports.org();
    let bo = ports.add(org, "Bo", "bo@example.org");
    assert_eq!(consent_of(ports, org, bo.id), Consent::Subscribed);
    for email in ["ann@example.org", ""] {
        let (ann, unsubscribe) = unsubscribed(ports, org, email);
        assert_eq!(consent_of(ports, org, ann.id), Consent::Unsubscribed(unsubscribe.clone()));
        let listed = ports.contacts.list(org, &ContactFilter::default(), &Default::default());
        let listed = listed.unwrap().items.into_iter().find(|contact| contact.id == ann.id);
        assert_eq!(listed.unwrap().consent, Consent::Unsubscribed(unsubscribe));
        // It is no change of the profile.
        let stored = ports.contacts.get(org, ann.id).unwrap().unwrap();
        assert_eq!((stored.version, stored.updated_at), (ann.version, ann.updated_at));
        let campaign = ports.campaign(org, "Spring");
        assert!(matches!(ports.join(org, &campaign, ann.id), SubscribeOutcome::Skipped(_)));
    }
    assert_eq!(consent_of(ports, org, bo.id), Consent::Subscribed);
}

pub fn lowering_twice_keeps_the_first(ports: &Ports) {
    let org = ports.org();
    let (ann, first) = unsubscribed(ports, org, "ann@example.org");
    let events = ports.feed.end(org).unwrap();
    ports.lower_consent(org, ann.id, ConsentReason::Complained, Some("spam"));
    let campaign = ports.campaign(org, "Spring");
    ports.report_delivery(org, &campaign, &ann, DeliveryKind::Unsubscribed);
    assert_eq!(consent_of(ports, org, ann.id), Consent::Unsubscribed(first));
    assert_eq!(ports.feed.end(org).unwrap(), events);
    let changes = ports.activity(org, ann.id);
    let changes = changes.iter().filter(|e| matches!(e.what, ActivityKind::ConsentChanged(_)));
    assert_eq!(changes.count(), 1);
}

pub fn only_deliveries_of_unsubscribes_lower_consent(ports: &Ports) {
    let org = ports.org();
    let campaign = ports.campaign(org, "Spring");
    let ann = ports.add(org, "Ann", "ann@example.org");
    for kind in [DeliveryKind::Sent, DeliveryKind::Bounced, DeliveryKind::Clicked] {
        ports.report_delivery(org, &campaign, &ann, kind);
        assert!(consent_of(ports, org, ann.id).is_subscribed());
    }
    let before = ports.feed.end(org).unwrap();
    let at = ports.clock.now();
    ports.report_delivery(org, &campaign, &ann, DeliveryKind::Unsubscribed);
    let consent = consent_of(ports, org, ann.id);
    let unsubscribe = consent.unsubscribe().unwrap();
    assert_eq!((unsubscribe.reason, unsubscribe.at), (ConsentReason::Campaign, at));
    let events = ports.feed.after(org, Some(before), 10).unwrap();
    let [event] = &*events else { panic!("{events:?}") };
    assert_eq!(
        (event.event.kind, &*event.event.fields),
        (EventKind::Updated, &["consent".to_owned()][..])
    );
}

pub fn the_note_is_deleted_with_its_contact_and_the_reason_stays(ports: &Ports) {
    let org = ports.org();
    let (ann, unsubscribe) = unsubscribed(ports, org, "Ann@example.org");
    assert!(ports.removed(org, ann.id));
    let again = ports.add(org, "Ann", "ann@EXAMPLE.org");
    let expected = Consent::Unsubscribed(unsubscribe.without_note());
    assert_eq!(consent_of(ports, org, again.id), expected);
}

pub fn raising_holds_for_the_address_and_is_an_activity_and_an_event(ports: &Ports) {
    let org = ports.org();
    let (ann, _) = unsubscribed(ports, org, "ann@example.org");
    let before = ports.feed.end(org).unwrap();
    assert_eq!(raise(ports, org, ann.id), Some(Consent::Subscribed));
    let what = ActivityKind::ConsentChanged(ConsentChange::Raise { note: note("signed a form") });
    let activity = ports.activity(org, ann.id);
    assert_eq!((&activity[0].what, activity[0].actor), (&what, USER));
    let events = ports.feed.after(org, Some(before), 10).unwrap();
    let [event] = &*events else { panic!("{events:?}") };
    assert_eq!((event.event.actor, &*event.event.fields), (USER, &["consent".to_owned()][..]));
    // Raising twice changes nothing.
    assert_eq!(raise(ports, org, ann.id), Some(Consent::Subscribed));
    assert_eq!(ports.activity(org, ann.id).len(), activity.len());
    let campaign = ports.campaign(org, "Spring");
    assert_eq!(ports.join(org, &campaign, ann.id), SubscribeOutcome::Added);
    assert!(ports.removed(org, ann.id));
    let again = ports.add(org, "Ann", "ann@example.org");
    assert!(consent_of(ports, org, again.id).is_subscribed());
}

pub fn consent_holds_for_all_addresses_of_a_contact(ports: &Ports) {
    let org = ports.org();
    for is_raised in [false, true] {
        let ann = ports.add_with(org, "Ann", "ann@example.org", |contact| {
            contact.other_emails = vec![email("lee@example.org")];
        });
        ports.lower_consent(org, ann.id, ConsentReason::Asked, None);
        if is_raised {
            raise(ports, org, ann.id);
        }
        assert!(ports.removed(org, ann.id));
        for address in ["ann@example.org", "lee@example.org"] {
            let again = ports.add(org, "Ann", address);
            assert_eq!(consent_of(ports, org, again.id).is_subscribed(), is_raised, "{address}");
            assert!(ports.removed(org, again.id));
        }
    }
}

pub fn an_unsubscribe_after_a_raise_counts(ports: &Ports) {
    let org = ports.org();
    let (ann, _) = unsubscribed(ports, org, "ann@example.org");
    raise(ports, org, ann.id);
    let campaign = ports.campaign(org, "Spring");
    ports.report_delivery(org, &campaign, &ann, DeliveryKind::Unsubscribed);
    assert!(!consent_of(ports, org, ann.id).is_subscribed());
}

pub fn the_first_unsubscribe_of_two_merged_contacts_holds(ports: &Ports) {
    let org = ports.org();
    let (ann, first) = unsubscribed(ports, org, "ann@example.org");
    let (second, _) = unsubscribed(ports, org, "second@example.org");
    let bo = ports.add(org, "Bo", "bo@example.org");
    for other in [&second, &ann] {
        let now = ports.clock.tick();
        let merged = ports.contacts.merge(org, bo.id, other.id, None, USER, now).unwrap().unwrap();
        assert!(!merged.contact.consent.is_subscribed());
    }
    assert_eq!(consent_of(ports, org, bo.id), Consent::Unsubscribed(first));
    assert!(ports.removed(org, bo.id));
    let again = ports.add(org, "Bo", "bo@example.org");
    assert!(!consent_of(ports, org, again.id).is_subscribed());
}

pub fn an_address_that_changes_consent_is_in_the_event(ports: &Ports) {
    let org = ports.org();
    let (ann, unsubscribe) = unsubscribed(ports, org, "ann@example.org");
    assert!(ports.removed(org, ann.id));
    let bo = ports.add(org, "Bo", "bo@example.org");
    let before = ports.feed.end(org).unwrap();
    let (patch, now) = (new_email("ann@example.org"), ports.clock.tick());
    let updated = ports.contacts.update(org, bo.id, None, &patch, USER, now).unwrap().unwrap();
    assert_eq!(updated.contact.consent, Consent::Unsubscribed(unsubscribe.without_note()));
    let events = ports.feed.after(org, Some(before), 10).unwrap();
    let [event] = &*events else { panic!("{events:?}") };
    assert_eq!(event.event.fields, ["email", "consent"]);
}

pub fn contacts_are_filtered_by_consent(ports: &Ports) {
    let org = ports.org();
    unsubscribed(ports, org, "ann@example.org");
    ports.add(org, "Bo", "bo@example.org");
    let named = |subscribed| {
        let filter = ContactFilter { subscribed, ..ContactFilter::default() };
        ports.names(org, &filter)
    };
    assert_eq!(named(Some(true)), ["Bo"]);
    assert_eq!(named(Some(false)), ["Ann"]);
    assert_eq!(named(None).len(), 2);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let (ann, unsubscribe) = unsubscribed(ports, org, "ann@example.org");
    assert_eq!(raise(ports, other, ann.id), None);
    let theirs = ports.add(other, "Ann", "ann@example.org");
    assert!(consent_of(ports, other, theirs.id).is_subscribed());
    raise(ports, other, theirs.id);
    assert_eq!(consent_of(ports, org, ann.id), Consent::Unsubscribed(unsubscribe));
}
