//! The contract of [`contacts_core::campaign::CampaignRepository`] for campaigns and deliveries
//! (R27, R29).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::campaign::{
    Campaign, CampaignKind, ContactCampaigns, Delivery, DeliveryKind, DeliveryOutcome,
    DeliveryStatus, SubscribeOutcome, SubscribeRefusal, Subscription,
};
use contacts_core::contact::{Activity, ActivityKind, Contact, ContactId};
use contacts_core::page::PageSize;
use contacts_core::{Actor, Clock, Error, Ids, OrgId};

use super::check::walk;
use crate::Ports;
use crate::samples::{campaign, delivery};

use DeliveryKind::{Bounced, Clicked, Opened, Sent, Unsubscribed};
use DeliveryOutcome::{Applied, Duplicate, UnknownCampaign, UnknownContact};

impl Ports {
    pub(crate) fn campaign(&self, org: OrgId, name: &str) -> Campaign {
        let campaign = campaign(&self.ids, &self.clock, name);
        assert!(self.campaigns.register(org, &campaign).unwrap().1);
        campaign
    }

    pub(crate) fn campaigns_of(&self, org: OrgId, contact: ContactId) -> ContactCampaigns {
        self.campaigns.of_contact(org, contact, None, 1_000).unwrap().unwrap()
    }

    pub(crate) fn join(
        &self,
        org: OrgId,
        campaign: &Campaign,
        contact: ContactId,
    ) -> SubscribeOutcome {
        let now = self.clock.now();
        let joined = self.campaigns.subscribe(org, campaign.id, &[contact], Actor::System, now);
        let [(id, joining)] = joined.unwrap()[..] else { panic!("it is there") };
        assert_eq!(id, contact);
        joining
    }

    /// Deletes a contact, and returns whether it existed.
    pub(crate) fn removed(&self, org: OrgId, contact: ContactId) -> bool {
        let now = self.clock.now();
        self.contacts.delete(org, contact, None, Actor::System, now).unwrap()
    }

    /// Reports one delivery, which must be applied.
    pub(crate) fn report_delivery(
        &self,
        org: OrgId,
        campaign: &Campaign,
        contact: &Contact,
        kind: DeliveryKind,
    ) {
        let id = self.ids.next().to_string();
        let one = delivery(&id, campaign.id, contact.id, kind, self.clock.now());
        assert_eq!(self.campaigns.deliver(org, &[one], self.clock.now()).unwrap(), [Applied]);
    }
}

fn status(ports: &Ports, org: OrgId, contact: &Contact) -> Vec<DeliveryStatus> {
    let found = ports.campaigns_of(org, contact.id);
    found.items.iter().map(|(_, subscription)| subscription.status()).collect()
}

pub fn a_campaign_is_registered_once_and_renamed(ports: &Ports) {
    let org = ports.org();
    let spring = ports.campaign(org, "Spring");
    let (stored, is_new) = ports.campaigns.register(org, &spring).unwrap();
    assert_eq!((&stored, is_new), (&spring, false));
    let later = ports.clock.tick();
    let renamed = Campaign { name: "Summer".to_owned(), created_at: later, ..spring.clone() };
    let (stored, is_new) = ports.campaigns.register(org, &renamed).unwrap();
    let expected = Campaign { name: "Summer".to_owned(), ..spring };
    assert_eq!((&stored, is_new), (&expected, false));
    let found = ports.campaigns.get(org, expected.id).unwrap().unwrap();
    assert_eq!((found.campaign, found.people.len()), (expected.clone(), 0));
    let other =
        Campaign { kind: CampaignKind::Announcement, name: "x".to_owned(), ..expected.clone() };
    let refused = ports.campaigns.register(org, &other);
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert_eq!(ports.campaigns.get(org, expected.id).unwrap().unwrap().campaign, expected);
}

pub fn campaigns_are_listed_newest_first_page_by_page(ports: &Ports) {
    let org = ports.org();
    let mut made = Vec::new();
    for (at, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        // Two of the campaigns have the same time.
        if at != 2 {
            ports.clock.tick();
        }
        made.push(ports.campaign(org, name));
    }
    made.reverse();
    let list = |after, limit| -> Vec<Campaign> {
        let found = ports.campaigns.list(org, after, limit).unwrap();
        found.into_iter().map(|counted| counted.campaign).collect()
    };
    assert_eq!(list(None, 10), made);
    let mut after = None;
    for campaign in &made {
        let page = list(after, 1);
        assert_eq!(page, std::slice::from_ref(campaign));
        after = Some(campaign.cursor());
    }
    assert_eq!(list(after, 10), []);
}

