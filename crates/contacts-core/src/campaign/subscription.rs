//! A contact in a campaign, and how far it got (R27).

use time::OffsetDateTime;

use super::{CampaignId, Delivery, DeliveryKind};
use crate::Actor;
use crate::contact::ContactId;

/// How far a campaign got with a contact: the furthest of what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryStatus {
    /// Nothing was sent yet.
    Pending,
    /// A message was sent.
    Sent,
    /// It came back.
    Bounced,
    /// It was opened.
    Opened,
    /// A link in it was clicked.
    Clicked,
    /// The person wants no more: beats everything.
    Unsubscribed,
}

/// A contact in a campaign: when each thing first happened, from which its status follows.
///
/// Deliveries may come late, twice or in any order: each time is the earliest one told, so the
/// result is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The contact.
    pub contact: ContactId,
    /// The campaign.
    pub campaign: CampaignId,
    /// When it was put into it: the earliest moment at which it is known to have been in.
    pub pending_at: OffsetDateTime,
    /// When a message was first sent.
    pub sent_at: Option<OffsetDateTime>,
    /// When one first came back.
    pub bounced_at: Option<OffsetDateTime>,
    /// When one was first opened; a click is an open, too.
    pub opened_at: Option<OffsetDateTime>,
    /// When a link was first clicked.
    pub clicked_at: Option<OffsetDateTime>,
    /// When the person first wanted no more of it.
    pub unsubscribed_at: Option<OffsetDateTime>,
    /// Who put it into it, at that earliest moment.
    pub actor: Actor,
}

/// What came of putting a contact into a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Joining {
    /// It is in it now.
    Added,
    /// It was in it.
    Unchanged,
    /// It must not, or cannot, be in it.
    Skipped(Refusal),
}

/// Why a contact is not put into a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The person wants no more messages of the organisation (R28).
    Unsubscribed,
    /// It has no address (R6).
    Unreachable,
}

impl DeliveryStatus {
    /// Every status, from the first to the furthest.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Sent, Self::Bounced, Self::Opened, Self::Clicked, Self::Unsubscribed];

    /// The status's name.
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

    /// The status of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

impl Subscription {
    /// A contact that somebody puts into a campaign.
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

    /// What a delivery says by itself: whom something was sent to was in the campaign.
    pub fn of(delivery: &Delivery) -> Self {
        let Delivery { contact, campaign, kind, at, actor, .. } = delivery;
        let mut said = Self::new(*contact, *campaign, *actor, *at);
        let at = Some(*at);
        match kind {
            DeliveryKind::Sent => said.sent_at = at,
            DeliveryKind::Bounced => said.bounced_at = at,
            DeliveryKind::Opened => said.opened_at = at,
            DeliveryKind::Clicked => (said.opened_at, said.clicked_at) = (at, at),
            DeliveryKind::Unsubscribed => said.unsubscribed_at = at,
        }
        said
    }

    /// Takes a delivery. Which came before is of no matter, nor whether this one did.
    pub fn take(&mut self, delivery: &Delivery) {
        self.unite(&Self::of(delivery));
    }

    /// Takes what another knows of the same campaign: the earliest of each time.
    pub fn unite(&mut self, other: &Self) {
        // Of two who put it in at one moment, the same one whoever comes first.
        if (other.pending_at, other.actor.parts()) < (self.pending_at, self.actor.parts()) {
            (self.pending_at, self.actor) = (other.pending_at, other.actor);
        }
        for (mine, theirs) in [
            (&mut self.sent_at, other.sent_at),
            (&mut self.bounced_at, other.bounced_at),
            (&mut self.opened_at, other.opened_at),
            (&mut self.clicked_at, other.clicked_at),
            (&mut self.unsubscribed_at, other.unsubscribed_at),
        ] {
            *mine = earliest(*mine, theirs);
        }
    }

