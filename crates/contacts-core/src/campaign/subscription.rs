//! Subscriptions: contacts in campaigns, with their delivery status (R27).

use time::OffsetDateTime;

use super::{CampaignId, Delivery, DeliveryKind};
use crate::Actor;
use crate::contact::ContactId;

/// Delivery status of a subscription: the furthest that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryStatus {
    /// Nothing was sent yet.
    Pending,
    /// A message was sent.
    Sent,
    /// The message bounced.
    Bounced,
    /// The message was opened.
    Opened,
    /// A link was clicked.
    Clicked,
    /// The person unsubscribed. Overrides everything else.
    Unsubscribed,
}

/// A contact in a campaign, with the first time of each event, from which the status follows.
///
/// Deliveries may arrive late, twice or in any order. Each time is the earliest one reported, so
/// the result does not depend on the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Subscribed contact.
    pub contact: ContactId,
    /// The campaign.
    pub campaign: CampaignId,
    /// Time at which the contact was added: the earliest time at which it is known to be in the
    /// campaign.
    pub pending_at: OffsetDateTime,
    /// Time of the first message.
    pub sent_at: Option<OffsetDateTime>,
    /// Time of the first bounce.
    pub bounced_at: Option<OffsetDateTime>,
    /// Time of the first open. A click implies an open.
    pub opened_at: Option<OffsetDateTime>,
    /// Time of the first click.
    pub clicked_at: Option<OffsetDateTime>,
    /// Time of the first unsubscribe from this campaign.
    pub unsubscribed_at: Option<OffsetDateTime>,
    /// Actor of the earliest addition.
    pub actor: Actor,
}

/// Result of adding a contact to a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubscribeOutcome {
    /// The contact was added.
    Added,
    /// The contact was in the campaign already.
    Unchanged,
    /// The contact was skipped.
    Skipped(SubscribeRefusal),
}

/// Reason why a contact is not added to a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubscribeRefusal {
    /// The person unsubscribed (R28).
    Unsubscribed,
    /// The contact has no e-mail address (R6).
    Unreachable,
}

impl DeliveryStatus {
    /// Every status, from the first to the furthest.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Sent, Self::Bounced, Self::Opened, Self::Clicked, Self::Unsubscribed];

    /// Returns the name of the status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Bounced => "bounced",
            Self::Opened => "opened",
            Self::Clicked => "clicked",
            Self::Unsubscribed => "unsubscribed",
        }
    }

    /// Parses the name of a status.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

impl Subscription {
    /// Makes the subscription of a contact that is added to a campaign.
    pub fn new(
        contact: ContactId,
        campaign: CampaignId,
        actor: Actor,
        pending_at: OffsetDateTime,
    ) -> Self {
        Self {
            contact,
            campaign,
            pending_at,
            sent_at: None,
            bounced_at: None,
            opened_at: None,
            clicked_at: None,
            unsubscribed_at: None,
            actor,
        }
    }

    /// Makes the subscription that a delivery implies: a contact that got a message was in the
    /// campaign.
    pub fn of(delivery: &Delivery) -> Self {
        let Delivery { contact, campaign, kind, at, actor, .. } = delivery;
        let mut reported = Self::new(*contact, *campaign, *actor, *at);
        let at = Some(*at);
        match kind {
            DeliveryKind::Sent => reported.sent_at = at,
            DeliveryKind::Bounced => reported.bounced_at = at,
            DeliveryKind::Opened => reported.opened_at = at,
            DeliveryKind::Clicked => (reported.opened_at, reported.clicked_at) = (at, at),
            DeliveryKind::Unsubscribed => reported.unsubscribed_at = at,
        }
        reported
    }

    /// Returns the first time of a kind of delivery.
    pub fn first(&self, kind: DeliveryKind) -> Option<OffsetDateTime> {
        match kind {
            DeliveryKind::Sent => self.sent_at,
            DeliveryKind::Bounced => self.bounced_at,
            DeliveryKind::Opened => self.opened_at,
            DeliveryKind::Clicked => self.clicked_at,
            DeliveryKind::Unsubscribed => self.unsubscribed_at,
        }
    }