pub fn people_are_counted_by_status(ports: &Ports) {
    let org = ports.org();
    let (spring, other) = (ports.campaign(org, "Spring"), ports.campaign(org, "Other"));
    for (name, kinds) in [
        ("a", &[][..]),
        ("b", &[]),
        ("c", &[Sent]),
        ("d", &[Sent, Clicked]),
        ("e", &[Unsubscribed]),
    ] {
        let contact = ports.add(org, name, &format!("{name}@example.org"));
        assert_eq!(ports.join(org, &spring, contact.id), SubscribeOutcome::Added);
        kinds.iter().for_each(|kind| ports.report_delivery(org, &spring, &contact, *kind));
    }
    let counted = ports.campaigns.get(org, spring.id).unwrap().unwrap();
    let people: Vec<_> = counted.people.clone().into_iter().collect();
    let expected = [
        (DeliveryStatus::Pending, 2),
        (DeliveryStatus::Sent, 1),
        (DeliveryStatus::Clicked, 1),
        (DeliveryStatus::Unsubscribed, 1),
    ];
    assert_eq!(people, expected);
    let listed = ports.campaigns.list(org, None, 10).unwrap();
    assert!(listed.contains(&counted));
    assert!(listed.iter().any(|c| c.campaign.id == other.id && c.people.is_empty()));
}

pub fn a_missing_record_is_none(ports: &Ports) {
    let (org, now) = (ports.org(), ports.clock.now());
    let unknown = ContactId(ports.ids.next());
    let unregistered = campaign(&ports.ids, &ports.clock, "x");
    assert_eq!(ports.campaigns.get(org, unregistered.id).unwrap(), None);
    assert_eq!(ports.campaigns.of_contact(org, unknown, None, 1_000).unwrap(), None);
    let spring = ports.campaign(org, "Spring");
    let joined = ports.campaigns.subscribe(org, spring.id, &[unknown], Actor::System, now);
    assert_eq!(joined.unwrap(), []);
    let ann = ports.add(org, "Ann", "ann@example.org");
    let joined = ports.campaigns.subscribe(org, unregistered.id, &[ann.id], Actor::System, now);
    assert!(matches!(joined, Err(Error::NotFound("campaign"))), "{joined:?}");
    assert_eq!(ports.campaigns_of(org, ann.id), ContactCampaigns::default());
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let ann = ports.add(org, "Ann", "ann@example.org");
    let spring = ports.campaign(org, "Spring");
    ports.join(org, &spring, ann.id);
    assert_eq!(ports.campaigns.get(other, spring.id).unwrap(), None);
    assert_eq!(ports.campaigns.list(other, None, 10).unwrap(), []);
    assert_eq!(ports.campaigns.of_contact(other, ann.id, None, 1_000).unwrap(), None);
    let now = ports.clock.now();
    let joined = ports.campaigns.subscribe(other, spring.id, &[ann.id], Actor::System, now);
    assert!(matches!(joined, Err(Error::NotFound("campaign"))), "{joined:?}");

    // Campaigns and deliveries of another organisation are separate, even under the same id.
    let foreign = Campaign { name: "Theirs".to_owned(), ..spring.clone() };
    assert!(ports.campaigns.register(other, &foreign).unwrap().1);
    let bo = ports.add(other, "Bo", "ann@example.org");
    let deliveries = |contact| delivery("1", spring.id, contact, Unsubscribed, now);
    assert_eq!(
        ports.campaigns.deliver(other, &[deliveries(ann.id)], ports.clock.now()).unwrap(),
        [UnknownContact]
    );
    assert_eq!(
        ports.campaigns.deliver(other, &[deliveries(bo.id)], ports.clock.now()).unwrap(),
        [Applied]
    );
    assert_eq!(
        ports.campaigns.deliver(org, &[deliveries(ann.id)], ports.clock.now()).unwrap(),
        [Applied]
    );
    let more = [(Sent, bo.id), (Sent, ann.id)];
    let more = more.map(|(kind, id)| delivery("2", spring.id, id, kind, now));
    assert_eq!(
        ports.campaigns.deliver(org, &more, ports.clock.now()).unwrap(),
        [UnknownContact, Applied]
    );
    assert_eq!(ports.campaigns.get(org, spring.id).unwrap().unwrap().campaign.name, "Spring");
    assert_eq!(ports.campaigns_of(other, bo.id).items[0].1.sent_at, None);

    // An address that is unsubscribed in one organisation is not unsubscribed in another.
    let third = ports.org();
    let cy = ports.add(third, "Cy", "ann@example.org");
    assert_eq!(ports.campaigns_of(third, cy.id).unsubscribed_at, None);
}

