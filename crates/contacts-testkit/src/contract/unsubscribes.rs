//! The contract of [`contacts_core::campaign::CampaignRepository`] for unsubscribed contacts,
//! together with the ports that add and change contacts (R14, R28).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::campaign::{Campaign, DeliveryKind, SubscribeOutcome, SubscribeRefusal};
use contacts_core::contact::Contact;
use contacts_core::{Actor, Clock, OrgId};
use time::OffsetDateTime;

use crate::Ports;
use crate::samples::{self, chunk, delivery, import_row, new_email, new_name, running_import};

const REFUSED: SubscribeOutcome = SubscribeOutcome::Skipped(SubscribeRefusal::Unsubscribed);

/// Creates an organisation with a campaign that Ann has unsubscribed from. Returns the time of the
/// unsubscribe last.
fn unsubscribed(ports: &Ports) -> (OrgId, Campaign, Contact, OffsetDateTime) {
    let org = ports.org();
    let campaign = ports.campaign(org, "Spring");
    let ann = ports.add(org, "Ann", "Ann@Bücher.example");
    let since = ports.clock.now();
    ports.report_delivery(org, &campaign, &ann, DeliveryKind::Unsubscribed);
    ports.clock.tick();
    (org, campaign, ann, since)
}

/// Checks that no campaign, not even another one, can add the contact.
fn assert_stays(ports: &Ports, org: OrgId, contact: &Contact, since: OffsetDateTime) {
    assert_eq!(ports.campaigns_of(org, contact.id).unsubscribed_at, Some(since));
    let other = ports.campaign(org, "Another");
    assert_eq!(ports.join(org, &other, contact.id), REFUSED);
    let found = ports.campaigns_of(org, contact.id);
    assert!(found.items.iter().all(|(campaign, _)| campaign.id != other.id));
}

pub fn who_unsubscribed_from_one_campaign_is_put_into_none(ports: &Ports) {
    let (org, campaign, ann, since) = unsubscribed(ports);
    assert_stays(ports, org, &ann, since);
    assert_eq!(ports.join(org, &campaign, ann.id), REFUSED);
    let bo = ports.add(org, "Bo", "bo@example.org");
    assert_eq!(ports.campaigns_of(org, bo.id).unsubscribed_at, None);
    assert_eq!(ports.join(org, &campaign, bo.id), SubscribeOutcome::Added);
}

pub fn an_unsubscribe_outlives_the_contact(ports: &Ports) {
    let (org, _, ann, since) = unsubscribed(ports);
    assert!(ports.removed(org, ann.id));
    // Another spelling of the address is unsubscribed as well.
    let again = ports.add(org, "Ann", "ANN@xn--bcher-kva.example");
    assert_stays(ports, org, &again, since);
    assert!(ports.removed(org, again.id));
    let again = ports.add(org, "Ann", "ann@bücher.example");
    assert_stays(ports, org, &again, since);
    let bo = ports.add(org, "Bo", "a.nn@bücher.example");
    assert_eq!(ports.campaigns_of(org, bo.id).unsubscribed_at, None);
}

pub fn an_import_does_not_bring_back_who_unsubscribed(ports: &Ports) {
    let (org, _, ann, since) = unsubscribed(ports);
    let import = |address: &str| {
        let import = running_import(ports, org, Default::default());
        let rows = vec![import_row("Bo", "bo@example.org"), import_row("Anna", address)];
        let now = ports.clock.tick();
        ports.imports.apply(&import, &chunk(&ports.ids, 0, rows), now).unwrap();
        ports.of_address(org, address).unwrap()
    };
    // The import updates the contact.
    let updated = import("ann@BÜCHER.example");
    assert_eq!(updated.id, ann.id);
    assert_stays(ports, org, &updated, since);
    // The import adds the contact.
    assert!(ports.removed(org, ann.id));
    let added = import("aNN@bücher.example");
    assert_ne!(added.id, ann.id);
    assert_stays(ports, org, &added, since);
    let bo = ports.of_address(org, "bo@example.org").unwrap();
    assert_eq!(ports.campaigns_of(org, bo.id).unsubscribed_at, None);
}