    /// How far it got. It follows from the times alone.
    pub fn status(&self) -> DeliveryStatus {
        let reached = [
            (self.unsubscribed_at, DeliveryStatus::Unsubscribed),
            (self.clicked_at, DeliveryStatus::Clicked),
            (self.opened_at, DeliveryStatus::Opened),
            (self.bounced_at, DeliveryStatus::Bounced),
            (self.sent_at, DeliveryStatus::Sent),
        ];
        let furthest = reached.into_iter().find(|(at, _)| at.is_some());
        furthest.map_or(DeliveryStatus::Pending, |(_, status)| status)
    }
}

/// The earlier of two moments, of which any may be none.
fn earliest(one: Option<OffsetDateTime>, other: Option<OffsetDateTime>) -> Option<OffsetDateTime> {
    one.into_iter().chain(other).min()
}

impl Joining {
    /// What becomes of a contact that is to be put into a campaign (R28).
    pub fn decide(is_unsubscribed: bool, is_reachable: bool, is_in: bool) -> Self {
        if is_unsubscribed {
            Self::Skipped(Refusal::Unsubscribed)
        } else if !is_reachable {
            Self::Skipped(Refusal::Unreachable)
        } else if is_in {
            Self::Unchanged
        } else {
            Self::Added
        }
    }
}

impl Refusal {
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
        fn go<T: Clone>(items: &mut [T], at: usize, visit: &mut impl FnMut(&[T])) {
            if at == items.len() {
                return visit(items);
            }
            for other in at..items.len() {
                items.swap(at, other);
                go(items, at + 1, visit);
                items.swap(at, other);
            }
        }
        go(&mut items.to_vec(), 0, visit);
    }

    fn taken(deliveries: &[Delivery]) -> Subscription {
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
            // Two at one moment, by two who told of them.
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
            let expected = taken(&some);
            permutations(&some, &mut |order| {
                assert_eq!(taken(order), expected, "{order:?}");
                // Whatever is told again changes nothing.
                let again = [order, &order[..order.len().div_ceil(2)]].concat();
                assert_eq!(taken(&again), expected, "{again:?}");
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
        let united = |parts: &[Subscription]| {
            let mut all = parts[0].clone();
            parts.iter().for_each(|part| all.unite(part));
            all
        };
        let expected = united(&parts);
        permutations(&parts, &mut |order| assert_eq!(united(order), expected));
        assert_eq!(expected.pending_at, START + time::Duration::seconds(2));
        assert_eq!(expected.actor, Actor::System);
    }

    #[test]
    fn a_click_is_an_open_and_the_furthest_is_shown() {
        let clicked = taken(&[delivery(DeliveryKind::Clicked, 3, Actor::System)]);
        assert_eq!((clicked.opened_at, clicked.sent_at), (clicked.clicked_at, None));
        let mut known = Vec::new();
        for (kind, status) in [
            (DeliveryKind::Sent, DeliveryStatus::Sent),
            (DeliveryKind::Bounced, DeliveryStatus::Bounced),
            (DeliveryKind::Opened, DeliveryStatus::Opened),
            (DeliveryKind::Clicked, DeliveryStatus::Clicked),
            (DeliveryKind::Unsubscribed, DeliveryStatus::Unsubscribed),
        ] {
            assert_eq!(taken(&[delivery(kind, 1, Actor::System)]).status(), status);
            known.push(delivery(kind, 1, Actor::System));
            assert_eq!(taken(&known).status(), status);
        }
        assert!(DeliveryStatus::ALL.is_sorted());
    }

    #[test]
    fn who_is_unsubscribed_or_unreachable_is_skipped() {
        use Joining::{Added, Skipped, Unchanged};
        assert_eq!(Joining::decide(false, true, false), Added);
        assert_eq!(Joining::decide(false, true, true), Unchanged);
        assert_eq!(Joining::decide(false, false, true), Skipped(Refusal::Unreachable));
        assert_eq!(Joining::decide(true, false, true), Skipped(Refusal::Unsubscribed));
    }
}