pub fn campaigns_of_a_contact_are_listed_newest_first_page_by_page(ports: &Ports) {
    let org = ports.org();
    let [ann, bo] = ["ann", "bo"].map(|n| ports.add(org, n, &format!("{n}@example.org")));
    let mut expected = Vec::new();
    for step in 0..5 {
        if step % 2 == 0 {
            ports.clock.tick();
        }
        let campaign = ports.campaign(org, &format!("{step}"));
        ports.join(org, &campaign, ann.id);
        expected.insert(0, campaign.id);
    }
    let one = ports.campaign(org, "Other");
    ports.join(org, &one, bo.id);
    for limit in [1, 2, 1_000] {
        let read = |after, limit| {
            ports.campaigns.of_contact(org, ann.id, after, limit).unwrap().unwrap().items
        };
        let items = walk(limit, read, |item, _| ContactCampaigns::cursor(item));
        let ids: Vec<_> = items.iter().map(|(campaign, _)| campaign.id).collect();
        assert_eq!(ids, expected);
    }
}

pub fn contacts_are_put_into_a_campaign_each_once(ports: &Ports) {
    let org = ports.org();
    let spring = ports.campaign(org, "Spring");
    let [ann, bo, cy] = ["ann", "bo", "cy"].map(|n| ports.add(org, n, &format!("{n}@example.org")));
    let nameless = ports.add(org, "No address", "");
    let user = Actor::User(ports.ids.next());
    let first = ports.clock.tick();
    let joined = ports.campaigns.subscribe(org, spring.id, &[bo.id], user, first).unwrap();
    assert_eq!(joined, [(bo.id, SubscribeOutcome::Added)]);
    ports.report_delivery(org, &spring, &cy, Unsubscribed);
    let second = ports.clock.tick();
    let deleted = ContactId(ports.ids.next());
    let all = [cy.id, deleted, nameless.id, bo.id, ann.id, ann.id];
    let joined = ports.campaigns.subscribe(org, spring.id, &all, Actor::System, second).unwrap();
    let expected = [
        (ann.id, SubscribeOutcome::Added),
        (bo.id, SubscribeOutcome::Unchanged),
        (cy.id, SubscribeOutcome::Skipped(SubscribeRefusal::Unsubscribed)),
        (nameless.id, SubscribeOutcome::Skipped(SubscribeRefusal::Unreachable)),
    ];
    assert_eq!(joined, expected);
    let of = |contact: &Contact| ports.campaigns_of(org, contact.id).items;
    let as_first = Subscription::new(bo.id, spring.id, user, first);
    assert_eq!(of(&bo), [(spring.clone(), as_first)]);
    let as_second = Subscription::new(ann.id, spring.id, Actor::System, second);
    assert_eq!(of(&ann), [(spring.clone(), as_second)]);
    assert_eq!(of(&nameless), []);
    assert_eq!(ports.campaigns.subscribe(org, spring.id, &[], user, second).unwrap(), []);
}

pub fn campaigns_of_a_contact_are_listed_newest_first_with_all_times(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let (spring, summer) = (ports.campaign(org, "Spring"), ports.campaign(org, "Summer"));
    let at = [(); 7].map(|()| ports.clock.tick());
    let kinds = [Sent, Bounced, Opened, Clicked, Unsubscribed];
    let deliveries: Vec<_> = (1..)
        .zip(kinds)
        .map(|(n, kind)| delivery(&n.to_string(), spring.id, ann.id, kind, at[n]))
        .collect();
    assert_eq!(
        ports.campaigns.deliver(org, &deliveries, ports.clock.now()).unwrap(),
        vec![Applied; 5]
    );
    let summers = delivery("x", summer.id, ann.id, Sent, at[6]);
    ports.campaigns.deliver(org, &[summers], ports.clock.now()).unwrap();
    let found = ports.campaigns_of(org, ann.id);
    assert_eq!(found.unsubscribed_at, Some(at[5]));
    let names: Vec<_> = found.items.iter().map(|(campaign, _)| campaign.name.as_str()).collect();
    assert_eq!(names, ["Summer", "Spring"]);
    let expected = Subscription {
        contact: ann.id,
        campaign: spring.id,
        pending_at: at[1],
        sent_at: Some(at[1]),
        bounced_at: Some(at[2]),
        opened_at: Some(at[3]),
        clicked_at: Some(at[4]),
        unsubscribed_at: Some(at[5]),
        actor: Actor::System,
    };
    assert_eq!(found.items[1].1, expected);
    assert_eq!(status(ports, org, &ann), [DeliveryStatus::Sent, DeliveryStatus::Unsubscribed]);
}