    /// Returns whether a message was sent, also when only its effects were reported.
    pub fn is_mailed(&self) -> bool {
        let times = [self.sent_at, self.bounced_at, self.opened_at, self.clicked_at];
        times.iter().any(Option::is_some)
    }

    /// Applies a delivery. The order of deliveries does not matter, nor does repetition.
    pub fn take(&mut self, delivery: &Delivery) {
        self.merge_with(&Self::of(delivery));
    }

    /// Returns whether a delivery was reported that the other subscription does not have.
    pub(crate) fn has_more_than(&self, other: &Self) -> bool {
        let times = |of: &Self| {
            [of.sent_at, of.bounced_at, of.opened_at, of.clicked_at, of.unsubscribed_at]
        };
        times(self).iter().zip(times(other)).any(|(own, other)| own.is_some() && *own != other)
    }

    /// Merges another subscription to the same campaign: keeps the earliest of each time.
    pub fn merge_with(&mut self, other: &Self) {
        // When two actors add it at the same time, the result must not depend on the order.
        if (other.pending_at, other.actor.parts()) < (self.pending_at, self.actor.parts()) {
            (self.pending_at, self.actor) = (other.pending_at, other.actor);
        }
        for (own_value, other_value) in [
            (&mut self.sent_at, other.sent_at),
            (&mut self.bounced_at, other.bounced_at),
            (&mut self.opened_at, other.opened_at),
            (&mut self.clicked_at, other.clicked_at),
            (&mut self.unsubscribed_at, other.unsubscribed_at),
        ] {
            *own_value = earliest(*own_value, other_value);
        }
    }

    /// Returns the delivery status, which depends on the times alone.
    pub fn status(&self) -> DeliveryStatus {
        let current = [
            (self.unsubscribed_at, DeliveryStatus::Unsubscribed),
            (self.clicked_at, DeliveryStatus::Clicked),
            (self.opened_at, DeliveryStatus::Opened),
            (self.bounced_at, DeliveryStatus::Bounced),
            (self.sent_at, DeliveryStatus::Sent),
        ];
        let furthest = current.into_iter().find(|(at, _)| at.is_some());
        furthest.map_or(DeliveryStatus::Pending, |(_, status)| status)
    }
}

/// Returns the earlier of two optional times.
fn earliest(one: Option<OffsetDateTime>, other: Option<OffsetDateTime>) -> Option<OffsetDateTime> {
    one.into_iter().chain(other).min()
}

impl SubscribeOutcome {
    /// Returns the effect of adding a contact to a campaign (R28).
    pub fn decide(is_unsubscribed: bool, is_reachable: bool, is_in: bool) -> Self {
        if is_unsubscribed {
            Self::Skipped(SubscribeRefusal::Unsubscribed)
        } else if !is_reachable {
            Self::Skipped(SubscribeRefusal::Unreachable)
        } else if is_in {
            Self::Unchanged
        } else {
            Self::Added
        }
    }
}

impl SubscribeRefusal {
    /// Every reason.
    pub const ALL: [Self; 2] = [Self::Unsubscribed, Self::Unreachable];

    /// The reason's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsubscribed => "unsubscribed",
            Self::Unreachable => "unreachable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::DeliveryId;
    use time::macros::datetime;
    use uuid::Uuid;

    const START: OffsetDateTime = datetime!(2026-01-01 10:00 UTC);

    fn delivery(kind: DeliveryKind, second: i64, actor: Actor) -> Delivery {
        Delivery {
            id: DeliveryId::parse("x").unwrap(),
            campaign: CampaignId(Uuid::from_u128(1)),
            contact: ContactId(Uuid::from_u128(2)),
            kind,
            at: START + time::Duration::seconds(second),
            actor,
        }
    }

    /// Every order of the items.
    fn permutations<T: Clone>(items: &[T], visit: &mut impl FnMut(&[T])) {
        fn permute<T: Clone>(items: &mut [T], at: usize, visit: &mut impl FnMut(&[T])) {
            if at == items.len() {
                return visit(items);
            }
            for other in at..items.len() {
                items.swap(at, other);
                permute(items, at + 1, visit);
                items.swap(at, other);
            }
        }
        permute(&mut items.to_vec(), 0, visit);
    }

