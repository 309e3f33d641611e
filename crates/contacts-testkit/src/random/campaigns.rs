//! Random campaigns: registrations, subscriptions and deliveries in any order.

use contacts_core::campaign::{
    Campaign, CampaignId, CampaignKind, Delivery, DeliveryId, DeliveryKind, DeliveryStatus,
};
use contacts_core::contact::ContactId;
use contacts_core::{Actor, Clock};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use time::Duration;
use uuid::Uuid;

use super::Operation;
use super::run::Run;

/// Returns the id of a campaign by its number. It is the same in every organisation.
pub(super) fn campaign_id(number: u8) -> CampaignId {
    CampaignId(Uuid::from_u128(u128::from(number) + 1))
}

/// A delivery to report.
#[derive(Clone, Debug)]
pub struct ReportedDelivery {
    /// Number of the delivery.
    pub id: u8,
    /// Index of the contact. `None` is a contact that does not exist.
    pub who: Option<usize>,
    /// Number of the campaign.
    pub campaign: u8,
    /// Kind of the delivery.
    pub kind: DeliveryKind,
    /// Time of the delivery, in seconds since the start of the sequence.
    pub second: i64,
    /// Whether a user reports the delivery, and not the system.
    pub by_user: bool,
}

pub(super) fn operation() -> impl Strategy<Value = Operation> {
    let campaign = 0..3u8;
    let kind = select(&CampaignKind::ALL[..]);
    let kind = prop_oneof![5 => Just(CampaignKind::Campaign), 1 => kind];
    let register = (campaign.clone(), kind, select(&["Spring", "Summer"][..]))
        .prop_map(|(campaign, kind, name)| Operation::Register { campaign, kind, name });
    let join = (vec(0..8usize, 1..4), campaign)
        .prop_map(|(who, campaign)| Operation::Join { who, campaign });
    prop_oneof![2 => register, 2 => join, 4 => vec(values(), 1..6).prop_map(Operation::Deliver)]
}

fn values() -> impl Strategy<Value = ReportedDelivery> {
    let who = prop::option::weighted(0.9, 0..8usize);
    let kind = select(&DeliveryKind::ALL[..]);
    (0..40u8, who, 0..3u8, kind, 0..20i64, any::<bool>()).prop_map(
        |(id, who, campaign, kind, second, by_user)| ReportedDelivery {
            id,
            who,
            campaign,
            kind,
            second,
            by_user,
        },
    )
}

pub(super) fn statuses() -> impl Strategy<Value = Vec<DeliveryStatus>> {
    prop_oneof![1 => Just(vec![]), 2 => subsequence(DeliveryStatus::ALL.to_vec(), 1..=3)]
}

impl Run<'_> {
    pub(super) fn register(&self, campaign: u8, kind: CampaignKind, name: &str) -> String {
        let now = self.ports.clock.now();
        let campaign = Campaign::new(campaign_id(campaign), kind, name, now).unwrap();
        let registered = self.ports.campaigns.register(self.org, &campaign);
        self.tell.result(registered, |(kept, is_new)| format!("{} {is_new}", kept.name))
    }

    pub(super) fn join(&self, who: &[usize], campaign: u8) -> String {
        let people: Vec<_> = who.iter().filter_map(|who| self.person(*who)).map(|c| c.id).collect();
        let now = self.ports.clock.now();
        let id = campaign_id(campaign);
        let joined = self.ports.campaigns.subscribe(self.org, id, &people, Actor::System, now);
        self.tell.result(joined, |joined| {
            let joined: Vec<_> = joined.iter().map(|(_, joining)| joining).collect();
            format!("{joined:?}")
        })
    }

    pub(super) fn deliver(&self, values: &[ReportedDelivery]) -> String {
        let user = Actor::User(Uuid::from_u128(9));
        let nobody = ContactId(Uuid::from_u128(1));
        let deliveries: Vec<_> = values
            .iter()
            .map(|values| Delivery {
                id: DeliveryId::parse(&values.id.to_string()).unwrap(),
                campaign: campaign_id(values.campaign),
                contact: values.who.and_then(|who| self.person(who)).map_or(nobody, |c| c.id),
                kind: values.kind,
                at: self.begins + Duration::seconds(values.second),
                actor: if values.by_user { user } else { Actor::System },
            })
            .collect();
        let outcomes = self.ports.campaigns.deliver(self.org, &deliveries, self.ports.clock.now());
        self.tell.result(outcomes, |outcomes| format!("{outcomes:?}"))
    }

    /// Returns the subscriptions and deliveries of a contact.
    pub(super) fn campaigns_of(&self, contact: ContactId) -> Vec<String> {
        let found =
            self.ports.campaigns.of_contact(self.org, contact, None, 1_000).unwrap().unwrap();
        let at = |time: Option<time::OffsetDateTime>| time.map(|time| self.tell.at(time));
        let mut values: Vec<_> = found
            .items
            .iter()
            .map(|(campaign, s)| {
                let times = [
                    Some(s.pending_at),
                    s.sent_at,
                    s.bounced_at,
                    s.opened_at,
                    s.clicked_at,
                    s.unsubscribed_at,
                ];
                format!("{} {:?} {:?} {:?}", campaign.name, s.status(), times.map(at), s.actor)
            })
            .collect();
        values.extend(at(found.unsubscribed_at).map(|since| format!("unsubscribed {since}")));
        values
    }

    pub(super) fn campaigns(&self) -> String {
        let found = self.ports.campaigns.list(self.org, None, 100).unwrap();
        let shown = found.iter().map(|c| format!("{} {:?}", c.campaign.name, c.people));
        self.tell.lines(shown)
    }
}