/// Returns deliveries of every kind, reported by two actors. Some have the same time.
fn deliveries_of_every_kind(
    ports: &Ports,
    campaign: &Campaign,
    contact: &Contact,
) -> Vec<Delivery> {
    let begin = ports.clock.now();
    let user = Actor::User(crate::CountedIds::nth(1 << 40));
    [(Sent, 5), (Sent, 3), (Clicked, 1), (Bounced, 1), (Opened, 4), (Unsubscribed, 2)]
        .into_iter()
        .enumerate()
        .map(|(n, (kind, second))| Delivery {
            actor: if n % 2 == 0 { user } else { Actor::System },
            ..delivery(
                &format!("{}/{n}", contact.id),
                campaign.id,
                contact.id,
                kind,
                begin + Duration::from_secs(second),
            )
        })
        .collect()
}

pub fn deliveries_in_any_order_give_one_result(ports: &Ports) {
    let org = ports.org();
    let spring = ports.campaign(org, "Spring");
    let begin = ports.clock.now();
    let mut results: Vec<(Subscription, Option<time::OffsetDateTime>)> = Vec::new();
    for order in 0..24 {
        let contact = ports.add(org, "Ann", &format!("{order}@example.org"));
        let mut deliveries = deliveries_of_every_kind(ports, &spring, &contact);
        // Each order is different: rotated, reversed, subscribed before or after, reported one by
        // one or all at once.
        deliveries.rotate_left(order % 6);
        if order % 2 == 1 {
            deliveries.reverse();
        }
        let join = || {
            let late = begin + Duration::from_secs(9);
            ports.campaigns.subscribe(org, spring.id, &[contact.id], Actor::System, late).unwrap();
        };
        if order % 3 == 0 {
            join();
        }
        for batch in deliveries.chunks(1 + order % 4) {
            assert_eq!(
                ports.campaigns.deliver(org, batch, ports.clock.now()).unwrap(),
                vec![Applied; batch.len()]
            );
        }
        join();
        // Reporting all deliveries again later changes nothing.
        let again = ports.campaigns.deliver(org, &deliveries, ports.clock.now()).unwrap();
        assert_eq!(again, vec![Duplicate; deliveries.len()]);
        let mut found = ports.campaigns_of(org, contact.id);
        let (_, mut subscription) = found.items.remove(0);
        subscription.contact = ContactId(uuid::Uuid::nil());
        results.push((subscription, found.unsubscribed_at));
    }
    results.dedup();
    assert_eq!(results.len(), 1, "{results:?}");
    let (subscription, unsubscribed_at) = &results[0];
    assert_eq!(*unsubscribed_at, Some(begin + Duration::from_secs(2)));
    assert_eq!(subscription.pending_at, begin + Duration::from_secs(1));
    assert_eq!(subscription.sent_at, Some(begin + Duration::from_secs(3)));
    assert_eq!(subscription.opened_at, Some(begin + Duration::from_secs(1)));
    assert_eq!(subscription.status(), DeliveryStatus::Unsubscribed);
}

pub fn each_delivery_is_answered_and_the_unknown_change_nothing(ports: &Ports) {
    let (org, now) = (ports.org(), ports.clock.now());
    let ann = ports.add(org, "Ann", "ann@example.org");
    let spring = ports.campaign(org, "Spring");
    let unknown = ContactId(ports.ids.next());
    let unknown_campaign = campaign(&ports.ids, &ports.clock, "x");
    let deliveries = [
        delivery("1", spring.id, unknown, Unsubscribed, now),
        delivery("2", unknown_campaign.id, ann.id, Unsubscribed, now),
        delivery("3", unknown_campaign.id, unknown, Unsubscribed, now),
        // A delivery that was not applied is not stored, so its id stays free.
        delivery("1", spring.id, ann.id, Sent, now),
        // An id counts once, even if the delivery differs.
        delivery("1", spring.id, ann.id, Clicked, now),
        delivery("1", unknown_campaign.id, unknown, Clicked, now),
        delivery("4", spring.id, ann.id, Opened, now),
    ];
    let expected =
        [UnknownContact, UnknownCampaign, UnknownContact, Applied, Duplicate, Duplicate, Applied];
    assert_eq!(ports.campaigns.deliver(org, &deliveries, ports.clock.now()).unwrap(), expected);
    let again = ports.campaigns.deliver(org, &deliveries, ports.clock.now()).unwrap();
    let expected =
        [Duplicate, UnknownCampaign, UnknownContact, Duplicate, Duplicate, Duplicate, Duplicate];
    assert_eq!(again, expected);
    let found = ports.campaigns_of(org, ann.id);
    assert_eq!((found.items.len(), found.unsubscribed_at), (1, None));
    assert_eq!(status(ports, org, &ann), [DeliveryStatus::Opened]);
    assert_eq!(ports.campaigns.get(org, unknown_campaign.id).unwrap(), None);
    assert_eq!(ports.campaigns.deliver(org, &[], ports.clock.now()).unwrap(), []);
}

