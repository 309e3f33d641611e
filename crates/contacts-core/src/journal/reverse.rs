//! The decision about undoing an entry of the journal, which every store uses.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::{JournalEffect, JournalEntry};
use crate::campaign::{DeliveryStatus, Subscription};
use crate::contact::{Contact, FieldChange, RestoreOutcome};
use crate::tag::TagId;
use crate::undo::{KeptReason, UndoOutcome};

/// The current state of an existing contact, as far as an entry concerns it.
#[derive(Clone, Debug, Default)]
pub struct JournalState {
    /// Tags of the entry that still exist, and whether the contact has them.
    pub tags: BTreeMap<TagId, bool>,
    /// Tags of the entry that somebody has removed from the contact since.
    pub removed_since: BTreeSet<TagId>,
    /// Subscription of the contact to the campaign of the entry.
    pub subscription: Option<Subscription>,
    /// Whether another action has removed the contact from the campaign of the entry since.
    pub left_since: bool,
    /// Whether the contact has unsubscribed (R28).
    pub is_unsubscribed: bool,
    /// Whether the contact has an address (R6).
    pub is_reachable: bool,
    /// The contact with its values of archived fields, for an entry that set a field.
    pub contact: Option<Contact>,
}

/// The effect of undoing an entry.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JournalReversal {
    /// Tags that the contact gets.
    pub tags_added: Vec<TagId>,
    /// Tags that the contact loses.
    pub tags_removed: Vec<TagId>,
    /// The subscription that the contact gets.
    pub subscribed: Option<Subscription>,
    /// The subscription that the contact loses.
    pub unsubscribed: Option<Subscription>,
    /// The contact with the restored field, and its change.
    pub restored: Option<Box<(Contact, FieldChange)>>,
    /// Why the contact is not restored, or only in part.
    pub kept: Option<KeptReason>,
}

impl JournalEntry {
    /// Decides what undoing an entry, written at a time, does to its contact (R53).
    ///
    /// - Only what the action did is reversed. What is already as it was before stays so.
    /// - A later change of the same tag or the same subscription is kept. For example, the undo does
    ///   not remove a tag that a user has removed and added again.
    /// - A subscription that the campaign has reached is kept, and so is one of a contact that has
    ///   unsubscribed since. A contact that unsubscribed or lost its address is not subscribed.
    /// - A field is restored if it still has the value that the action set.
    pub fn reverse(
        &self,
        at: OffsetDateTime,
        state: &JournalState,
        now: OffsetDateTime,
    ) -> JournalReversal {
        let mut reversal = JournalReversal::default();
        match &self.effect {
            JournalEffect::TagsAdded(tags) => {
                let tags = tags.iter().filter(|tag| state.tags.get(tag) == Some(&true));
                reversal.tags_removed = reversal.untouched(tags, &state.removed_since);
            }
            JournalEffect::TagsRemoved(tags) => {
                let tags = tags.iter().filter(|tag| state.tags.get(tag) == Some(&false));
                reversal.tags_added = reversal.untouched(tags, &state.removed_since);
            }
            JournalEffect::Subscribed(_) => {
                let Some(subscription) = &state.subscription else { return reversal };
                reversal.kept = if subscription.status() != DeliveryStatus::Pending {
                    Some(KeptReason::Delivered)
                } else if state.is_unsubscribed {
                    Some(KeptReason::Unsubscribed)
                } else if subscription.pending_at != at {
                    Some(KeptReason::Subscribed)
                } else {
                    reversal.unsubscribed = Some(subscription.clone());
                    None
                };
            }
            JournalEffect::Unsubscribed { campaign, pending_at, actor } => {
                if state.subscription.is_some() {
                    return reversal;
                }
                reversal.kept = if state.is_unsubscribed {
                    Some(KeptReason::Unsubscribed)
                } else if !state.is_reachable {
                    Some(KeptReason::Unreachable)
                } else if state.left_since {
                    Some(KeptReason::Subscribed)
                } else {
                    let restored = Subscription::new(self.contact, *campaign, *actor, *pending_at);
                    reversal.subscribed = Some(restored);
                    None
                };
            }
            JournalEffect::FieldSet(edit) => {
                let Some(mut contact) = state.contact.clone() else { return reversal };
                match edit.restore(&mut contact) {
                    RestoreOutcome::Done => {
                        contact.version += 1;
                        contact.updated_at = now;
                        reversal.restored = Some(Box::new((contact, edit.restored())));
                    }
                    RestoreOutcome::Already => {}
                    RestoreOutcome::Changed => reversal.kept = Some(KeptReason::Edited),
                }
            }
            // Undone by its `MergeTrace`.
            JournalEffect::Merged => {}
        }
        reversal
    }
}