pub fn who_unsubscribed_stays_so_under_a_new_address_and_so_do_both_addresses(ports: &Ports) {
    let (org, _, ann, since) = unsubscribed(ports);
    let now = ports.clock.tick();
    let patch = new_email("Anna@Example.org");
    let ann = ports.contacts.update(org, ann.id, None, &patch, Actor::System, now).unwrap();
    let ann = ann.unwrap().contact;
    assert_stays(ports, org, &ann, since);
    // Both addresses stay unsubscribed for any contact that gets them.
    assert!(ports.removed(org, ann.id));
    for address in ["ann@bücher.example", "anna@example.org"] {
        let again = ports.add(org, "Ann", address);
        assert_stays(ports, org, &again, since);
    }
}

pub fn who_takes_an_unsubscribed_address_is_unsubscribed(ports: &Ports) {
    let (org, campaign, ann, since) = unsubscribed(ports);
    assert!(ports.removed(org, ann.id));
    let now = ports.clock.tick();
    for address in ["bo@example.org", ""] {
        let bo = ports.add(org, "Bo", address);
        let named = ports.contacts.update(org, bo.id, None, &new_name("B"), Actor::System, now);
        assert!(named.unwrap().is_some());
        assert_eq!(ports.campaigns_of(org, bo.id).unsubscribed_at, None);
        let patch = new_email("ann@bücher.example");
        ports.contacts.update(org, bo.id, None, &patch, Actor::System, now).unwrap();
        assert_stays(ports, org, &bo, since);
        assert_eq!(ports.join(org, &campaign, bo.id), REFUSED);
        assert!(ports.removed(org, bo.id));
    }
}

pub fn who_unsubscribes_without_an_address_is_so_when_one_is_filled_in(ports: &Ports) {
    let org = ports.org();
    let campaign = ports.campaign(org, "Spring");
    let ann = ports.add(org, "Ann", "");
    let since = ports.clock.now();
    ports.report_delivery(org, &campaign, &ann, DeliveryKind::Unsubscribed);
    let now = ports.clock.tick();
    let patch = new_email("ann@example.org");
    ports.contacts.update(org, ann.id, None, &patch, Actor::System, now).unwrap();
    assert_stays(ports, org, &ann, since);
    assert!(ports.removed(org, ann.id));
    let again = ports.add(org, "Ann", "ann@example.org");
    assert_stays(ports, org, &again, since);
}

pub fn a_late_report_of_an_earlier_unsubscribe_counts(ports: &Ports) {
    let (org, campaign, ann, since) = unsubscribed(ports);
    let early = since - std::time::Duration::from_secs(60);
    let late = since + std::time::Duration::from_secs(60);
    for (id, at) in [("late", late), ("early", early)] {
        let deliveries = delivery(id, campaign.id, ann.id, DeliveryKind::Unsubscribed, at);
        ports.campaigns.deliver(org, &[deliveries], ports.clock.now()).unwrap();
    }
    assert_stays(ports, org, &ann, early);
    assert!(ports.removed(org, ann.id));
    let again = ports.add(org, "Ann", "ann@bücher.example");
    assert_stays(ports, org, &again, early);
}

pub fn an_address_that_is_deleted_and_added_at_once_stays_unsubscribed(ports: &Ports) {
    let org = ports.org();
    let campaign = ports.campaign(org, "Spring");
    let now = ports.clock.now();
    for round in 0..10 {
        let address = format!("{round}@example.org");
        let ann = ports.add(org, "Ann", &address);
        let deliveries = [delivery(&address, campaign.id, ann.id, DeliveryKind::Unsubscribed, now)];
        let results = std::thread::scope(|scope| {
            let deliveries = scope
                .spawn(|| ports.campaigns.deliver(org, &deliveries, ports.clock.now()).unwrap());
            let deleted = scope.spawn(|| ports.removed(org, ann.id));
            let added = scope.spawn(|| {
                for _ in 0..1_000_000 {
                    let new = samples::contact(org, &ports.ids, &ports.clock, "Ann", &address);
                    if ports.contacts.insert(&new, Actor::System).is_ok() {
                        return;
                    }
                    std::thread::yield_now();
                }
                panic!("the address is never free");
            });
            assert!(deleted.join().unwrap());
            added.join().unwrap();
            deliveries.join().unwrap()
        });
        let again = ports.of_address(org, &address).unwrap();
        assert_ne!(again.id, ann.id);
        // If the contact was deleted before the unsubscribe was reported, the address is not
        // unsubscribed.
        if results == [contacts_core::campaign::DeliveryOutcome::Applied] {
            assert_stays(ports, org, &again, now);
        }
    }
}