pub fn batches_about_the_same_people_at_once_are_taken_once(ports: &Ports) {
    let org = ports.org();
    let spring = ports.campaign(org, "Spring");
    let people: Vec<_> = (0..8).map(|n| ports.add(org, "x", &format!("{n}@example.org"))).collect();
    let deliveries: Vec<_> = people
        .iter()
        .flat_map(|contact| deliveries_of_every_kind(ports, &spring, contact))
        .collect();
    let applied: usize = std::thread::scope(|scope| {
        let batches: Vec<_> = (0..6)
            .map(|worker| {
                let mut deliveries = deliveries.clone();
                deliveries.rotate_left(worker * 7);
                if worker % 2 == 1 {
                    deliveries.reverse();
                }
                scope.spawn(move || {
                    let outcomes = deliveries.chunks(16).flat_map(|batch| {
                        ports.campaigns.deliver(org, batch, ports.clock.now()).unwrap()
                    });
                    outcomes.filter(|outcome| *outcome == Applied).count()
                })
            })
            .collect();
        batches.into_iter().map(|batch| batch.join().unwrap()).sum()
    });
    assert_eq!(applied, deliveries.len());
    let counted = ports.campaigns.get(org, spring.id).unwrap().unwrap();
    assert_eq!(counted.people.into_iter().collect::<Vec<_>>(), [(DeliveryStatus::Unsubscribed, 8)]);
}

pub fn campaigns_are_in_the_activity(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let spring = ports.campaign(org, "Spring");
    let (user, key) =
        (Actor::User(ports.ids.next()), Actor::Key(contacts_core::key::KeyId(ports.ids.next())));
    let joined = ports.clock.tick();
    ports.campaigns.subscribe(org, spring.id, &[ann.id], user, joined).unwrap();
    let [sent, clicked] = [(); 2].map(|()| ports.clock.tick());
    for (id, kind, at) in [("2", Clicked, clicked), ("1", Sent, sent), ("1", Opened, sent)] {
        let deliveries = Delivery { actor: key, ..delivery(id, spring.id, ann.id, kind, at) };
        ports.campaigns.deliver(org, &[deliveries], ports.clock.now()).unwrap();
    }
    let delivered = |kind| ActivityKind::Delivered { campaign: spring.clone(), kind };
    let expected = [
        Activity { at: clicked, actor: key, what: delivered(Clicked) },
        Activity { at: sent, actor: key, what: delivered(Sent) },
        Activity { at: joined, actor: user, what: ActivityKind::Subscribed(spring.clone()) },
    ];
    let all = ports.contacts.activity(org, ann.id, None, PageSize::default()).unwrap().items;
    assert_eq!(all[..3], expected);
    assert_eq!(all[3].what, ActivityKind::Created);
    // Across pages, deliveries of the same time are neither lost nor repeated.
    let again = [("3", Sent), ("4", Opened)];
    let again = again.map(|(id, kind)| delivery(id, spring.id, ann.id, kind, joined));
    ports.campaigns.deliver(org, &again, ports.clock.now()).unwrap();
    let all = ports.contacts.activity(org, ann.id, None, PageSize::default()).unwrap().items;
    let (mut paged, mut before) = (Vec::new(), None);
    loop {
        let one = PageSize::new(1).unwrap();
        let page = ports.contacts.activity(org, ann.id, before.take(), one).unwrap();
        paged.extend(page.items);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!((paged.len(), &paged), (6, &all));
}

pub fn a_deleted_contact_takes_its_subscriptions_and_deliveries(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let spring = ports.campaign(org, "Spring");
    let deliveries = delivery("1", spring.id, ann.id, Sent, ports.clock.now());
    assert_eq!(
        ports.campaigns.deliver(org, std::slice::from_ref(&deliveries), ports.clock.now()).unwrap(),
        [Applied]
    );
    assert!(ports.removed(org, ann.id));
    assert!(ports.campaigns.get(org, spring.id).unwrap().unwrap().people.is_empty());
    assert_eq!(
        ports.campaigns.deliver(org, &[deliveries], ports.clock.now()).unwrap(),
        [UnknownContact]
    );
    assert_eq!(ports.campaigns.of_contact(org, ann.id, None, 1_000).unwrap(), None);
}