impl JournalReversal {
    /// Returns the tags that nobody has removed since, and notes whether there are others.
    fn untouched<'a>(
        &mut self,
        tags: impl Iterator<Item = &'a TagId>,
        removed_since: &BTreeSet<TagId>,
    ) -> Vec<TagId> {
        let (touched, untouched): (Vec<_>, Vec<_>) =
            tags.copied().partition(|tag| removed_since.contains(tag));
        self.kept = (!touched.is_empty()).then_some(KeptReason::Tagged);
        untouched
    }

    /// Whether anything is restored.
    pub fn is_changed(&self) -> bool {
        self.is_updating() || self.subscribed.is_some() || self.unsubscribed.is_some()
    }

    /// Whether the tags of the contact change.
    pub fn is_tagging(&self) -> bool {
        !self.tags_added.is_empty() || !self.tags_removed.is_empty()
    }

    /// Whether the contact is updated, as the change feed reports it: campaigns are no fields.
    pub fn is_updating(&self) -> bool {
        self.is_tagging() || self.restored.is_some()
    }

    /// The result for the contact.
    pub fn outcome(&self) -> UndoOutcome {
        if self.kept.is_some() {
            UndoOutcome::Kept
        } else if self.is_changed() {
            UndoOutcome::Restored
        } else {
            UndoOutcome::Unchanged
        }
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use uuid::Uuid;

    use super::*;
    use crate::Actor;
    use crate::campaign::CampaignId;
    use crate::contact::ContactId;

    const AT: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;
    const CAMPAIGN: CampaignId = CampaignId(Uuid::from_u128(7));

    fn tag(number: u128) -> TagId {
        TagId(Uuid::from_u128(number))
    }

    fn entry(effect: JournalEffect) -> JournalEntry {
        JournalEntry { contact: ContactId(Uuid::from_u128(1)), effect }
    }

    fn subscription(at: OffsetDateTime) -> Subscription {
        Subscription::new(ContactId(Uuid::from_u128(1)), CAMPAIGN, Actor::System, at)
    }

    /// Tags 1 and 3 are on the contact, 2 and 4 are not; 3 and 4 were removed since; 5 is deleted.
    fn tagged() -> JournalState {
        JournalState {
            tags: [(tag(1), true), (tag(2), false), (tag(3), true), (tag(4), false)].into(),
            removed_since: [tag(3), tag(4)].into(),
            ..JournalState::default()
        }
    }

    #[test]
    fn only_tags_that_nobody_touched_since_are_reversed() {
        let all: Vec<_> = (1..=5).map(tag).collect();
        let added = entry(JournalEffect::TagsAdded(all.clone())).reverse(AT, &tagged(), AT);
        assert_eq!((added.tags_removed, added.kept), (vec![tag(1)], Some(KeptReason::Tagged)));
        let removed = entry(JournalEffect::TagsRemoved(all)).reverse(AT, &tagged(), AT);
        assert_eq!((removed.tags_added, removed.kept), (vec![tag(2)], Some(KeptReason::Tagged)));
        for (effect, outcome) in [
            (JournalEffect::TagsAdded(vec![tag(1)]), UndoOutcome::Restored),
            (JournalEffect::TagsAdded(vec![tag(2), tag(4), tag(5)]), UndoOutcome::Unchanged),
            (JournalEffect::TagsAdded(vec![tag(3)]), UndoOutcome::Kept),
            (JournalEffect::TagsRemoved(vec![tag(2)]), UndoOutcome::Restored),
            (JournalEffect::TagsRemoved(vec![tag(1), tag(3), tag(5)]), UndoOutcome::Unchanged),
            (JournalEffect::TagsRemoved(vec![tag(4)]), UndoOutcome::Kept),
        ] {
            assert_eq!(
                entry(effect.clone()).reverse(AT, &tagged(), AT).outcome(),
                outcome,
                "{effect:?}"
            );
        }
    }

    #[test]
    fn a_subscription_is_removed_unless_it_was_used_or_replaced() {
        let added = entry(JournalEffect::Subscribed(CAMPAIGN));
        let of = |subscription| JournalState { subscription, ..JournalState::default() };
        let own = of(Some(subscription(AT)));
        let reversal = added.reverse(AT, &own, AT);
        assert_eq!((reversal.unsubscribed, reversal.kept), (Some(subscription(AT)), None));
        assert_eq!(added.reverse(AT, &of(None), AT), JournalReversal::default());
        let kept = |state| added.reverse(AT, &state, AT).kept;
        let late = AT + Duration::SECOND;
        let sent = Subscription { sent_at: Some(late), ..subscription(AT) };
        assert_eq!(kept(of(Some(sent))), Some(KeptReason::Delivered));
        assert_eq!(kept(of(Some(subscription(late)))), Some(KeptReason::Subscribed));
        let unsubscribed = JournalState { is_unsubscribed: true, ..own };
        assert_eq!(kept(unsubscribed), Some(KeptReason::Unsubscribed));
    }

    #[test]
    fn a_removed_subscription_is_put_back_as_it_was_unless_consent_or_others_forbid_it() {
        let effect = JournalEffect::Unsubscribed {
            campaign: CAMPAIGN,
            pending_at: AT,
            actor: Actor::System,
        };
        let removed = entry(effect);
        let late = AT + Duration::SECOND;
        let none = JournalState { is_reachable: true, ..JournalState::default() };
        let reversal = removed.reverse(late, &none, late);
        assert_eq!((reversal.subscribed, reversal.kept), (Some(subscription(AT)), None));
        let back = JournalState { subscription: Some(subscription(late)), ..none.clone() };
        assert_eq!(removed.reverse(late, &back, late), JournalReversal::default());
        for (state, reason) in [
            (JournalState { is_unsubscribed: true, ..none.clone() }, KeptReason::Unsubscribed),
            (JournalState { is_reachable: false, ..none.clone() }, KeptReason::Unreachable),
            (JournalState { left_since: true, ..none }, KeptReason::Subscribed),
        ] {
            let reversal = removed.reverse(late, &state, late);
            assert_eq!((reversal.subscribed, reversal.kept), (None, Some(reason)));
        }
    }
}