    fn subscription_of(deliveries: &[Delivery]) -> Subscription {
        let (first, others) = deliveries.split_first().unwrap();
        let mut subscription = Subscription::of(first);
        for other in others {
            subscription.take(other);
        }
        subscription
    }

    #[test]
    fn any_order_and_any_repetition_gives_the_same() {
        use DeliveryKind::{Bounced, Clicked, Opened, Sent, Unsubscribed};
        let key = Actor::Key(crate::key::KeyId(Uuid::from_u128(3)));
        let all = [
            delivery(Sent, 5, Actor::System),
            delivery(Sent, 2, Actor::System),
            delivery(Opened, 4, Actor::System),
            // Two deliveries at the same time, from two actors.
            delivery(Clicked, 1, Actor::System),
            delivery(Bounced, 1, key),
            delivery(Unsubscribed, 6, Actor::System),
            delivery(Unsubscribed, 9, key),
        ];
        let mut orders = 0;
        for chosen in 1..1 << all.len() {
            let some: Vec<_> = (0..all.len())
                .filter(|at| chosen >> at & 1 == 1)
                .map(|at| all[at].clone())
                .collect();
            let expected = subscription_of(&some);
            permutations(&some, &mut |order| {
                assert_eq!(subscription_of(order), expected, "{order:?}");
                // A repeated delivery changes nothing.
                let again = [order, &order[..order.len().div_ceil(2)]].concat();
                assert_eq!(subscription_of(&again), expected, "{again:?}");
                orders += 1;
            });
        }
        assert_eq!(orders, 13_699);
    }

    #[test]
    fn a_subscription_and_its_deliveries_give_the_same_in_any_order() {
        let joined = |at| {
            Subscription::new(
                ContactId(Uuid::from_u128(2)),
                CampaignId(Uuid::from_u128(1)),
                Actor::User(Uuid::from_u128(4)),
                START + time::Duration::seconds(at),
            )
        };
        let parts = [
            joined(3),
            Subscription::of(&delivery(DeliveryKind::Sent, 4, Actor::System)),
            Subscription::of(&delivery(DeliveryKind::Opened, 2, Actor::System)),
            Subscription::of(&delivery(DeliveryKind::Clicked, 7, Actor::System)),
            joined(8),
        ];
        let merged = |parts: &[Subscription]| {
            let mut all = parts[0].clone();
            parts.iter().for_each(|part| all.merge_with(part));
            all
        };
        let expected = merged(&parts);
        permutations(&parts, &mut |order| assert_eq!(merged(order), expected));
        assert_eq!(expected.pending_at, START + time::Duration::seconds(2));
        assert_eq!(expected.actor, Actor::System);
    }

    #[test]
    fn a_click_is_an_open_and_the_furthest_is_shown() {
        let clicked = subscription_of(&[delivery(DeliveryKind::Clicked, 3, Actor::System)]);
        assert_eq!((clicked.opened_at, clicked.sent_at), (clicked.clicked_at, None));
        let mut known = Vec::new();
        for (kind, status) in [
            (DeliveryKind::Sent, DeliveryStatus::Sent),
            (DeliveryKind::Bounced, DeliveryStatus::Bounced),
            (DeliveryKind::Opened, DeliveryStatus::Opened),
            (DeliveryKind::Clicked, DeliveryStatus::Clicked),
            (DeliveryKind::Unsubscribed, DeliveryStatus::Unsubscribed),
        ] {
            assert_eq!(subscription_of(&[delivery(kind, 1, Actor::System)]).status(), status);
            known.push(delivery(kind, 1, Actor::System));
            assert_eq!(subscription_of(&known).status(), status);
        }
        assert!(DeliveryStatus::ALL.is_sorted());
    }

    #[test]
    fn who_is_unsubscribed_or_unreachable_is_skipped() {
        use SubscribeOutcome::{Added, Skipped, Unchanged};
        assert_eq!(SubscribeOutcome::decide(false, true, false), Added);
        assert_eq!(SubscribeOutcome::decide(false, true, true), Unchanged);
        assert_eq!(
            SubscribeOutcome::decide(false, false, true),
            Skipped(SubscribeRefusal::Unreachable)
        );
        assert_eq!(
            SubscribeOutcome::decide(true, false, true),
            Skipped(SubscribeRefusal::Unsubscribed)
        );
    }
}
